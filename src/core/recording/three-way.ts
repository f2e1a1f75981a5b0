import type { ScmpArch } from "../tables/index.ts";
import { mergeCodeThreeWay } from "./code.ts";
import { argValues, madeBy, type MadeBy } from "./made-by.ts";
import { canonicalRun, mergeRecordings, stringifyRecording } from "./recording.ts";
import {
  phases,
  recordingVersion,
  type ArgValues,
  type Phase,
  type Recording,
  type Run,
  type SyscallRecord,
} from "./types.ts";

/** A place where the two sides contradict each other. `of`: a call, or a member of the file beside its calls. */
export interface MergeConflict {
  readonly of: string;
  readonly reason: string;
}

/**
 * The merge of two descendants of one recording. A change that only one side made is taken, even a removal. Different
 * changes of the same thing are a conflict.
 */
export interface ThreeWay {
  readonly conflicts: readonly MergeConflict[];
  /** Each conflict settled as the first side has it. Without conflicts, this is the result. */
  readonly ours: Recording;
  /** Each conflict settled as the second side has it. */
  readonly theirs: Recording;
  /** Each conflict settled as the ancestor has it. */
  readonly base: Recording;
}

/** One thing in its three versions. `undefined` if a version lacks it. */
interface Sides<T> {
  readonly base: T | undefined;
  readonly ours: T | undefined;
  readonly theirs: T | undefined;
}

type Merged<T> = { readonly value: T | undefined } | { readonly conflict: string };

/**
 * Merges by facts: a run, a call, a result, a program, a tuple of arguments. If `base` is `undefined`, the two have no
 * ancestor, and nothing counts as removed.
 */
export function mergeThreeWay(base: Recording | undefined, ours: Recording, theirs: Recording): ThreeWay {
  const conflicts: MergeConflict[] = [];
  const ancestor = base ?? { ...ours, runs: [], syscalls: {} };
  const settled = { ours: [] as Settled[], theirs: [] as Settled[], base: [] as Settled[] };
  const arches = new Set([ours, theirs, ancestor].flatMap(({ syscalls }) => Object.keys(syscalls) as ScmpArch[]));
  for (const arch of arches) {
    const at = { base: ancestor.syscalls[arch], ours: ours.syscalls[arch], theirs: theirs.syscalls[arch] };
    for (const name of new Set(Object.values(at).flatMap((calls) => Object.keys(calls ?? {})))) {
      const sides = { base: own(at.base, name), ours: own(at.ours, name), theirs: own(at.theirs, name) };
      const merged = mergeCall(sides);
      if ("conflict" in merged) conflicts.push({ of: name, reason: merged.conflict });
      for (const side of ["ours", "theirs", "base"] as const) {
        const record = "conflict" in merged ? sides[side] : merged.value;
        if (record !== undefined) settled[side].push({ arch, name, record });
      }
    }
  }
  const runs = mergeRuns(ancestor.runs, ours.runs, theirs.runs);
  if (runs.length === 0) conflicts.push({ of: "runs", reason: "each side removed the runs that the other kept" });
  const name = scalar({ base: ancestor.name, ours: ours.name, theirs: theirs.name });
  if ("conflict" in name) conflicts.push({ of: "name", reason: name.conflict });
  const code = mergeCodeThreeWay(base?.code, ours.code, theirs.code);
  const whole = (side: "ours" | "theirs" | "base", own: Recording): Recording =>
    canonical({
      version: recordingVersion,
      name: "conflict" in name ? own.name : (name.value ?? own.name),
      runs: runs.length === 0 ? own.runs : runs,
      // An architecture that both kept stays, even without calls.
      syscalls: Object.fromEntries(
        [...arches]
          .filter((arch) => keeps(ancestor.syscalls[arch], ours.syscalls[arch], theirs.syscalls[arch]))
          .concat(settled[side].map(({ arch }) => arch))
          .map((arch) => [
            arch,
            Object.fromEntries(
              settled[side].filter((call) => call.arch === arch).map((call) => [call.name, call.record]),
            ),
          ]),
      ),
      ...(code === undefined ? {} : { code }),
    });
  return {
    conflicts: conflicts.sort((a, b) => (a.of < b.of ? -1 : 1)),
    ours: whole("ours", ours),
    theirs: whole("theirs", theirs),
    base: whole("base", ancestor),
  };
}

