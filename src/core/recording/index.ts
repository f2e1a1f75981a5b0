/** StraceEvent → Recording, and everything that can be done with recordings. */
export {
  createAggregator,
  totalOf,
  type Aggregate,
  type Aggregator,
  type Counts,
  type LogContext,
} from "./aggregator.ts";
export { inspectedArguments } from "./inspected-arguments.ts";
export { fullyKnown, newCalls } from "./known-calls.ts";
export { madeBy, type MadeBy } from "./made-by.ts";
export type { Exercised } from "./life.ts";
export type { ExecutedProgram } from "./programs.ts";
export { parseRecording } from "./read.ts";
export { buildRecording, mergeAll, mergeRecordings, stringifyRecording } from "./recording.ts";
export { servedArchitectures } from "./served.ts";
export type { SoughtTracer } from "./tracer-seekers.ts";
export { valuesAt } from "./tuples.ts";
export { isRead } from "./types.ts";
export type * from "./types.ts";
export type { LogFacts, Unseen } from "./log-facts.ts";
export type { UnreadLine, UnreadRanges } from "./unread-lines.ts";
export { readJournalEntry, readLine, type AuditEntry, type LogLine } from "./audit-line.ts";
export { AuditCollector, auditRecording, type AuditFilter, type AuditFindings } from "./audit-recording.ts";
export { Callers, Programs, followsProgram } from "./programs.ts";
export { canonicalRun } from "./recording.ts";
export { codeCoverage, type CodeCoverage, type UnseenCall } from "./code-coverage.ts";
export {
  codeAnswer,
  codeRanks,
  codeText,
  compareVias,
  mergeCode,
  operationKey,
  operationsOf,
  type CodeAnswer,
  type CodeEvidence,
  type CodeOperation,
  type CodeRank,
  type CodeVia,
  type Operations,
  type ProgramFiles,
} from "./code.ts";
export { lostCalls, mergeThreeWay, type MergeConflict, type ThreeWay } from "./three-way.ts";
export { connectedClient, containerClients, type ContainerClient } from "./container-clients.ts";
