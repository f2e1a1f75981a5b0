import {
  Callers,
  createAggregator,
  followsProgram,
  inspectedArguments,
  Programs,
  type Aggregate,
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

/** A call that the profile denied while the workload ran, and what came of it. */
export interface Denial {
  readonly arch: ScmpArch;
  readonly syscall: string;
  /** Base name of the program that made it; `?` where the trace does not tell. */
  readonly process: string;
  /**
   * The arguments that are numbers or symbols, as strace prints them; `…` for pointers, strings and
   * structures, which no filter sees.
   */
  readonly args: readonly string[];
  /** What the profile answers. */
  readonly answer: Action;
  /** Docker's default would have denied it as well: not what the workload misses. */
  readonly deniedByDefault: boolean;
  readonly times: number;
  readonly next: Aftermath;
}

/** What the same process did after the first such denial. */
export interface Aftermath {
  /** Its next call and that call's result; undefined: none. */
  readonly call: { readonly syscall: string; readonly result: string } | undefined;
  /** The beginning of what it wrote to its stderr next; undefined: nothing. */
  readonly wrote: string | undefined;
  /** How the process ended; undefined: it went on until the end. */
  readonly end: ExitEvent["status"] | undefined;
  /** Calls between the denial and the end. */
  readonly calls: number;
}

/** Watches one trace for calls that the filters deny. */
export interface DenialObserver {
  add(event: StraceEvent): void;
  /** The denials in the order in which they happened first. */
  denials(): readonly Denial[];
  /**
   * The denied calls as a recording keeps them. What they got is the profile's own answer, no fact
   * of the workload: it stays unknown.
   */
  recorded(): Aggregate["syscalls"];
  /** A program was executed. */
  started(): boolean;
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

/**
 * More different denials than this are not told apart; a workload that makes them has run into the
 * first ones long before.
 */
const maxDenials = 500;

/** `filters`: the profile; `ceiling`: Docker's default. Both as the host resolves them. */
export function observeDenials(
  arch: ScmpArch,
  filters: ReadonlyMap<ScmpArch, Filter>,
  ceiling: ReadonlyMap<ScmpArch, Filter>,
): DenialObserver {
  const programs = new Programs();
  const aggregator = createAggregator({ arch });
  const open = new Map<string, Open>();
  /** What each process is watched for: its denials that have not yet ended. */
  const watched = new Map<number | undefined, Open[]>();
  let started = false;

  function call(event: SyscallEvent): void {
    const { pid } = event.tracee;
    follow(event, watched.get(pid) ?? []);
    const entered = compatArch(arch, event.personality);
    const syscall = entered === undefined ? undefined : libseccompName(entered, event.name);
    if (followsProgram(event.name)) {
      programs.follow(event);
      aggregator.add(event);
      if (event.name.startsWith("execve") && event.result.type === "value") started = true;
    }
    if (entered === undefined || syscall === undefined) return;
    const answer = deniedWith(event, entered, syscall, filters.get(entered));
    if (answer === undefined) return;
    if (!followsProgram(event.name)) aggregator.add(event);
    const args = shownArguments(event);
    const key = [pid, entered, syscall, ...args].join(" ");
    const known = open.get(key);
    if (known !== undefined) {
      known.times += 1;
      return;
    }
    if (open.size >= maxDenials) return;
    const allowed = ceiling.get(entered);
    const deniedByDefault =
      allowed === undefined ||
      answersOf(allowed, syscall, readable(event, entered, syscall)).every((action) => !isAllowing(action));
    const denial: Open = {
      arch: entered,
      syscall,
      callers: new Callers(),
      args,
      answer,
      deniedByDefault,
      times: 1,
      call: undefined,
      wrote: undefined,
      end: undefined,
      calls: 0,
    };
    programs.attribute(event.tracee, denial.callers);
    open.set(key, denial);
    watched.set(pid, [...(watched.get(pid) ?? []), denial]);
  }

  return {
    add(event) {
      if (event.kind === "syscall") call(event);
      if (event.kind === "exit") {
        for (const denial of watched.get(event.tracee.pid) ?? []) denial.end = event.status;
        watched.delete(event.tracee.pid);
        programs.ended(event.tracee.pid);
      }
    },
    denials() {
      programs.finish();
      return merge([...open.values()]);
    },
    recorded() {
      const wanted = new Set([...open.values()].map((denial) => `${denial.arch} ${denial.syscall}`));
      const { syscalls } = aggregator.finish();
      return Object.fromEntries(
        Object.entries(syscalls).map(([entered, calls]) => [
          entered,
          Object.fromEntries(
            Object.entries(calls)
              .filter(([name]) => wanted.has(`${entered} ${name}`))
              .map(([name, record]) => [name, { ...record, results: ["?"] }]),
          ),
        ]),
      );
    },
    started: () => started,
  };
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

/** A text longer than this is a line, whether it ends or not. */
const lineLength = 160;

function isLine(text: string): boolean {
  return text.length > lineLength || text.trimStart().includes("\n");
}

/** Denials that read alike are one: each worker of a pool runs into the same call. */
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

/** The action by which the filter kept this call from the kernel; undefined: it went through. */
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
 * Did the call come back as this action makes it? What kills or traps never returns, or returns its
 * own number.
 */
function answered(result: SyscallResult, action: Action): boolean {
  if (action.action !== "SCMP_ACT_ERRNO") return result.type !== "error";
  return (
    result.type === "error" &&
    (result.errno === errnoName(action.errnoRet) || result.errno === `errno ${action.errnoRet}`)
  );
}

/** The arguments whose numbers the trace shows, by the kernel's index. */
function readable(event: SyscallEvent, arch: ScmpArch, syscall: string): ReadonlyMap<ArgIndex, bigint> {
  const known = new Map<ArgIndex, bigint>();
  if (!event.argsComplete) return known;
  const inspected = inspectedArguments(arch, syscall);
  for (const index of argIndexes) {
    const position = inspected?.indices.indexOf(index) ?? -1;
    const name = position < 0 ? undefined : inspected?.names?.[position];
    // Where strace's order is not the kernel's, only the named arguments are sure.
    if (inspected?.names !== undefined && name === undefined) continue;
    const arg = name === undefined ? event.arg(index) : event.argNamed(name);
    const value = arg === undefined ? undefined : argNumber(arg, (symbol) => symbolValue(syscall, index, symbol));
    if (value !== undefined) known.set(index, BigInt.asUintN(value < 0n ? 32 : 64, value));
  }
  return known;
}

function shownArguments(event: SyscallEvent): readonly string[] {
  return event.argsComplete ? event.args.map(shownArgument) : ["…"];
}

/** Large numbers are addresses and sizes: of no use to a reader, and other ones on every run. */
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
