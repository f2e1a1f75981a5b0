/** ProfileDiff → what a reviewer should know of it. */
export { assess } from "./assess.ts";
export { isDangerousElsewhere } from "./elsewhere.ts";
export type * from "./types.ts";
