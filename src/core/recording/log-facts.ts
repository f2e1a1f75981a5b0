import { argNumber, isForkCall, type Arg, type StraceEvent, type SyscallEvent } from "../../strace-parser/index.ts";
import { symbolValue } from "../tables/index.ts";

/**
 * Why strace does not see what a process does. `untraced`: the process was made so that tracers do not follow it.
 * `child`: strace was told to follow no child. `detached`: strace was told to leave a process that starts another
 * program. `tracer`: a process wanted to trace others itself, but strace already does. `filter`: a filter killed the
 * process or sent it SIGSYS. Without the filter, the process would have gone on.
 */
export type Unseen = "untraced" | "child" | "detached" | "tracer" | "filter";

/** What a log shows about the lives of its programs, apart from their calls. */
export interface LogFacts {
  /** The name of the log's first call. `undefined` if the log has no calls. */
  readonly firstCall: string | undefined;
  /** True if the first call started a program. This is so if strace itself started the program. */
  readonly beginsWithStart: boolean;
  /** A process ended by itself. */
  readonly exited: boolean;
  /** A process ended, or got a signal. */
  readonly ended: boolean;
  /** True if a line names the mode of a process, which strace writes only on 64-bit machines. */
  readonly namesModes: boolean;
  /** The first line of each kind of event that hides something from strace. */
  readonly unseen: ReadonlyMap<Unseen, number>;
}

/** CLONE_UNTRACED (linux/sched.h). */
const cloneUntraced = 0x80_0000n;

/** The first argument of ptrace that makes a tracer (linux/ptrace.h). */
const tracing: ReadonlySet<bigint> = new Set([0n, 16n, 0x4206n]);

/** Collects `LogFacts`. It looks closely at each event that is no call, and at the few calls that `mayHide` names. */
export class FactCollector implements LogFacts {
  firstCall: string | undefined;
  beginsWithStart = false;
  exited = false;
  ended = false;
  namesModes = false;
  readonly #unseen = new Map<Unseen, number>();
  /** The line of the first call that made a child. */
  #firstBirth: number | undefined;
  #hasPids = false;

  get unseen(): ReadonlyMap<Unseen, number> {
    return this.#firstBirth === undefined || this.#hasPids
      ? this.#unseen
      : new Map([...this.#unseen, ["child", this.#firstBirth]]);
  }

  /** The first call of the log. */
  begin({ name, result }: SyscallEvent): void {
    this.firstCall = name;
    this.beginsWithStart = name.startsWith("execve") && result.type === "value" && result.value === 0n;
  }

  /** Takes any event. strace writes pids if it follows children. */
  follow({ tracee }: StraceEvent): void {
    this.#hasPids ||= tracee.pid !== undefined;
  }

  /** Takes an event that is no call. */
  add(event: StraceEvent): void {
    if (event.kind === "exit" || event.kind === "signal") this.ended = true;
    if (event.kind === "personality") this.namesModes = true;
    else if (event.kind === "exit") {
      if (event.status.type === "exited") this.exited = true;
      else if (event.status.signal === "SIGSYS") this.#miss("filter", event);
    } else if (event.kind === "signal" && event.signal === "SIGSYS") this.#miss("filter", event);
  }

  /** Takes a call that `mayHide`. */
  look(event: SyscallEvent): void {
    if (event.name === "ptrace") {
      const request = numberOf(event.arg(0), "ptrace");
      if (request !== undefined && tracing.has(request)) this.#miss("tracer", event);
      return;
    }
    if (event.name.startsWith("execve")) {
      // The logs of -ff have no pids. There the process may go on in another log.
      if (event.result.type === "unfinished" && event.tracee.pid !== undefined) this.#miss("detached", event);
      return;
    }
    if (makesUntraced(event)) this.#miss("untraced", event);
    else if (event.result.type === "value" && event.result.value > 0n) this.#firstBirth ??= event.source.line;
  }

  #miss(kind: Unseen, { source }: StraceEvent): void {
    if (!this.#unseen.has(kind)) this.#unseen.set(kind, source.line);
  }
}

/** True if strace does not see what the call makes. */
export function makesUntraced(event: SyscallEvent): boolean {
  if (event.name !== "clone" && event.name !== "clone3") return false;
  const flags = numberOf(event.name === "clone3" ? flagsIn(event.arg(0)) : event.argNamed("flags"), "clone");
  return flags !== undefined && (flags & cloneUntraced) !== 0n;
}

/** May strace miss what the call makes, or the call itself? */
export function mayHide(name: string): boolean {
  return isForkCall(name) || name === "ptrace" || name.startsWith("execve");
}

/** clone3's flags are in memory. strace shows them. */
function flagsIn(arg: Arg | undefined): Arg | undefined {
  const struct = arg?.type === "change" ? arg.before : arg;
  return struct?.type === "struct" ? struct.fields.find(({ name }) => name === "flags")?.value : undefined;
}

function numberOf(arg: Arg | undefined, call: string): bigint | undefined {
  return arg === undefined ? undefined : argNumber(arg, (symbol) => symbolValue(call, 0, symbol));
}
