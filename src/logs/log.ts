import {
  connectedClient,
  type Aggregate,
  type Aggregator,
  type LogFacts,
  type Unseen,
  type UnreadRanges,
} from "../core/recording/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import {
  allArchitectures,
  dockerArch,
  hostArch,
  isSyscallName,
  libseccompName,
  type ScmpArch,
} from "../core/tables/index.ts";
import type { Terminal } from "../project/index.ts";
import { behindText, brokenText } from "../strace-parser/index.ts";

/** A log of strace that was read to its end. */
export interface Log {
  readonly kind: "log";
  readonly label: string;
  readonly aggregate: Aggregate;
  /** Why the log lacks the start or other calls of its program. `undefined` if nothing is known to be missing. */
  readonly lack: string | undefined;
}

/** What is known about a log beside its lines. */
export interface LogOrigin {
  readonly label: string;
  /** Another tool had written text around strace's lines. It was removed. */
  readonly isFramed: boolean;
  readonly arch: ScmpArch;
  /** Its last lines show that a program goes on. */
  readonly isCut: boolean;
}

/**
 * Ends a log, and says what could not be read and what strace did not see. `undefined` if a thread's log has only the
 * thread's end. Throws if the log is not strace's, was read only in part, or belongs to another architecture.
 */
export function readLog(aggregator: Aggregator, origin: LogOrigin, terminal: Terminal): Log | undefined {
  const { label, arch, isCut } = origin;
  const { calls, unparsed, unparsedTotal } = aggregator.counts();
  const facts = aggregator.facts();
  const unread = aggregator.unread();
  refuseHalf(unread, calls, origin);
  if (calls === 0) {
    if (unparsedTotal === 0 && facts.ended) return undefined;
    throw new SeccompGenError({ code: "not-a-trace", path: label, detail: unparsed[0]?.reason ?? "it is empty" });
  }
  refuseModes(facts, origin);
  for (const { reason, ranges } of unread) terminal.note(`${label}:${rangesText(ranges)}: not read: ${reason}`);
  if (unparsedTotal > 0)
    terminal.note(`${label}: ${linesText(unparsedTotal)} ${unparsedTotal === 1 ? "was" : "were"} not read`);
  const aggregate = aggregator.finish();
  refuseOtherArchitecture(Object.keys(aggregate.syscalls[arch] ?? {}), origin);
  const open = aggregator.unreadArguments().map(({ name, line }) => `${name} (line ${line})`);
  if (open.length > 0)
    terminal.note(`${label}: arguments that could not be read, so they are not pinned: ${open.join(", ")}`);
  for (const [kind, line] of facts.unseen)
    if (kind !== "child" || !isThreadsLog(label)) terminal.note(`${label}:${line}: ${unseenText[kind]}`);
  const client = connectedClient(aggregate);
  if (client !== undefined)
    terminal.note(
      `${label}: ${client} ran and asked its engine: the log holds the client's calls, not those of the containers ` +
        "that it started; seccomp-gen record -- docker run … records theirs",
    );
  const lack = lackOf(facts, aggregate);
  if (lack === undefined && isCut && !isThreadsLog(label))
    terminal.note(
      `${label}: the log ends before its program does: strace was stopped, or the log's tail is missing; the ` +
        "profile lacks what the program does later",
    );
  return { kind: "log", label, aggregate, lack };
}

/** strace -ff writes a log for each thread, with the thread's id in its name. The log may be packed. */
function isThreadsLog(label: string): boolean {
  return setOf(label) !== label;
}

/**
 * Names the logs that one strace wrote. Of the logs that `strace -ff -o log` writes (log.PID), only one has the start.
 * A log with another name is of another run.
 */
export function setOf(label: string): string {
  return label.replace(/\.\d+(?=(?:\.[a-z]\w*)?$)/, "");
}

const unseenText: { readonly [kind in Unseen]: string } = {
  child:
    "strace followed no child (it ran without -f): the log lacks what processes and threads did that " +
    "started here or later",
  detached: "strace left a process where it started another program (-b execve): the log lacks what that program did",
  untraced: "a process started that tracers do not follow (CLONE_UNTRACED): the log lacks what it did",
  tracer: "a program traces others (ptrace), which strace prevents: the log lacks what it would do with them",
  filter: "a seccomp filter ended a call here (SIGSYS): the log lacks what the program would do after it",
};

function linesText(count: number): string {
  return count === 1 ? "1 line" : `${count} lines`;
}

function rangesText(ranges: UnreadRanges["ranges"]): string {
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}

/**
 * Another tool changed the lines of strace if this many have another prefix, or one in twenty. Calls that lack their
 * end must reach both limits.
 */
