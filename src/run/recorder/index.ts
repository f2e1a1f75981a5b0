export {
  recordContainers,
  type ContainersOptions,
  type ContainersRecorded,
  type ServiceRecording,
} from "./containers-recording.ts";
export { recordContainer } from "./container-recording.ts";
export { recordHost } from "./host-recording.ts";
export type { RecordOptions, Recorded } from "./recorded.ts";
export { recordRounds } from "./rounds.ts";
export { recoverKept } from "./kept-traces.ts";
export { architectureOf, runFacts } from "./run-facts.ts";
export { isOfManyContainers, recover, recoverHere } from "./unfinished.ts";
