/** ProfileDiff → what a reviewer should know about it. */
export { assess } from "./assess.ts";
export { isDangerousElsewhere, isOrdinaryElsewhere } from "./elsewhere.ts";
export type * from "./types.ts";