const many = 5;
const oneIn = 20;

/** Throws for a log that was read only in part: its profile would lack the other part. */
function refuseHalf(unread: readonly UnreadRanges[], calls: number, { label, isFramed }: LogOrigin): void {
  const of = (text: string): UnreadRanges | undefined => unread.find(({ reason }) => reason === text);
  const [behind, broken] = [of(behindText), of(brokenText)];
  if (broken !== undefined && broken.lines >= many && broken.lines * oneIn > calls)
    throw new SeccompGenError({
      code: "foreign-log",
      path: `${label}:${firstRanges(broken)}`,
      detail: `${broken.lines} calls lack their end: another tool cut or wrapped the lines of strace`,
      todo: "Let strace write its own file (-o FILE), and do not copy it from a terminal or a page.",
    });
  if (behind === undefined || (!isFramed && behind.lines < many && behind.lines * oneIn < calls)) return;
  const verb = behind.lines === 1 ? "has" : "have";
  throw new SeccompGenError({
    code: "foreign-log",
    path: `${label}:${firstRanges(behind)}`,
    detail: `${linesText(behind.lines)} of strace ${verb} another prefix than the others`,
    todo:
      "Give the lines of one container without a prefix: docker logs CONTAINER, docker compose logs " +
      "--no-log-prefix SERVICE, or kubectl logs POD. Or let strace write its own file (-o FILE).",
  });
}

function firstRanges({ ranges }: UnreadRanges): string {
  return `${rangesText(ranges.slice(0, 5))}${ranges.length > 5 ? ",…" : ""}`;
}

/** strace names modes if the machine has several. */
function refuseModes({ namesModes }: LogFacts, { label, arch }: LogOrigin): void {
  const host = hostArch(arch, allArchitectures);
  if (!namesModes || host === arch) return;
  throw new SeccompGenError({
    code: "foreign-log",
    path: label,
    detail:
      `strace named the modes of processes, which it does on ${dockerArch(host)} and not on ` + `${dockerArch(arch)}`,
    todo: `Name the architecture of the machine that wrote it: --arch ${dockerArch(host)}`,
  });
}

/** At most this many names are listed. */
const maxSaid = 4;

/** `names`: the calls of the machine's own mode, by the recording's names. */
function refuseOtherArchitecture(names: readonly string[], { label, arch }: LogOrigin): void {
  const strange = names.filter((name) => isSyscallName(name) && libseccompName(arch, name) === undefined);
  if (strange.length === 0) return;
  const known = names.filter(isSyscallName);
  const others = allArchitectures.filter((other) => known.every((name) => libseccompName(other, name) !== undefined));
  const said = strange.slice(0, maxSaid).join(", ") + (strange.length > maxSaid ? " …" : "");
  throw new SeccompGenError({
    code: "foreign-log",
    path: label,
    detail: `${dockerArch(arch)} has no call ${said}: the log was written on a machine of another architecture`,
    todo: whichMachine(others.map(dockerArch)),
  });
}

function whichMachine(candidates: readonly string[]): string {
  if (candidates.length === 0)
    return (
      "Name the architecture of the machine that wrote it with --arch. No architecture that libseccomp " +
      "knows has all of its calls."
    );
  const [only] = candidates;
  return candidates.length === 1
    ? `Name the architecture of the machine that wrote it: --arch ${only}`
    : `Name the architecture of the machine that wrote it with --arch. These have all of its calls: ` +
        `${candidates.join(", ")}`;
}

/** Why the log lacks the start or other calls of its program. `undefined` if nothing is known to be missing. */
function lackOf({ beginsWithStart, firstCall, exited }: LogFacts, { syscalls }: Aggregate): string | undefined {
  if (!beginsWithStart)
    return (
      `the log lacks the program's start, as it begins with ${firstCall ?? "no call"}: ` +
      "strace was attached later (-p), or the log's head is missing"
    );
  const seen = new Set(Object.values(syscalls).flatMap((calls) => Object.keys(calls)));
  const has = (...names: readonly string[]): boolean => names.some((name) => seen.has(name));
  const lacks = [
    ...(has("brk", "mmap", "mmap2") ? [] : ["memory (brk, mmap)"]),
    ...(has("mmap", "mmap2") && !has("open", "openat") ? ["files (open, openat)"] : []),
    ...(exited && !has("exit", "exit_group") ? ["its end (exit_group)"] : []),
  ];
  return lacks.length === 0
    ? undefined
    : `the log holds no calls for ${lacks.join(", ")}: strace traced only some calls (-e trace=…, -z), and the ` +
        "profile lacks what was not traced";
}
