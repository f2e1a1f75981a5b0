import type { SignalEvent, SyscallEvent } from "../../strace-parser/index.ts";
import type { Phase } from "./types.ts";

/**
 * What is known about the life that a log shows. With `stopSignal`, the log shows a workload from its first process on.
 * The signal, spelt as strace prints it, ends the workload. `withoutConnections`: the log cannot show connections. With
 * `within`, the log shows processes of one phase that were started beside the workload.
 */
export type LifeContext =
  { readonly stopSignal: string; readonly withoutConnections?: boolean } | { readonly within: Phase };

/** The turns of a service's life that the log shows. */
export interface Exercised {
  /** It took a connection. */
  readonly served: boolean;
  /** Its first process got the stop signal. */
  readonly toldToStop: boolean;
  /** The signals that any of its processes got. */
  readonly signals: ReadonlySet<string>;
  /** True if a call failed after the first connection. A call that had to wait or was interrupted did not fail. */
  readonly failed: boolean;
}

/** Results of a call that would have to wait, or that a signal interrupted. They are not errors of the workload. */
const ordinaryErrors = new Set(["EAGAIN", "EINPROGRESS", "EINTR", "EALREADY"]);

/** No kernel has more signals. */
const maxSignals = 128;

/** The phases of a workload's life: when it took its first connection, and when it had to stop. */
export class Life {
  readonly #context: LifeContext | undefined;
  /** The signal that ends it. `undefined` if the log cannot show phases. */
  readonly #stopSignal: string | undefined;
  /** `undefined` before the first call. A log without pids has one process without a pid. */
  #firstProcess: { readonly pid: number | undefined } | undefined;
  #lastLine = 0;
  #servesAt: number | undefined;
  #stopsAt: number | undefined;
  #failed = false;
  readonly #signals = new Set<string>();

  constructor(context: LifeContext | undefined) {
    this.#context = context;
    this.#stopSignal = context !== undefined && "stopSignal" in context ? context.stopSignal : undefined;
  }

  /** Returns the line at which the call was entered. Infinity if the log cannot show phases. */
  follow(event: SyscallEvent, accepts: boolean): number {
    this.#firstProcess ??= { pid: event.tracee.pid };
    if (this.#stopSignal === undefined) return Infinity;
    const { result } = event;
    if (this.#servesAt !== undefined && !this.#failed)
      this.#failed = result.type === "error" && !ordinaryErrors.has(result.errno);
    // A call that waits is reported when it returns. It belongs to the line where it was entered.
    const { line } = event.source;
    this.#lastLine = Math.max(this.#lastLine, line);
    if (accepts && result.type === "value") this.#servesAt ??= this.#lastLine;
    return line;
  }

  followSignal({ signal, tracee, source }: SignalEvent): void {
    if (this.#signals.size < maxSignals) this.#signals.add(signal);
    if (signal === this.#stopSignal && tracee.pid === this.#firstProcess?.pid) this.#stopsAt ??= source.line;
  }

  exercised(): Exercised {
    return {
      served: this.#servesAt !== undefined,
      toldToStop: this.#stopsAt !== undefined,
      signals: this.#signals,
      failed: this.#failed,
    };
  }

  /** The phase of a line. `undefined` if nothing is known about phases. */
  phaseOf(line: number): Phase | undefined {
    const context = this.#context;
    if (context === undefined || "within" in context) return context?.within;
    // a life without a turn has no phases
    if (this.#servesAt === undefined && this.#stopsAt === undefined) return undefined;
    if (line > (this.#stopsAt ?? Infinity)) return "stop";
    if (context.withoutConnections === true) return undefined;
    return line > (this.#servesAt ?? Infinity) ? "serve" : "start";
  }
}
