import {
  Callers,
  createAggregator,
  followsProgram,
  inspectedArguments,
  Programs,
  type Aggregate,
  type Aggregator,
  type SyscallRecord,
} from "../../core/recording/index.ts";
import {
  answersOf,
  argIndexes,
  badArchAction,
  isAllowing,
  type Action,
  type ArgIndex,
  type Filter,
} from "../../core/seccomp/index.ts";
import {
  argNumber,
  type Arg,
  type ExitEvent,
  type StraceEvent,
  type SyscallEvent,
  type SyscallResult,
} from "../../strace-parser/index.ts";
import { compatArch, errnoName, libseccompName, symbolValue, type ScmpArch } from "../../core/tables/index.ts";
import { CrashObserver, type Crash } from "./crashes.ts";

/** A call that the profile denied while the workload ran, and what followed. */
export interface Denial {
  readonly arch: ScmpArch;
  readonly syscall: string;
  /** Base name of the program that made it. `?` if the trace does not show it. */
  readonly process: string;
  /**
   * The arguments that are numbers or symbols, as strace prints them. `…` stands for pointers, strings and structures,
   * which no filter sees.
   */
  readonly args: readonly string[];
  /** The profile's answer. */
  readonly answer: Action;
  /** Docker's default denies the call as well, so the workload does not miss it. */
  readonly deniedByDefault: boolean;
  readonly times: number;
  readonly next: Aftermath;
}

/** What the same process did after the first such denial. */
export interface Aftermath {
  /** Its next call and that call's result. `undefined` if there was none. */
  readonly call: { readonly syscall: string; readonly result: string } | undefined;
  /** The beginning of what it then wrote to its stderr. `undefined` if it wrote nothing. */
  readonly wrote: string | undefined;
  /** How the process ended. `undefined` if it ran until the end of the trace. */
  readonly end: ExitEvent["status"] | undefined;
  /** Calls between the denial and the end. */
  readonly calls: number;
}

interface Open {
  readonly arch: ScmpArch;
  readonly syscall: string;
  readonly callers: Callers;
  readonly args: readonly string[];
  readonly answer: Action;
  readonly deniedByDefault: boolean;
  times: number;
  call: Aftermath["call"];
  wrote: string | undefined;
  end: ExitEvent["status"] | undefined;
  calls: number;
}

/** At most this many different denials are kept. A workload with more was in trouble long before. */
const maxDenials = 500;

/** Finds the calls in one trace that a profile denies. */
export class DenialObserver {
  readonly #arch: ScmpArch;
  readonly #filters: ReadonlyMap<ScmpArch, Filter>;
  readonly #ceiling: ReadonlyMap<ScmpArch, Filter>;
  /** The keeper's strace runs outside the container. */
  readonly #programs = new Programs(undefined, { outside: true });
  readonly #crashes = new CrashObserver(this.#programs);
  readonly #aggregator: Aggregator;
  readonly #open = new Map<string, Open>();
  /** The denials whose consequences are still open, by process. */
  readonly #watched = new Map<number | undefined, Open[]>();
  #started = false;

  /** `filters` are the profile's filters, and `ceiling` is Docker's default. Both are resolved for the host. */
  constructor(arch: ScmpArch, filters: ReadonlyMap<ScmpArch, Filter>, ceiling: ReadonlyMap<ScmpArch, Filter>) {
    this.#arch = arch;
    this.#filters = filters;
    this.#ceiling = ceiling;
    this.#aggregator = createAggregator({ arch });
  }

  add(event: StraceEvent): void {
    this.#crashes.add(event);
    if (event.kind === "syscall") this.#addCall(event);
    if (event.kind === "exit") this.#addExit(event);
  }

