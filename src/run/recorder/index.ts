export {
  recordContainers,
  type ContainersOptions,
  type ContainersRecorded,
  type ServiceRecording,
} from "./containers-recording.ts";
export { recordHost } from "./host-recording.ts";
export type { RecordOptions, Recorded } from "./recorded.ts";
export { recordRounds } from "./rounds.ts";
export { recoverKept } from "./kept-traces.ts";
export { recoverHere } from "./unfinished.ts";
