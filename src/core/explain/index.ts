/** A profile → what each call is, why it is allowed, what it exposes. */
export { explain } from "./explain.ts";
export { originOf, type Origin } from "./origin.ts";
export { missingNeed, reachOf } from "./reach.ts";
export type * from "./types.ts";
