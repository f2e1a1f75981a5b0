import {
  argNumber,
  forgetOldest,
  Tally,
  type Arg,
  type StraceEvent,
  type SyscallEvent,
  type SyscallResult,
} from "../../strace-parser/index.ts";
import { compatArch, libseccompName, symbolValue, type ScmpArch } from "../tables/index.ts";
import { inspectedArguments, type Inspected } from "./inspected-arguments.ts";
import { Callers, followsProgram, Programs, type ExecutedProgram } from "./programs.ts";
import { mayTellTracer, TracerSeekers, type SoughtTracer } from "./tracer-seekers.ts";
import { maxValues, type ArgValues, type Phase, type SyscallRecord } from "./types.ts";

/** A line that told nothing. */
export interface UnreadLine {
  readonly file: string | undefined;
  readonly line: number;
  readonly reason: string;
}

/** How far a recording has come. */
export interface Counts {
  readonly calls: number;
  readonly distinct: number;
  /** Kinds of calls that were seen exactly once. */
  readonly seenOnce: number;
  /**
   * The calls in the order in which they were first seen, each with a program that made it, where
   * that is known yet.
   */
  readonly found: readonly { readonly name: string; readonly process: string | undefined; readonly calls: number }[];
  /** The first `maxUnread` lines that could not be read. */
  readonly unparsed: readonly UnreadLine[];
  readonly unparsedTotal: number;
  /** A program was executed: the workload has begun. */
  readonly started: boolean;
}

/** One figure of several logs together. */
export function totalOf(
  figure: "calls" | "distinct" | "seenOnce" | "unparsedTotal",
  counts: readonly Counts[],
): number {
  return counts.reduce((sum, count) => sum + count[figure], 0);
}

/** What one log told. */
export interface Aggregate {
  readonly syscalls: { readonly [arch in ScmpArch]?: { readonly [name: string]: SyscallRecord } };
  /** The log ends inside of calls: more may have happened. */
  readonly cut: boolean;
}

/** Which turns of a service's life were seen. */
export interface Exercised {
  /** It took a connection. */
  readonly served: boolean;
  /** Its first process got the stop signal. */
  readonly toldToStop: boolean;
  /** The signals that were delivered to any of its processes. */
  readonly signals: ReadonlySet<string>;
  /**
   * A call failed after the first connection, and not only because there was nothing to read yet.
   */
  readonly failed: boolean;
}

/**
 * Reads one log, event by event, in bounded memory, and tells what the programs in it did. Made by
 * `createAggregator`.
 */
export interface Aggregator {
  /** Takes the next event of the log, in its order. */
  add(event: StraceEvent): void;
  /**
   * Where the parser may count calls instead, of which it is enough to know how many there are;
   * undefined: of each there is more to know.
   */
  readonly tally: Tally<Told> | undefined;
  /** How far it has come; may be asked at any time. */
  counts(): Counts;
  /** The programs that ran. */
  executed(): readonly ExecutedProgram[];
  /** What became of a workload that was recorded with its life. Stays in memory. */
  exercised(): Exercised;
  /** The programs that may have noticed that they were traced. Only where `life` is given. */
  sought(): readonly SoughtTracer[];
  /** Ends the log. `add` may not be called afterwards. */
  finish(): Aggregate;
}

/** What a printed name stands for; `unread`: nothing that could be recorded, and why. */
type Entry =
  | { readonly unread: string }
  | {
      readonly unread: undefined;
      readonly name: string;
      readonly record: Seen;
      readonly inspected: Inspected | undefined;
      readonly followed: boolean;
      readonly accepts: boolean;
      readonly tellsTracer: boolean;
    };

interface Seen {
  /** The line where it was first entered. */
  line: number;
  calls: number;
  readonly results: Set<string>;
  /** All that its calls returned, as far as is known, by word. */
  readonly told: Map<string, Told>;
  readonly callers: Callers;
  readonly values: Map<string, readonly bigint[]>;
  /** Arguments, one after the other, that stand in `values` already. */
  readonly toldArgs: Map<Arg, ReadonlyMap<Arg, true>>;
  many: boolean;
}

/** A call and what it returned, as far as a recording tells results apart. */
interface Told {
  readonly record: Seen;
  readonly word: string;
}

/**
 * So many threads are followed at a time, and so much is told apart, whatever the log says; more
 * than there are on any real machine.
 */
