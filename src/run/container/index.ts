export { capture, type ContainerCli } from "./cli.ts";
export type { Engine } from "./engine.ts";
export {
  findFolders,
  findLeftovers,
  gateVolumePrefix,
  keptTrace,
  keptTraceFacts,
  removeLeftovers,
  sessionFolder,
  sessionLabel,
  traceFacts,
  traceLabel,
  traceVolumePrefix,
} from "./leftovers.ts";
export { firstDifference, sampleOutput, type OutputSample } from "./output-sample.ts";
