/** Facts with provenance (PROVENANCE.md): numbers and names, never opinions. */
export {
  allArchitectures,
  cloneFlagsIndex,
  compatArch,
  dockerArch,
  engineArches,
  hasOwnNumbers,
  hasOwnSocketTypes,
  hostArch,
  is64Bit,
  isBigEndian,
  isS390,
  isScmpArch,
  nativeArch,
  x32Bit,
} from "./architectures.ts";
export { auditNumber } from "./audit.ts";
export { defaultCapabilities } from "./capabilities.ts";
export { operationArgumentsOf } from "./constant-arguments.ts";
export type { SyscallText } from "./descriptions.ts";
export { compareVersions, dockerDefaultFor, dockerDefaults, newestDockerDefault } from "./docker-releases.ts";
export type { Exposure } from "./exposures.ts";
export { argumentBits, intArgumentsOf, pointerArgumentsOf } from "./syscall-arguments.ts";
export type { Subsystem } from "./subsystems.ts";
export { errnoFrom, errnoOn, numberAlike } from "./errno-numbers.ts";
export { allCapabilities, describeValue, errnoName, errnoNumber, symbolValue } from "./symbols.ts";
export {
  isSyscallName,
  libseccompName,
  multiplexedNumber,
  multiplexerOf,
  syscallName,
  syscallNames,
  syscallNumber,
} from "./syscalls.ts";
export { operationOf, operations, operationsOf, type Operation } from "./operations.ts";
export type { ScmpArch } from "./types.ts";
export type { RequiredCall, Vulnerability } from "./vulnerabilities.ts";
export {
  describeSyscall,
  exposureOf,
  exposures,
  spellingsOf,
  subsystems,
  userNamespaceCalls,
  vulnerabilities,
} from "./surface.ts";
export { weigh, type Weight } from "./weights.ts";
