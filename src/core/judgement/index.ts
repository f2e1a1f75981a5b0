/** ProfileDiff → what a reviewer should know about it. */
export { assess } from "./assess.ts";
export { isDangerousElsewhere } from "./elsewhere.ts";
export type * from "./types.ts";