const maxThreads = 100_000;
const maxResults = 1_000;
const maxNames = 4_096;

/**
 * What a call answers that would have to wait, or was cut short by a signal; no error of the
 * workload's.
 */
const ordinaryErrors = new Set(["EAGAIN", "EINPROGRESS", "EINTR", "EALREADY"]);

/** More than any kernel has. */
const maxSignals = 128;

const maxUnread = 10;

/** What a log is of. */
export interface LogContext {
  /** The native architecture of the machine that wrote it. */
  readonly arch: ScmpArch;
  /**
   * A workload from its first process on, which is told to end by this signal (as strace prints
   * it), with or without its connections; or processes of one phase that were started beside it.
   * Undefined: nothing is known of phases.
   */
  readonly life?: { readonly stopSignal: string; readonly withoutConnections?: boolean } | { readonly within: Phase };
}

/** Collects the calls of one log. */
export function createAggregator({ arch, life }: LogContext): Aggregator {
  const stopSignal = life !== undefined && "stopSignal" in life ? life.stopSignal : undefined;
  let begun = false;
  let firstProcess: number | undefined;
  /** The lines where the workload took its first connection and where it was told to end. */
  let lastLine = 0;
  let servesAt: number | undefined;
  let stopsAt: number | undefined;
  const signals = new Set<string>();
  let failed = false;
  const seen = new Map<ScmpArch, Map<string, Seen>>([[arch, new Map()]]);
  const tally =
    life === undefined ? new Tally<Told>({ counted, latest: (pid, told) => void returned(pid, told) }) : undefined;
  const programs: Programs = new Programs((pid) => tally?.move(pid, programs.groupOf(pid)));
  const seekers = new TracerSeekers();
  const unparsed: UnreadLine[] = [];
  let unparsedTotal = 0;
  const found: { readonly name: string; readonly record: Seen }[] = [];
  let started = false;
  let cut = false;

  /**
   * The last call of each thread: a filter that kills or traps makes strace print the call's number
   * as its result, and says so only afterwards.
   */
  const unsettled = new Map<number | undefined, Told>();
  /**
   * The thread made this call; undefined: one of which the result tells nothing. That it goes on
   * tells that the one before did what it says.
   */
  function returned(pid: number | undefined, told: Told | undefined): void {
    const before = unsettled.get(pid);
    before?.record.results.add(before.word);
    if (before === told) return;
    if (told === undefined) unsettled.delete(pid);
    else {
      if (before === undefined) forgetOldest(unsettled, maxThreads, (oldest) => settle(oldest));
      unsettled.set(pid, told);
    }
  }

  function counted({ record, word }: Told, calls: number, settled: boolean): void {
    record.calls += calls;
    if (settled) record.results.add(word);
  }

  /** The calls that were only counted belong before what comes now. */
  function catchUp(pid: number | undefined): void {
    const told = tally?.takeLatest(pid);
    if (told !== undefined) returned(pid, told);
  }

  /** The last call of the thread did what it says, or `word`. */
  function settle(pid: number | undefined, word?: string): void {
    catchUp(pid);
    const told = unsettled.get(pid);
    told?.record.results.add(word ?? told.word);
    unsettled.delete(pid);
  }

  const unread = (event: StraceEvent, reason: string): void => {
    unparsedTotal += 1;
    if (unparsed.length < maxUnread) unparsed.push({ file: event.source.file, line: event.source.line, reason });
  };

  /** Each call's record, found once for each way of entering it. */
  const entries = new Map<string, Map<string, Entry>>();
  let mode: string | undefined;
  let ofMode = new Map<string, Entry>();

  function entryOf({ name: printed, personality }: SyscallEvent): Entry {
    if (personality !== mode) {
      mode = personality;
      ofMode = entries.get(personality) ?? new Map<string, Entry>();
      entries.set(personality, ofMode);
    }
    const known = ofMode.get(printed);
    if (known !== undefined) return known;
    if (ofMode.size >= maxNames) return { unread: "more different calls than there are" };
    const entry = makeEntry(printed, compatArch(arch, personality));
    ofMode.set(printed, entry);
    return entry;
  }

  function makeEntry(printed: string, entered: ScmpArch | undefined): Entry {
    if (entered === undefined || printed.startsWith("???"))
      return {
        unread:
          entered === undefined
            ? `a call in a mode which ${arch} does not have`
            : "strace could not tell which call this is",
      };
    // A call that no profile can name is kept under strace's name: policy reports it.
    const name = libseccompName(entered, printed) ?? printed;
    return {
      unread: undefined,
      name,
      record: recordOf(entered, name),
      inspected: inspectedArguments(entered, name),
      followed: followsProgram(printed),
      accepts: name === "accept" || name === "accept4",
      tellsTracer: life !== undefined && mayTellTracer(name),
    };
  }

  function recordOf(entered: ScmpArch, name: string): Seen {
    const byName = seen.get(entered) ?? new Map<string, Seen>();
    seen.set(entered, byName);
    const known = byName.get(name);
    if (known !== undefined) return known;
    const record: Seen = {
      line: Infinity,
      calls: 0,
      results: new Set(),
      told: new Map(),
      callers: new Callers(),
      values: new Map(),
      toldArgs: new Map(),
      many: false,
    };
    byName.set(name, record);
    found.push({ name, record });
    return record;
  }

  function call(event: SyscallEvent): void {
    const entry = entryOf(event);
    if (entry.unread !== undefined) return unread(event, entry.unread);
    const { record } = entry;
    const { pid } = event.tracee;
    if (!begun) firstProcess = pid;
    begun = true;
    record.calls += 1;
    catchUp(pid);
    const told = event.injected ? undefined : toldBy(record, resultWord(event.result));
    returned(pid, told);
    if (event.result.type === "unfinished") cut = true;
    if (entry.inspected !== undefined) inspect(event, entry.name, entry.inspected, record);
    if (stopSignal !== undefined) {
      if (servesAt !== undefined && !failed)
        failed = event.result.type === "error" && !ordinaryErrors.has(event.result.errno);
      // A call that waits is reported when it returns, and belongs where it was entered.
      const { line } = event.source;
      record.line = Math.min(record.line, line);
      lastLine = Math.max(lastLine, line);
      if (entry.accepts && event.result.type === "value") servesAt ??= lastLine;
    }
    if (entry.followed) {
      programs.follow(event);
      if (event.name.startsWith("execve") && event.result.type === "value" && event.result.value === 0n) started = true;
    }
    programs.attribute(event.tracee, record.callers);
    if (entry.tellsTracer) seekers.look(event, (callers) => programs.attribute(event.tracee, callers));
    if (told !== undefined && !(entry.followed && event.result.type === "value") && tally !== undefined)
      countLike(told, pid, record.many ? undefined : entry.inspected);
  }

  /** Further calls like this one need not be handed over. */
  function countLike(told: Told, pid: number | undefined, inspected: Inspected | undefined): void {
    const group = programs.groupOf(pid);
    if (group === undefined || inspected?.names !== undefined) return;
    tally?.count(told, group, inspected && { first: inspected.indices[0] ?? 0, last: inspected.indices.at(-1) ?? 0 });
  }

  return {
    tally,
    add(event) {
      switch (event.kind) {
        case "syscall":
          return call(event);
        case "exit":
          settle(
            event.tracee.pid,
            event.status.type === "killed" && event.status.signal === "SIGSYS" ? "SIGSYS" : undefined,
          );
          programs.ended(event.tracee.pid);
          break;
        case "signal":
          if (event.signal === "SIGSYS") settle(event.tracee.pid, "SIGSYS");
          if (signals.size < maxSignals) signals.add(event.signal);
          if (event.signal === stopSignal && event.tracee.pid === firstProcess) stopsAt ??= event.source.line;
          break;
        case "unparsed":
          unread(event, event.reason);
          break;
        case "superseded":
          settle(event.by);
          programs.ended(event.by);
          break;
        case "personality":
        case "message":
          break;
        default:
          event satisfies never;
      }
    },
    counts() {
      tally?.tell();
      return {
        calls: found.reduce((sum, { record }) => sum + record.calls, 0),
        distinct: [...seen.values()].reduce((sum, byName) => sum + byName.size, 0),
        seenOnce: [...seen.values()].reduce(
          (sum, byName) => sum + [...byName.values()].filter((record) => record.calls === 1).length,
          0,
        ),
        found: found.map(({ name, record }) => ({
          name,
          process: [...record.callers.programs][0],
          calls: record.calls,
        })),
        unparsed,
        unparsedTotal,
        started,
      };
    },
    executed: () => programs.executed(),
    exercised: () => ({ served: servesAt !== undefined, toldToStop: stopsAt !== undefined, signals, failed }),
    sought: () => seekers.sought(),
    finish() {
      tally?.end();
      for (const pid of [...unsettled.keys()]) settle(pid);
      programs.finish();
      const phaseOf = ({ line }: Seen): Phase | undefined => {
        if (life === undefined || "within" in life) return life?.within;
        // a life without a turn has no phases to tell apart
        if (servesAt === undefined && stopsAt === undefined) return undefined;
        if (line > (stopsAt ?? Infinity)) return "stop";
        if (life.withoutConnections === true) return undefined;
        return line > (servesAt ?? Infinity) ? "serve" : "start";
      };
      const byArch = [...seen]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([entered, byName]) => [
          entered,
          Object.fromEntries(
            [...byName]
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([name, record]) => [name, toRecord(entered, name, record, phaseOf(record))]),
          ),
        ]);
      return { syscalls: Object.fromEntries(byArch) as Aggregate["syscalls"], cut };
    },
  };
}

