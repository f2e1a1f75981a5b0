export {
  recordContainers,
  watchContainers,
  type ContainersOptions,
  type ContainersRecorded,
  type ServiceRecording,
  type Watched,
} from "./containers-recording.ts";
export { recordHost } from "./host-recording.ts";
export type { RecordOptions, Recorded } from "./recorded.ts";
export { recordRounds, type Rounds } from "./rounds.ts";
export { recoverKept } from "./kept-traces.ts";
export { recoverHere } from "./unfinished.ts";
