/** The library: the stages of the command line, without its disk and processes. */
export * from "./aggregator/index.ts";
export * from "./check/index.ts";
export * from "./diff/index.ts";
export * from "./emitter/index.ts";
export { SeccompGenError } from "./errors.ts";
export type { Problem } from "./errors.ts";
export * from "./lint/index.ts";
export * from "./policy/index.ts";
export { loadDockerDefault, readProfile, resolve } from "./profile/index.ts";
export type * from "./profile/types.ts";
export { renderDiff, renderSummary } from "./review/index.ts";
export { evaluate, TooManyWays } from "./seccomp/index.ts";
export type * from "./seccomp/types.ts";
export { createStraceParser, parseStrace, parseStraceSync } from "./strace-parser/index.ts";
export type * from "./strace-parser/types.ts";
export { dockerDefaultFor, nativeArch } from "./tables/index.ts";
export type { ScmpArch } from "./tables/types.ts";