/** More than `maxResults` are counted as calls, but not told apart. */
function toldBy(record: Seen, word: string): Told | undefined {
  const known = record.told.get(word);
  if (known !== undefined || record.told.size >= maxResults) return known;
  const told = { record, word };
  record.told.set(word, told);
  return told;
}

function resultWord(result: SyscallResult): string {
  switch (result.type) {
    case "value":
      return "ok";
    case "error":
    case "restart":
      return result.type === "error" ? result.errno : "?";
    case "none":
    case "unfinished":
      return "?";
    default:
      return result satisfies never;
  }
}

function inspect(event: SyscallEvent, name: string, { indices, names }: Inspected, record: Seen): void {
  if (record.many) return;
  const argAt = (position: number): Arg | undefined => {
    if (!event.argsComplete || position >= indices.length) return undefined;
    return names === undefined ? event.arg(indices[position] ?? 0) : event.argNamed(names[position] ?? "");
  };
  const first = argAt(0);
  const second = indices.length > 1 ? argAt(1) : first;
  if (first !== undefined && second !== undefined && record.toldArgs.get(first)?.has(second) === true) return;
  const values: bigint[] = [];
  for (const position of indices.keys()) {
    const arg = position === 0 ? first : position === 1 ? second : argAt(position);
    const value =
      arg === undefined ? undefined : argNumber(arg, (symbol) => symbolValue(name, indices[position] ?? 0, symbol));
    if (value === undefined) {
      record.many = true; // a value that cannot be read may be any
      record.values.clear();
      return;
    }
    // strace shows the low 32 bits of int-like arguments, negative ones with their sign.
    values.push(BigInt.asUintN(value < 0n ? 32 : 64, value));
  }
  record.values.set(values.join(), values);
  if (first !== undefined && second !== undefined) tell(record.toldArgs, first, second);
  if (record.values.size > maxValues) {
    record.many = true;
    record.values.clear();
  }
}

