import { Tally, type StraceEvent, type SyscallEvent, type SyscallResult } from "../../strace-parser/index.ts";
import type { ScmpArch } from "../tables/index.ts";
import type { Outcome } from "./call-record.ts";
import { CallTable, type Syscalls } from "./call-table.ts";
import type { Inspected } from "./inspected-arguments.ts";
import { FactCollector, type LogFacts } from "./log-facts.ts";
import { Life, type Exercised, type LifeContext } from "./life.ts";
import { Programs, type ExecutedProgram } from "./programs.ts";
import { TracerSeekers, type SoughtTracer } from "./tracer-seekers.ts";
import { UnreadLines, type UnreadLine, type UnreadRanges } from "./unread-lines.ts";
import { Unsettled } from "./unsettled.ts";

/** The progress of a recording. */
export interface Counts {
  readonly calls: number;
  readonly distinct: number;
  /** The number of kinds of calls that were seen exactly once. */
  readonly seenOnce: number;
  /** The calls in the order in which they were first seen, each with a program that made it, if that is known yet. */
  readonly found: readonly { readonly name: string; readonly process: string | undefined; readonly calls: number }[];
  /** The first lines that could not be read. */
  readonly unparsed: readonly UnreadLine[];
  readonly unparsedTotal: number;
  /** True once a program was executed: the workload has begun. */
  readonly started: boolean;
}

/** The sum of one figure over several logs. */
export function totalOf(
  figure: "calls" | "distinct" | "seenOnce" | "unparsedTotal",
  counts: readonly Counts[],
): number {
  return counts.reduce((sum, count) => sum + count[figure], 0);
}

/** The result of one log. */
export interface Aggregate {
  readonly syscalls: Syscalls;
  /** The log ends inside calls, so more may have happened. */
  readonly cut: boolean;
}

/**
 * Reads one log, event by event, in bounded memory, and collects what its programs did. `createAggregator` makes it.
 */
export interface Aggregator {
  /** Takes the next event of the log, in its order. */
  readonly add: (event: StraceEvent) => void;
  /**
   * Lets the parser count calls instead of handing them over, if only their number matters. `undefined` if every call
   * must be handed over.
   */
  readonly tally: Tally<unknown> | undefined;
  /** The progress so far. It may be asked at any time. */
  counts(): Counts;
  /** The programs that ran. */
  executed(): readonly ExecutedProgram[];
  /** The turns of a workload's life that were recorded. They stay in memory. */
  exercised(): Exercised;
  /** The programs that may have noticed the tracer. Needs `life`. */
  sought(): readonly SoughtTracer[];
  /** What the log has besides its calls. */
  facts(): LogFacts;
  /** The calls that have an unreadable argument that matters, each with its first such line. */
  unreadArguments(): readonly { readonly name: string; readonly line: number }[];
  /** Every line that could not be read. */
  unread(): readonly UnreadRanges[];
  /** Ends the log. `add` must not be called after it. */
  finish(): Aggregate;
}

/** Facts about the log that the log itself does not show. */
export interface LogContext {
  /** The native architecture of the machine that wrote it. */
  readonly arch: ScmpArch;
  /** `undefined` if nothing is known about phases. */
  readonly life?: LifeContext;
  /**
   * True if strace ran in another PID namespace than the program. Then the ids that calls return differ from those in
   * the log's lines.
   */
  readonly outside?: boolean;
}

/**
 * Collects the calls of one log.
 *
 *     events → LogReader ─┬─▶ CallTable ─▶ CallRecord: results, callers, values of arguments
 *                         ├─▶ Unsettled    the last call of each thread, whose result may change
 *                         ├─▶ Programs     which program each thread runs
 *                         ├─▶ Life         the phases of a service
 *                         └─▶ UnreadLines
 */
export function createAggregator(context: LogContext): Aggregator {
  const log = new LogReader(context);
  return {
    tally: log.tally,
    add: (event) => log.add(event),
    counts: () => log.counts(),
    executed: () => log.programs.executed(),
    exercised: () => log.life.exercised(),
    sought: () => log.seekers.sought(),
    facts: () => log.facts,
    unreadArguments: () => log.unreadArguments(),
    unread: () => log.unread.all(),
    finish: () => log.finish(),
  };
}

class LogReader {
  readonly tally: Tally<Outcome> | undefined;
  readonly programs: Programs;
  readonly life: Life;
  readonly seekers = new TracerSeekers();
  readonly facts = new FactCollector();
  readonly #table: CallTable;
  readonly #unsettled: Unsettled;
  readonly unread = new UnreadLines();
  /** True if the log records a workload's whole life. Then it also matters which programs look for a tracer. */
  readonly #hasLife: boolean;
  #started = false;
  #cut = false;

