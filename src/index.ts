/** The library: logs to profiles, and what profiles mean. docs/library.md shows each name in use. */
export { SeccompGenError, type Problem } from "./core/errors/index.ts";
export type { Action } from "./core/seccomp/index.ts";
export { diffFilters, evaluate, resolve, type Filter, type FilterDiff } from "./library/filter.ts";
export { dockerHost, type Host } from "./library/host.ts";
export { check, explain, lint, type CheckFinding, type Explanation, type Finding } from "./library/judge.ts";
export { profileOf, type MadeProfile } from "./library/profile-of.ts";
export { dockerDefault, readProfile, type Profile } from "./library/profile.ts";
export { mergeRecordings, readRecording, recordingOf, type Recording } from "./library/recording.ts";
