export { recordContainer } from "./container-recording.ts";
export { recordHost } from "./host-recording.ts";
export type { RecordOptions, Recorded } from "./recorded.ts";
export { recordRounds } from "./rounds.ts";
export { architectureOf, runFacts } from "./run-facts.ts";
export { recover, recoverHere } from "./unfinished.ts";