interface Settled {
  readonly arch: ScmpArch;
  readonly name: string;
  readonly record: SyscallRecord;
}

/**
 * The calls that a merge should have kept of the two sides, but that `result` lacks, at least with some arguments.
 * Calls in conflict do not count, because a person decided them.
 */
export function lostCalls({ conflicts, ours }: ThreeWay, result: Recording): readonly string[] {
  const disputed = new Set(conflicts.map(({ of }) => of));
  const lost = Object.entries(ours.syscalls).flatMap(([arch, calls]) =>
    Object.entries(calls)
      .filter(([name, record]) => !disputed.has(name) && lacks(own(result.syscalls[arch as ScmpArch], name), record))
      .map(([name]) => name),
  );
  return [...new Set(lost)].sort();
}

function lacks(there: SyscallRecord | undefined, { args }: SyscallRecord): boolean {
  if (there === undefined) return true;
  if (args === undefined || there.args?.values === "many") return false;
  if (args.values === "many") return there.args !== undefined;
  const known = new Set(there.args?.values.map((tuple) => tuple.join()));
  return there.args !== undefined && args.values.some((tuple) => !known.has(tuple.join()));
}

function own(calls: { readonly [name: string]: SyscallRecord } | undefined, name: string): SyscallRecord | undefined {
  return calls !== undefined && Object.hasOwn(calls, name) ? calls[name] : undefined;
}

function canonical(recording: Recording): Recording {
  return mergeRecordings(recording, recording);
}

function mergeCall(sides: Sides<SyscallRecord>): Merged<SyscallRecord> {
  const { base, ours, theirs } = sides;
  const same = (a: SyscallRecord | undefined, b: SyscallRecord | undefined): boolean => textOf(a) === textOf(b);
  if (same(ours, theirs) || same(theirs, base)) return { value: ours };
  if (same(ours, base)) return { value: theirs };
  if (ours === undefined || theirs === undefined) {
    const [remover, seer] = ours === undefined ? ["our", "their"] : ["their", "our"];
    const processes = [...new Set((ours ?? theirs)?.processes)].slice(0, 4).join(", ");
    return { conflict: `${remover} side removed it, ${seer} side saw it again (${processes})` };
  }
  const results = mergeSets(base?.results ?? [], ours.results, theirs.results);
  const processes = mergeSets(base?.processes ?? [], ours.processes, theirs.processes);
  if (results.length === 0) return { conflict: "each side removed the results that the other kept" };
  if (processes.length === 0) return { conflict: "each side removed the programs that the other kept" };
  const calls = scalar({ base: base?.calls, ours: ours.calls, theirs: theirs.calls });
  const first = scalar({ base: base?.first, ours: ours.first, theirs: theirs.first });
  const args = mergeArgs({ base, ours, theirs }, processes);
  if ("conflict" in args) return args;
  const phase = "conflict" in first ? earliest(ours.first, theirs.first) : first.value;
  return {
    value: {
      calls: "conflict" in calls ? Math.max(ours.calls, theirs.calls) : (calls.value ?? ours.calls),
      results,
      processes,
      ...(phase === undefined ? {} : { first: phase }),
      ...(args.value === undefined ? {} : { args: args.value }),
    },
  };
}