/** The parser makes equal arguments once, but not for ever. */
const maxTold = 256;

function tell(told: Map<Arg, ReadonlyMap<Arg, true>>, first: Arg, second: Arg): void {
  if (told.size >= maxTold) told.clear();
  const seconds = new Map(told.get(first));
  if (seconds.size >= maxTold) seconds.clear();
  told.set(first, seconds.set(second, true));
}

function toRecord(arch: ScmpArch, name: string, record: Seen, first: Phase | undefined): SyscallRecord {
  const inspected = inspectedArguments(arch, name);
  const args: ArgValues | undefined = inspected && {
    indices: inspected.indices,
    values: record.many ? "many" : [...record.values.values()].sort(compareTuples),
  };
  return {
    calls: 10 ** Math.floor(Math.log10(record.calls)),
    results: [...record.results].sort(),
    processes: [...record.callers.programs].sort(),
    ...(first === undefined ? {} : { first }),
    ...(args === undefined ? {} : { args }),
  };
}

/** Numeric order, position by position. */
export function compareTuples(a: readonly bigint[], b: readonly bigint[]): number {
  for (const [position, value] of a.entries()) {
    const other = b[position] ?? 0n;
    if (value !== other) return value < other ? -1 : 1;
  }
  return a.length - b.length;
}
