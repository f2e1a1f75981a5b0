/** A profile → what each call is, why it is allowed, what it exposes. */
export { explain } from "./explain.ts";
export { originOf } from "./origin.ts";
export { reachOf } from "./reach.ts";
export type * from "./types.ts";
