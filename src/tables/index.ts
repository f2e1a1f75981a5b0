/** Facts with provenance (PROVENANCE.md): numbers and names, never opinions. */
export { allArchitectures, compatArch, dockerArch, hostArch, is64Bit, isBigEndian, isScmpArch, nativeArch } from "./architectures.ts";
export { auditNumber } from "./audit.ts";
export { defaultCapabilities } from "./capabilities.ts";
export { describeSyscall, spellingsOf } from "./descriptions.ts";
export type { SyscallText } from "./descriptions.ts";
export { compareVersions, dockerDefaultFor, dockerDefaults, newestDockerDefault } from "./docker-releases.ts";
export { exposureOf, exposures } from "./exposures.ts";
export type { Exposure } from "./exposures.ts";
export { intArgumentsOf } from "./int-arguments.ts";
export { subsystems } from "./subsystems.ts";
export type { Subsystem } from "./subsystems.ts";
export { allCapabilities, describeValue, errnoName, errnoNumber, symbolValue } from "./symbols.ts";
export { isSyscallName, libseccompName, multiplexerOf, syscallName, syscallNames, syscallNumber } from "./syscalls.ts";
export type { ScmpArch } from "./types.ts";
export { userNamespaceCalls, vulnerabilities } from "./vulnerabilities.ts";
export type { RequiredCall, Vulnerability } from "./vulnerabilities.ts";
