/** ProfileDiff → what a reviewer should know of it. */
export { assess } from "./assess.ts";
export type * from "./types.ts";
