/** Explains each call of a profile: what it is, why it is allowed, and what it exposes. */
export { explain } from "./explain.ts";
export { originOf } from "./origin.ts";
export { reachOf } from "./reach.ts";
export type * from "./types.ts";
