/** Facts with provenance (PROVENANCE.md): numbers and names, never opinions. */
export { allArchitectures, compatArch, dockerArch, hostArch, isBigEndian, isScmpArch, nativeArch } from "./architectures.ts";
export { auditNumber } from "./audit.ts";
export { defaultCapabilities } from "./capabilities.ts";
export { compareVersions, dockerDefaultFor, dockerDefaults, newestDockerDefault } from "./docker-releases.ts";
export { allCapabilities, describeValue, errnoName, errnoNumber, symbolValue } from "./symbols.ts";
export { architecturesWith, isSyscallName, libseccompName, multiplexerOf, syscallName, syscallNames, syscallNumber } from "./syscalls.ts";
export type { ScmpArch } from "./types.ts";
