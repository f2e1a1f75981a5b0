/** The keeper: one container for each recording. It attaches strace to holders and keeps the traces. */
export { Deferred } from "./deferred.ts";
export { ensureKeeperImage } from "./image.ts";
export { Keeper, keptText, type Hello, type Tracing } from "./keeper.ts";
export { removeUnusedGates } from "./gates.ts";
export { readLeft } from "./left.ts";
export type { Trace, TraceEnd } from "./trace.ts";
