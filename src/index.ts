/** The library: the stages of the command line, without its disk and processes. */
export { checkRecording, type CheckFinding } from "./core/check/index.ts";
export { allowedCounts, diffFilters, exceeds, newlyPossible, type AllowedCounts, type ChangeKind, type ProfileChange, type ProfileDiff, type SyscallChange } from "./core/diff/index.ts";
export { emitBpf, emitBpfText, emitCompose, emitDocker, emitFirejail, emitOci, emitPod, emitSecurityProfile, emitSystemd, encodeProgram, type AppliedProfile } from "./core/emitter/index.ts";
export { SeccompGenError, type Problem } from "./core/errors/index.ts";
export { dangerousCalls, findingKinds, fixProfile, lintProfile, type Finding, type FindingKind, type LintContext, type Severity } from "./core/lint/index.ts";
export { argumentRows, buildPolicy, companionRows, compilerAmong, compilerRows, complain, floorAttempts, floorFor, floorRows, heldAnyway, letThrough, missingFloor, probeRows, twinRows, type ArgTier, type FloorChoice, type Mode, type Policy, type PolicyNote, type PolicyOptions } from "./core/policy/index.ts";
export { readProfile, resolve, type DockerArg, type DockerCondition, type DockerProfile, type DockerSyscallGroup, type HostContext, type Resolution, type ResolutionProblem, type UnknownMember } from "./core/profile/index.ts";
export { buildRecording, createAggregator, fullyKnown, inspectedArguments, knownArguments, mergeAll, mergeRecordings, newCalls, parseRecording, stringifyRecording, totalOf, type Aggregate, type Aggregator, type ArgValues, type Counts, type ExecutedProgram, type Exercised, type KnownArguments, type LogContext, type Phase, type Recording, type Run, type SoughtTracer, type SyscallRecord, type UnreadLine } from "./core/recording/index.ts";
export { evaluate, TooManyWays, type Action, type ActionRule, type ArgCondition, type ArgIndex, type Because, type CompareOp, type Filter, type Rule, type SeccompData } from "./core/seccomp/index.ts";
export { dockerDefaultFor, nativeArch, type ScmpArch } from "./core/tables/index.ts";
export { loadDockerDefault } from "./project/index.ts";
export { createStraceParser, parseStrace, parseStraceSync, type Arg, type ExitEvent, type MessageEvent, type Personality, type PersonalityEvent, type SignalEvent, type Source, type StraceEvent, type SupersededEvent, type SyscallEvent, type SyscallResult, type Tracee, type UnparsedEvent } from "./strace-parser/index.ts";
export { renderDiff, renderSummary } from "./words/index.ts";
