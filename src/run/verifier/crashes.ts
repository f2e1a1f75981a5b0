import { Callers, type Programs } from "../../core/recording/index.ts";
import type { StraceEvent, Tracee } from "../../strace-parser/index.ts";

/** Processes that crashed alike. */
export interface Crash {
  /** Base name of the program. `?` if the trace does not show it. */
  readonly process: string;
  readonly signal: string;
  /** The last call that the profile had denied the program. `undefined` if there was none. */
  readonly denied: string | undefined;
  readonly times: number;
}

/** Signals that a fault, abort(3) or a filter sends. SIGKILL and SIGTERM end programs that did nothing wrong. */
export const crashSignals: ReadonlySet<string> = new Set([
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGILL",
  "SIGSEGV",
  "SIGSYS",
  "SIGTRAP",
]);

/** At most this many crashes are kept. A pool restarts crashed workers without end. */
const maxCrashes = 500;

interface Denied {
  readonly syscall: string;
  readonly callers: Callers;
}

interface Open {
  readonly signal: string;
  readonly callers: Callers;
  /** The latest denial of this thread, or else of any thread. It counts if the denied thread ran the same program. */
  readonly denied: Denied | undefined;
}

/**
 * Finds crashes in one trace. A thread that makes another call after a signal has survived it. A container's first
 * process has no end in the trace, because strace lets go of it so that it can die.
 */
export class CrashObserver {
  readonly #programs: Programs;
  /** Threads that got a fatal signal and did nothing since. */
  readonly #dying = new Map<number | undefined, Open>();
  readonly #denied = new Map<number | undefined, Denied>();
  #latest: Denied | undefined;
  readonly #crashes: Open[] = [];

  constructor(programs: Programs) {
    this.#programs = programs;
  }

  add(event: StraceEvent): void {
    const { pid } = event.tracee;
    if (event.kind === "syscall") this.#dying.delete(pid);
    else if (event.kind === "signal" && !event.stop && crashSignals.has(event.signal))
      this.#dying.set(pid, this.#openOf(event.tracee, event.signal));
    else if (event.kind === "exit") {
      // A filter that kills sends no signal that strace could show before the end.
      const isFilters = event.status.type === "killed" && event.status.signal === "SIGSYS" && this.#denied.has(pid);
      const dying = this.#dying.get(pid) ?? (isFilters ? this.#openOf(event.tracee, "SIGSYS") : undefined);
      if (event.status.type === "killed" && dying !== undefined) this.#keep(dying);
      this.#dying.delete(pid);
      this.#denied.delete(pid);
    }
  }

  /** The profile denied a call of this thread that Docker's default allows. */
  denied({ pid }: Tracee, denial: Denied): void {
    this.#denied.set(pid, denial);
    this.#latest = denial;
  }

  /** Call it once the trace is over and all programs are known. */
  crashes(): readonly Crash[] {
    for (const open of this.#dying.values()) this.#keep(open);
    this.#dying.clear();
    const merged = new Map<string, Crash>();
    for (const { signal, callers, denied } of this.#crashes) {
      const process = namesOf(callers);
      const isSame = denied !== undefined && namesOf(denied.callers) === process;
      const crash: Crash = { process, signal, denied: isSame ? denied.syscall : undefined, times: 1 };
      const key = [process, signal, crash.denied].join(" ");
      merged.set(key, { ...crash, times: (merged.get(key)?.times ?? 0) + 1 });
    }
    return [...merged.values()];
  }

  #openOf(tracee: Tracee, signal: string): Open {
    const callers = new Callers();
    this.#programs.attribute(tracee, callers);
    return { signal, callers, denied: this.#denied.get(tracee.pid) ?? this.#latest };
  }

  #keep(open: Open): void {
    if (this.#crashes.length < maxCrashes) this.#crashes.push(open);
  }
}

function namesOf({ programs }: Callers): string {
  return [...programs].join(", ") || "?";
}
