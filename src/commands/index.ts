export { exportFormats } from "./export-formats.ts";
export {
  alsoFormat,
  count,
  exitCodeOption,
  processId,
  repeated,
  runs,
  seconds,
  shellCommand,
  shellCommands,
  withPolicyOptions,
} from "./options.ts";
export { shells, type Shell } from "./shells.ts";
export { productVersion } from "./version.ts";
