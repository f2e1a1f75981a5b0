export { recordContainer } from "./container-recording.ts";
export { recordHost } from "./host-recording.ts";
export type { Recorded, RecordOptions } from "./recorded.ts";
export { recordRounds } from "./rounds.ts";
export { architectureOf, runFacts } from "./run-facts.ts";
export { recover, recoverHere } from "./unfinished.ts";