  /** The denials in the order in which they happened first. */
  denials(): readonly Denial[] {
    this.#programs.finish();
    return merge([...this.#open.values()]);
  }

  /** The processes that crashed, each with the call that was denied before the crash. */
  crashes(): readonly Crash[] {
    this.#programs.finish();
    return this.#crashes.crashes();
  }

  /**
   * The denied calls as a recording keeps them. Their results stay unknown, because the profile's own answers say
   * nothing about the workload.
   */
  recorded(): Aggregate["syscalls"] {
    const wanted = new Set([...this.#open.values()].map((denial) => `${denial.arch} ${denial.syscall}`));
    const recordOf = (entered: string, calls: Readonly<Record<string, SyscallRecord>>) =>
      Object.fromEntries(
        Object.entries(calls)
          .filter(([name]) => wanted.has(`${entered} ${name}`))
          .map(([name, record]) => [name, { ...record, results: ["?"] }]),
      );
    const { syscalls } = this.#aggregator.finish();
    return Object.fromEntries(Object.entries(syscalls).map(([entered, calls]) => [entered, recordOf(entered, calls)]));
  }

  /** Was a program executed? */
  started(): boolean {
    return this.#started;
  }

  #addCall(event: SyscallEvent): void {
    this.#programs.notice(event.tracee.pid);
    follow(event, this.#watched.get(event.tracee.pid) ?? []);
    const changesProgram = followsProgram(event.name);
    if (changesProgram) {
      this.#programs.follow(event);
      this.#aggregator.add(event);
      if (event.name.startsWith("execve") && event.result.type === "value") this.#started = true;
    }
    const arch = compatArch(this.#arch, event.personality);
    const syscall = arch === undefined ? undefined : libseccompName(arch, event.name);
    if (arch === undefined || syscall === undefined) return;
    const answer = deniedWith(event, arch, syscall, this.#filters.get(arch));
    if (answer === undefined) return;
    if (!changesProgram) this.#aggregator.add(event);
    this.#addDenial(event, { arch, syscall, answer });
  }

  #addDenial(event: SyscallEvent, denied: Pick<Open, "arch" | "syscall" | "answer">): void {
    const { arch, syscall } = denied;
    const { pid } = event.tracee;
    const args = shownArguments(event);
    const key = [pid, arch, syscall, ...args].join(" ");
    const known = this.#open.get(key);
    if (known !== undefined) {
      known.times += 1;
      if (mayBeMissed(known)) this.#crashes.denied(event.tracee, known);
      return;
    }
    if (this.#open.size >= maxDenials) return;
    const allowed = this.#ceiling.get(arch);
    const deniedByDefault =
      allowed === undefined ||
      answersOf(allowed, syscall, readable(event, arch, syscall)).every((action) => !isAllowing(action));
    const denial: Open = {
      ...denied,
      callers: new Callers(),
      args,
      deniedByDefault,
      times: 1,
      call: undefined,
      wrote: undefined,
      end: undefined,
      calls: 0,
    };
    this.#programs.attribute(event.tracee, denial.callers);
    if (mayBeMissed(denial)) this.#crashes.denied(event.tracee, denial);
    this.#open.set(key, denial);
    this.#watched.set(pid, [...(this.#watched.get(pid) ?? []), denial]);
  }

  #addExit({ tracee, status }: ExitEvent): void {
    for (const denial of this.#watched.get(tracee.pid) ?? []) denial.end = status;
    this.#watched.delete(tracee.pid);
    this.#programs.ended(tracee.pid);
  }
}

/** Does Docker's default allow the call, or does it only return an error where the profile does something else? */
function mayBeMissed({ deniedByDefault, answer }: Open): boolean {
  return !deniedByDefault || answer.action !== "SCMP_ACT_ERRNO";
}

function follow(event: SyscallEvent, denials: readonly Open[]): void {
  for (const denial of denials) {
    denial.calls += 1;
    denial.call ??= { syscall: event.name, result: resultText(event.result) };
    // Some programs write a line in many pieces.
    if ((event.name === "write" || event.name === "writev") && !isLine(denial.wrote ?? ""))
      denial.wrote = `${denial.wrote ?? ""}${writtenToStderr(event)}`;
  }
}

/** A text of this length counts as a line, even if it has no line break. */
const lineLength = 160;

function isLine(text: string): boolean {
  return text.length > lineLength || text.trimStart().includes("\n");
}

/** Merges denials that read the same, because each worker of a pool meets the same denial. */
function merge(denials: readonly Open[]): readonly Denial[] {
  const merged = new Map<string, Denial>();
  for (const { callers, call, wrote, end, calls, ...denial } of denials) {
    const process = [...callers.programs].join(", ") || "?";
    const key = [process, denial.arch, denial.syscall, ...denial.args].join(" ");
    const known = merged.get(key);
    merged.set(
      key,
      known === undefined
        ? { ...denial, process, next: { call, wrote: wrote?.trim() || undefined, end, calls } }
        : { ...known, times: known.times + denial.times },
    );
  }
  return [...merged.values()];
}

/** The action with which the filter denied this call. `undefined` if it was allowed. */
function deniedWith(
  event: SyscallEvent,
  arch: ScmpArch,
  syscall: string,
  filter: Filter | undefined,
): Action | undefined {
  const answers = filter === undefined ? [badArchAction] : answersOf(filter, syscall, readable(event, arch, syscall));
  if (answers.every(isAllowing)) return undefined;
  return answers.find((action) => !isAllowing(action) && (event.injected || answered(event.result, action)));
}

/**
 * Did the call return what this action answers? A call that ends the process never returns, and a trapped call returns
 * its own number.
 */
function answered(result: SyscallResult, action: Action): boolean {
  if (action.action !== "SCMP_ACT_ERRNO") return result.type !== "error";
  return (
    result.type === "error" &&
    (result.errno === errnoName(action.errnoRet) || result.errno === `errno ${action.errnoRet}`)
  );
}

/** The values of the arguments that the trace shows, by the kernel's index. */
function readable(event: SyscallEvent, arch: ScmpArch, syscall: string): ReadonlyMap<ArgIndex, bigint> {
  const known = new Map<ArgIndex, bigint>();
  const inspected = inspectedArguments(arch, syscall);
  for (const index of argIndexes) {
    const position = inspected?.indices.indexOf(index) ?? -1;
    const name = position < 0 ? undefined : inspected?.names?.[position];
    // If strace's order is not the kernel's, only named arguments are certain.
    if (inspected?.names !== undefined && name === undefined) continue;
    const arg = name === undefined ? event.arg(index) : event.argNamed(name);
    const value = arg === undefined ? undefined : argNumber(arg, (symbol) => symbolValue(syscall, index, symbol));
    if (value !== undefined) known.set(index, BigInt.asUintN(value < 0n ? 32 : 64, value));
  }
  return known;
}

function shownArguments(event: SyscallEvent): readonly string[] {
  return [...event.args.map(shownArgument), ...(event.argsComplete ? [] : ["…"])];
}

/** Larger numbers are addresses and sizes. They tell a reader nothing, and change with every run. */
const largestShown = 0xffffn;

function shownArgument(arg: Arg): string {
  switch (arg.type) {
    case "flags": {
      const words = arg.comment ?? arg.symbols.join("|");
      return words === "" ? arg.value.toString() : words;
    }
    case "number":
      return arg.comment ?? (arg.value > largestShown || arg.value < -largestShown ? "…" : arg.value.toString());
    case "null":
      return "NULL";
    case "string":
    case "struct":
    case "array":
    case "call":
    case "change":
    case "unknown":
      return "…";
    default:
      return arg satisfies never;
  }
}

function resultText(result: SyscallResult): string {
  switch (result.type) {
    case "value":
      return "ok";
    case "error":
    case "restart":
      return result.errno;
    case "none":
    case "unfinished":
      return "never returned";
    default:
      return result satisfies never;
  }
}

const stderrFd = 2n;

function writtenToStderr(event: SyscallEvent): string {
  const fd = event.arg(0);
  if (fd?.type !== "number" || fd.value !== stderrFd) return "";
  return stringsIn(event.arg(1)).join("");
}

/** write's buffer, or the buffers of writev's structures. */
function stringsIn(arg: Arg | undefined): readonly string[] {
  if (arg?.type === "string") return [Buffer.from(arg.bytes).toString("utf8")];
  if (arg?.type === "array") return arg.elements.flatMap(stringsIn);
  return arg?.type === "struct" ? arg.fields.flatMap(({ value }) => stringsIn(value)) : [];
}
