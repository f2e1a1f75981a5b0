/** The one error class, and the table of its messages. */
export { SeccompGenError, type Problem } from "./error.ts";