/** `processes`: the programs that made the call, merged. */
function mergeArgs({ base, ours, theirs }: Sides<SyscallRecord>, processes: readonly string[]): Merged<ArgValues> {
  const [before, left, right] = [base, ours, theirs].map(keyOf);
  if (left === right || right === before) return { value: argsFor(ours, processes) };
  if (left === before) return { value: argsFor(theirs, processes) };
  const [our, their] = [ours?.args, theirs?.args];
  if (ours === undefined || theirs === undefined || our?.indices.join() !== their?.indices.join() || our === undefined)
    return { conflict: "the two sides recorded different arguments" };
  const { indices } = our;
  const [ourTuples, theirTuples] = [tuplesOf(ours), tuplesOf(theirs)];
  // A side with too many values may have seen any value of the other side.
  if (ourTuples === undefined || theirTuples === undefined) return { value: { indices, values: "many" } };
  const comparable = base !== undefined && base.args?.indices.join() === indices.join();
  const baseTuples = (comparable ? tuplesOf(base) : undefined) ?? new Map<string, MadeBy>();
  const kept = mergeSets([...baseTuples.keys()], [...ourTuples.keys()], [...theirTuples.keys()]);
  if (kept.length === 0) return { conflict: "each side removed the arguments that the other kept" };
  const made: MadeBy[] = [];
  for (const word of kept) {
    const tuple = (ourTuples.get(word) ?? theirTuples.get(word))?.tuple ?? [];
    const [former = [], one = [], two = []] = [baseTuples, ourTuples, theirTuples].map(
      (side) => side.get(word)?.programs,
    );
    const programs = mergeSets(former, one, two);
    if (programs.length === 0 && one.length > 0 && two.length > 0)
      return { conflict: "each side removed the programs that the other kept" };
    made.push({ tuple, programs });
  }
  return { value: argValues(indices, made, processes) };
}

/** A record's arguments, if the programs in `processes` made the call. */
function argsFor(record: SyscallRecord | undefined, processes: readonly string[]): ArgValues | undefined {
  const made = record && madeBy(record);
  return made === undefined ? record?.args : argValues(record?.args?.indices ?? [], made, processes);
}

function tuplesOf(record: SyscallRecord): ReadonlyMap<string, MadeBy> | undefined {
  const made = madeBy(record);
  return made && new Map(made.map((each) => [each.tuple.join(), each]));
}

function keyOf(record: SyscallRecord | undefined): string | undefined {
  if (record?.args === undefined) return undefined;
  const made = madeBy(record)?.map(({ tuple, programs }) => [tuple.join(), programs]);
  return JSON.stringify([record.args.indices, made ?? "many"]);
}

/** A text for comparing only. */
function textOf(record: SyscallRecord | undefined): string | undefined {
  return (
    record && JSON.stringify([record.calls, record.results, record.processes, record.first ?? "", keyOf(record) ?? ""])
  );
}

/** Merges one value: the value of the side that changed it. `undefined` is a value like any other. */
function scalar<T>({ base, ours, theirs }: Sides<T>): Merged<T> {
  if (ours === theirs || theirs === base) return { value: ours };
  return ours === base ? { value: theirs } : { conflict: "the two sides changed it in different ways" };
}

function earliest(a: Phase | undefined, b: Phase | undefined): Phase | undefined {
  return phases.find((phase) => phase === a || phase === b);
}

/** The ancestor's members that both kept, and what either added. Sorted. */
function mergeSets(base: readonly string[], ours: readonly string[], theirs: readonly string[]): readonly string[] {
  const [before, left, right] = [new Set(base), new Set(ours), new Set(theirs)];
  return [...new Set([...ours, ...theirs])]
    .filter((each) => !before.has(each) || (left.has(each) && right.has(each)))
    .sort();
}

function mergeRuns(base: readonly Run[], ours: readonly Run[], theirs: readonly Run[]): readonly Run[] {
  const runs = new Map([...ours, ...theirs].map((run) => [canonicalRun(run), run]));
  const kept = new Set(mergeSets(base.map(canonicalRun), ours.map(canonicalRun), theirs.map(canonicalRun)));
  return [...runs].filter(([key]) => kept.has(key)).map(([, run]) => run);
}

/** Does the merge keep a thing? Each argument is `undefined` if that version lacks the thing. */
function keeps(base: unknown, ours: unknown, theirs: unknown): boolean {
  return base === undefined ? ours !== undefined || theirs !== undefined : ours !== undefined && theirs !== undefined;
}

/** Do two recordings say the same? */
export function sameRecording(a: Recording, b: Recording): boolean {
  return stringifyRecording(a) === stringifyRecording(b);
}
