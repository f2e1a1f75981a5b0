/** StraceEvent → Recording, and everything that can be done with recordings. */
export { createAggregator, totalOf } from "./aggregator.ts";
export type { Aggregate, Aggregator, Counts, Exercised, LogContext, UnreadLine } from "./aggregator.ts";
export { inspectedArguments } from "./inspected-arguments.ts";
export { fullyKnown, knownArguments, newCalls } from "./known-calls.ts";
export type { KnownArguments } from "./known-calls.ts";
export type { ExecutedProgram } from "./programs.ts";
export { parseRecording } from "./read.ts";
export { buildRecording, mergeAll, mergeRecordings, stringifyRecording } from "./recording.ts";
export type { SoughtTracer } from "./tracer-seekers.ts";
export type * from "./types.ts";