  constructor({ arch, life, outside = false }: LogContext) {
    this.#hasLife = life !== undefined;
    this.#table = new CallTable(arch);
    this.life = new Life(life);
    this.tally = this.#hasLife
      ? undefined
      : new Tally<Outcome>({
          counted({ record, word }, calls, settled) {
            record.calls += calls;
            if (settled) record.results.add(word);
          },
          latest: (pid, outcome) => this.#unsettled.returnedLast(pid, outcome),
        });
    this.#unsettled = new Unsettled(this.tally);
    this.programs = new Programs((pid) => this.tally?.move(pid, this.programs.groupOf(pid)), { outside });
  }

  add(event: StraceEvent): void {
    this.facts.follow(event);
    switch (event.kind) {
      case "syscall":
        return this.#addCall(event);
      case "exit": {
        const { status, tracee } = event;
        this.facts.add(event);
        const isKilled = status.type === "killed" && status.signal === "SIGSYS";
        this.#unsettled.settle(tracee.pid, isKilled ? "SIGSYS" : undefined);
        return this.programs.ended(tracee.pid);
      }
      case "signal":
        this.facts.add(event);
        if (event.signal === "SIGSYS") this.#unsettled.settle(event.tracee.pid, "SIGSYS");
        return this.life.followSignal(event);
      case "unparsed":
        return this.unread.add(event, event.reason);
      case "superseded":
        this.#unsettled.settle(event.by);
        return this.programs.ended(event.by);
      case "personality":
        return this.facts.add(event);
      case "message":
        return;
      default:
        event satisfies never;
    }
  }

  #addCall(event: SyscallEvent): void {
    const entry = this.#table.entryOf(event);
    if (entry.unread !== undefined) {
      if (!isNoCall(event)) this.unread.add(event, entry.unread);
      return;
    }
    if (this.facts.firstCall === undefined) this.facts.begin(event);
    const { record, inspected, followed } = entry;
    const { tracee, result } = event;
    record.calls += 1;
    const outcome = event.injected ? undefined : record.outcomeOf(resultWord(result));
    this.#unsettled.returned(tracee.pid, outcome);
    if (result.type === "unfinished") this.#cut = true;
    const alike = inspected === undefined ? undefined : record.values.add(event, entry.name, inspected);
    record.line = Math.min(record.line, this.life.follow(event, entry.accepts));
    if (followed) this.#followProgram(event);
    if (entry.mayHide) this.facts.look(event);
    this.programs.attribute(tracee, record.callers);
    if (alike !== undefined) this.programs.attribute(tracee, alike);
    if (entry.revealsTracer && this.#hasLife)
      this.seekers.look(event, (callers) => this.programs.attribute(tracee, callers));
    if (outcome !== undefined && !(followed && result.type === "value") && this.tally !== undefined)
      this.#countLike(outcome, tracee.pid, record.values.areMany ? undefined : inspected);
  }

  #followProgram(event: SyscallEvent): void {
    this.programs.follow(event);
    if (event.name.startsWith("execve") && event.result.type === "value" && event.result.value === 0n)
      this.#started = true;
  }

  /** Lets the parser count further calls like this one. */
  #countLike(outcome: Outcome, pid: number | undefined, inspected: Inspected | undefined): void {
    const group = this.programs.groupOf(pid);
    if (group === undefined || inspected?.names !== undefined) return;
    const range = inspected && { first: inspected.indices[0] ?? 0, last: inspected.indices.at(-1) ?? 0 };
    this.tally?.count(outcome, group, range);
  }

  unreadArguments(): readonly { readonly name: string; readonly line: number }[] {
    return this.#table.found.flatMap(({ name, record }) => {
      const line = record.values.unreadAt;
      return line === undefined ? [] : [{ name, line }];
    });
  }

  counts(): Counts {
    this.tally?.report();
    const { found } = this.#table;
    return {
      calls: found.reduce((sum, { record }) => sum + record.calls, 0),
      distinct: found.length,
      seenOnce: found.filter(({ record }) => record.calls === 1).length,
      found: found.map(({ name, record: { callers, calls } }) => {
        const [process] = callers.programs;
        return { name, process, calls };
      }),
      unparsed: this.unread.first,
      unparsedTotal: this.unread.total,
      started: this.#started,
    };
  }

  finish(): Aggregate {
    this.tally?.end();
    this.#unsettled.settleAll();
    this.programs.finish();
    return { syscalls: this.#table.toSyscalls((line) => this.life.phaseOf(line)), cut: this.#cut };
  }
}

/** A thread was killed as it entered the kernel. strace could not read which call it wanted, and it made none. */
function isNoCall({ name, result }: SyscallEvent): boolean {
  return name.startsWith("???") && (result.type === "none" || result.type === "unfinished");
}

function resultWord(result: SyscallResult): string {
  switch (result.type) {
    case "value":
      return "ok";
    case "error":
      return result.errno;
    case "restart":
    case "none":
    case "unfinished":
      return "?";
    default:
      return result satisfies never;
  }
}
