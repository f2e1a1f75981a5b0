export { capture, cliFailure, type ContainerCli } from "./cli.ts";
export { openService, parseComposeCommand, type ComposeCommand } from "./compose-project.ts";
export { inspectEngine, type Engine } from "./engine.ts";
export { inspectImage, startedProcess, type Image } from "./image.ts";
export {
  abandonedVolumes,
  findFolders,
  findLeftovers,
  gateVolumePrefix,
  keptTrace,
  keptTraceFacts,
  makeVolume,
  removeLeftovers,
  removeVolume,
  sessionFolder,
  sessionLabel,
  sessionOptions,
  traceFacts,
  traceLabel,
  traceVolumePrefix,
} from "./leftovers.ts";
export { firstDifference, sampleOutput, type OutputSample } from "./output-sample.ts";
export { redactedCommand } from "./redaction.ts";
export {
  choosesSeccomp,
  containerCli,
  containerCliIndex,
  parseRunCommand,
  runWords,
  type RunChanges,
  type RunCommand,
} from "./run-command.ts";
export { isOn, valuesOf } from "./run-options.ts";
export { securityContext } from "./security.ts";
export { seccompStatus, type SeccompStatus } from "./seccomp-status.ts";
export { runSession, type Exercise, type SessionEnd, type SessionHooks } from "./session.ts";
export { runInTime, sideProcesses, type SideProcess } from "./side-processes.ts";
export { stopSignal } from "./stop-signal.ts";
export { ImageFiles } from "./image-files.ts";
