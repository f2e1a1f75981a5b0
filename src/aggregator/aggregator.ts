import { argNumber } from "../strace-parser/index.ts";
import type { StraceEvent, SyscallEvent, SyscallResult } from "../strace-parser/types.ts";
import { compatArch, libseccompName, symbolValue } from "../tables/index.ts";
import type { ScmpArch } from "../tables/types.ts";
import { inspectedArguments } from "./inspected-arguments.ts";
import type { Inspected } from "./inspected-arguments.ts";
import { followsProgram, Programs } from "./programs.ts";
import type { ExecutedProgram } from "./programs.ts";
import { maxValues } from "./types.ts";
import type { ArgValues, SyscallRecord } from "./types.ts";

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
  /** The call seen for the first time last. */
  readonly newest: string | undefined;
  /** The first `maxUnread` lines that could not be read. */
  readonly unparsed: readonly UnreadLine[];
  readonly unparsedTotal: number;
  /** A program was executed: the workload has begun. */
  readonly started: boolean;
}

/** What one log told. */
export interface Aggregate {
  readonly syscalls: { readonly [arch in ScmpArch]?: { readonly [name: string]: SyscallRecord } };
  /** The log ends inside of calls: more may have happened. */
  readonly cut: boolean;
}

export interface Aggregator {
  add(event: StraceEvent): void;
  counts(): Counts;
  /** The programs that ran. */
  executed(): readonly ExecutedProgram[];
  /** Ends the log. `add` may not be called afterwards. */
  finish(): Aggregate;
}

/** What a printed name stands for; `unread`: nothing that could be recorded, and why. */
type Entry =
  | { readonly unread: string }
  | { readonly unread: undefined; readonly name: string; readonly record: Seen; readonly inspected: Inspected | undefined; readonly followed: boolean };

interface Seen {
  calls: number;
  readonly results: Set<string>;
  readonly processes: Set<string>;
  readonly values: Map<string, readonly bigint[]>;
  many: boolean;
}

const maxUnread = 10;

/** Collects the calls of one log. `arch` is the native architecture of the machine that wrote it. */
export function createAggregator({ arch }: { readonly arch: ScmpArch }): Aggregator {
  const seen = new Map<ScmpArch, Map<string, Seen>>([[arch, new Map()]]);
  const programs = new Programs();
  const unparsed: UnreadLine[] = [];
  let unparsedTotal = 0;
  let calls = 0;
  let newest: string | undefined;
  let started = false;
  let cut = false;

  /** The last call of each thread: a filter that kills or traps makes strace print the call's number as its result, and says so only afterwards. */
  const unsettled = new Map<number | undefined, { readonly results: Set<string>; readonly word: string }>();
  const settle = (pid: number | undefined, word?: string): void => {
    const last = unsettled.get(pid);
    last?.results.add(word ?? last.word);
    unsettled.delete(pid);
  };

  const unread = (event: StraceEvent, reason: string): void => {
    unparsedTotal += 1;
    if (unparsed.length < maxUnread) unparsed.push({ file: event.source.file, line: event.source.line, reason });
  };

  /** Each call's record, found once for each way of entering it. */
  const entries = new Map<string, Map<string, Entry>>();

  function entryOf({ name: printed, personality }: SyscallEvent): Entry {
    const ofMode = entries.get(personality) ?? new Map<string, Entry>();
    entries.set(personality, ofMode);
    let entry = ofMode.get(printed);
    if (entry === undefined) ofMode.set(printed, (entry = makeEntry(printed, compatArch(arch, personality))));
    return entry;
  }

  function makeEntry(printed: string, entered: ScmpArch | undefined): Entry {
    if (entered === undefined || printed.startsWith("???")) return { unread: entered === undefined ? `a call in a mode which ${arch} does not have` : "strace could not tell which call this is" };
    // A call that no profile can name is kept under strace's name: policy reports it.
    const name = libseccompName(entered, printed) ?? printed;
    const byName = seen.get(entered) ?? new Map<string, Seen>();
    seen.set(entered, byName);
    let record = byName.get(name);
    if (record === undefined) {
      record = { calls: 0, results: new Set(), processes: new Set(), values: new Map(), many: false };
      byName.set(name, record);
      newest = name;
    }
    return { unread: undefined, name, record, inspected: inspectedArguments(entered, name), followed: followsProgram(printed) };
  }

  function call(event: SyscallEvent): void {
    const entry = entryOf(event);
    if (entry.unread !== undefined) return unread(event, entry.unread);
    const { record } = entry;
    const { pid } = event.tracee;
    calls += 1;
    record.calls += 1;
    settle(pid);
    if (!event.injected) unsettled.set(pid, { results: record.results, word: resultWord(event.result) });
    if (event.result.type === "unfinished") cut = true;
    if (entry.inspected !== undefined) inspect(event, entry.name, entry.inspected, record);
    if (entry.followed) {
      programs.follow(event);
      if (event.name.startsWith("execve") && event.result.type === "value" && event.result.value === 0n) started = true;
    }
    programs.attribute(event, record.processes);
  }

  return {
    add(event) {
      switch (event.kind) {
        case "syscall":
          call(event);
          break;
        case "exit":
          settle(event.tracee.pid, event.status.type === "killed" && event.status.signal === "SIGSYS" ? "SIGSYS" : undefined);
          programs.ended(event.tracee.pid);
          break;
        case "signal":
          if (event.signal === "SIGSYS") settle(event.tracee.pid, "SIGSYS");
          break;
        case "unparsed":
          unread(event, event.reason);
          break;
        case "superseded":
        case "personality":
        case "message":
          break;
        default:
          event satisfies never;
      }
    },
    counts: () => ({ calls, distinct: [...seen.values()].reduce((sum, byName) => sum + byName.size, 0), newest, unparsed, unparsedTotal, started }),
    executed: () => programs.executed(),
    finish() {
      for (const pid of [...unsettled.keys()]) settle(pid);
      programs.finish();
      const byArch = [...seen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([entered, byName]) => [entered, Object.fromEntries([...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, record]) => [name, toRecord(entered, name, record)]))]);
      return { syscalls: Object.fromEntries(byArch) as Aggregate["syscalls"], cut };
    },
  };
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

function inspect(event: SyscallEvent, name: string, inspected: Inspected, record: Seen): void {
  if (record.many) return;
  const values: bigint[] = [];
  for (const [position, index] of inspected.indices.entries()) {
    const at = inspected.names === undefined ? index : event.argNames.indexOf(inspected.names[position]);
    const arg = event.args[at];
    const value = arg === undefined || !event.argsComplete ? undefined : argNumber(arg, (symbol) => symbolValue(name, index, symbol));
    if (value === undefined) {
      record.many = true; // a value that cannot be read may be any
      record.values.clear();
      return;
    }
    // strace shows the low 32 bits of int-like arguments, negative ones with their sign.
    values.push(BigInt.asUintN(value < 0n ? 32 : 64, value));
  }
  record.values.set(values.join(), values);
  if (record.values.size > maxValues) {
    record.many = true;
    record.values.clear();
  }
}

function toRecord(arch: ScmpArch, name: string, record: Seen): SyscallRecord {
  const inspected = inspectedArguments(arch, name);
  const args: ArgValues | undefined = inspected && { indices: inspected.indices, values: record.many ? "many" : [...record.values.values()].sort(compareTuples) };
  return {
    calls: 10 ** Math.floor(Math.log10(record.calls)),
    results: [...record.results].sort(),
    processes: [...record.processes].sort(),
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
