import { decode } from "./argument.ts";
import { readCall, type CallContext } from "./call.ts";
import { joinHalves } from "./head.ts";
import type { OpenCalls } from "./open-calls.ts";
import type { Outlet } from "./outlet.ts";
import type { ExitEvent, Personality, SignalEvent, StraceEvent, Tracee } from "./types.ts";
import { sourceOf, unparsed } from "./unparsed.ts";
import { maxMessage, oldMessage } from "./woven-text.ts";

/** Users may call strace by its path, or by a longer name (`strace-6.9`, `x86_64-linux-gnu-strace`). */
const message = /^(?:(?:\S*\/)?[\w.-]*strace[\w.-]*: |\S+: Process \d{1,10} (?:at|de)tached)/;
/** A line of a stack (-k) or a dump (-e read, -e write), with its leading blank. */
const frameOrDump = /^ [>|*] /;
/** The line before the dumps of sendmmsg and recvmmsg (mmsghdr.c, `dumpiov_in_mmsghdr`). */
const vectors = /^ = \d{1,10} buffers in vector \d{1,10}$/;
/** The end of a call. It also ends a second half that comes without a leader. */
const bareTail = /\) *= /;
/** A change of mode. strace before 5.11 writes it as a message, which may stand in another thread's line. */
const modeChange = /^((?:\S*\/)?strace: )?\[ Process PID=(\d{1,10}) runs in (64 bit|32 bit|x32) mode\. \]$/;
/** The head of a -c table (count.c). -U chooses its columns and their order. */
const tableHead = new RegExp(
  String.raw`^syscall$` +
    String.raw`|^ *(?:% time|(?:total|avg|shortest|longest|wall-\w+|seconds|usecs\/call|calls|errors|syscall)(?= ))` +
    String.raw`(?: +(?:% time|[a-z/-]+))+$`,
);
const tableTitle = /^System call usage summary for .* mode:$/;
/** The line above the picture that --tips draws at the end (strauss.c). */
const tipHead = /^ {2}_{30,60} {5,15}____$/;

/** Reads lines that are not calls. */
export class OtherLines {
  readonly #outlet: Outlet;
  readonly #open: OpenCalls;
  /** True if the line is in a summary (-c) or in a tip's picture. An empty line ends both. */
  #isInTable = false;

  constructor(outlet: Outlet, open: OpenCalls) {
    this.#outlet = outlet;
    this.#open = open;
  }

  /** `begins`: the first characters of the line, including the columns before the event. */
  read(body: string, begins: string, context: CallContext): StraceEvent {
    if (body === "") this.#isInTable = false;
    return (
      this.#signalOrEnd(body, context) ??
      this.#modeOf(body, context) ??
      this.#words(body, begins, context) ??
      this.#tailWithoutLeader(body, context) ??
      noLine(foreignFormat(body, context.line === 1) ?? "not a line of strace", body, context)
    );
  }

  #signalOrEnd(body: string, context: CallContext): StraceEvent | undefined {
    if (body.startsWith("--- ")) return this.#signal(body, context) ?? noLine("not a line of strace", body, context);
    if (body.startsWith("+++ "))
      return (
        this.#superseded(body, context) ?? this.#exit(body, context) ?? noLine("not a line of strace", body, context)
      );
    return undefined;
  }

  /**
   *     7 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---
   *       ^ body
   */
  #signal(body: string, context: CallContext): SignalEvent | undefined {
    const personality = this.#outlet.personalities.of(context.tracee.pid);
    const read = /^--- (stopped by )?([A-Z0-9_+]+)(?: (\{.*\}))? ---$/s.exec(body) ?? oldSignal(body);
    if (read === null) return undefined;
    const [, stop, name = "", info] = read;
    return {
      kind: "signal",
      tracee: context.tracee,
      source: sourceOf(context),
      signal: name,
      stop: stop !== undefined,
      personality,
      get info() {
        return info === undefined ? undefined : decode(Buffer.from(info, "latin1"), 0, info.length);
      },
    };
  }

  /**
   *     7 +++ superseded by execve in pid 9 +++
   *       ^ body
   */
  #superseded(body: string, context: CallContext): StraceEvent | undefined {
    const superseded = /^\+\+\+ superseded by execve in pid (\d{1,10}) \+\+\+$/.exec(body);
    if (superseded === null) return undefined;
    const { tracee } = context;
    const by = Number(superseded[1]);
    this.#open.drop(tracee.pid, "none");
    // The thread goes on under the leader's id, and its execve is resumed there.
    const head = this.#open.close(by);
    if (head !== undefined) this.#open.open(tracee.pid, { ...head, tracee });
    return { kind: "superseded", tracee, source: sourceOf(context), by };
  }

  /**
   *     7 +++ exited with 0 +++
   *       ^ body
   *     7 +++ killed by SIGSYS (core dumped) +++
   *       ^ body
   */
  #exit(body: string, context: CallContext): StraceEvent | undefined {
    const status = exitStatus(body);
    if (status === undefined) return undefined;
    const { tracee } = context;
    this.#open.drop(tracee.pid, "none");
    this.#outlet.personalities.ended(tracee.pid);
    return { kind: "exit", tracee, source: sourceOf(context), status };
  }

  /**
   *     7 [ Process PID=7 runs in 32 bit mode. ]
   *       ^ body
   */
  #modeOf(body: string, context: CallContext): StraceEvent | undefined {
    const mode = modeChange.exec(body);
    if (mode === null) return undefined;
    const { tracee } = context;
    const isMessage = mode[1] !== undefined;
    const personality = mode[3] as Personality;
    const about: Tracee = {
      pid: (isMessage ? undefined : tracee.pid) ?? Number(mode[2]),
      comm: isMessage ? undefined : tracee.comm,
    };
    for (const pid of tracee.pid === undefined ? [undefined, about.pid] : [about.pid])
      this.#outlet.personalities.set(pid, personality);
    return { kind: "personality", tracee: about, source: sourceOf(context), personality };
  }

  /** What strace writes for people: messages, stacks, dumps, summaries, tips. */
  #words(body: string, begins: string, context: CallContext): StraceEvent | undefined {
    const { tracee } = context;
    const said: StraceEvent = { kind: "message", tracee, source: sourceOf(context), text: body };
    if (body === "") return said;
    const words = body.slice(0, maxMessage);
    if (message.test(words) || oldMessage.test(words) || frameOrDump.test(begins) || vectors.test(body)) return said;
    if (tableHead.test(body)) {
      this.#isInTable = true;
      return this.#outlet.sawCall
        ? said
        : noLine(
            "a summary of strace -c has counts, but no arguments and no results; record without -c",
            body,
            context,
          );
    }
    if (tipHead.test(body)) this.#isInTable = true;
    return this.#isInTable || tableTitle.test(body) ? said : undefined;
  }

  /**
   * With -z, strace 6.1 writes second halves without a leader. Each belongs to the first half that was printed last.
   *
   *     8 read(3,  <unfinished ...>
   *     "ab", 9) = 2
   *     ^ body
   */
  #tailWithoutLeader(body: string, { tracee }: CallContext): StraceEvent | undefined {
    const half = tracee.pid === undefined ? this.#open.latestHead : undefined;
    if (half === undefined || !bareTail.test(body)) return undefined;
    const { pid } = half.tracee;
    if (this.#open.thread(pid).head !== half) return undefined;
    const rest = Buffer.from(body, "latin1");
    const whole = readCall(joinHalves(half, rest, 0, rest.length));
    if (whole === undefined) return undefined;
    this.#open.close(pid);
    return this.#outlet.callOf(whole, half);
  }
}

function noLine(reason: string, body: string, context: CallContext): StraceEvent {
  return unparsed(reason, body, context.tracee, sourceOf(context));
}

/** strace 4.5 writes `SIGCHLD (Child exited) @ 0 (0)`; strace 4.6 writes `{si_signo=SIGCHLD, …} (Child exited)`. */
function oldSignal(body: string): readonly (string | undefined)[] | null {
  const named = /^--- ([A-Z0-9_+]+) \([^()]*\)(?: @ [0-9a-f]+ \([0-9a-f]+\))? ---$/.exec(body);
  if (named !== null) return [body, undefined, named[1], undefined];
  const [, info, name] = /^--- (\{si_signo=([A-Z0-9_+]+), .*\}) \([^()]*\) ---$/s.exec(body) ?? [];
  return name === undefined ? null : [body, undefined, name, info];
}

function exitStatus(body: string): ExitEvent["status"] | undefined {
  const exited = /^\+\+\+ exited with (\d{1,10}) \+\+\+$/.exec(body);
  if (exited !== null) return { type: "exited", code: Number(exited[1]) };
  const killed = /^\+\+\+ killed by (\S+)( \(core dumped\))? \+\+\+$/.exec(body);
  if (killed === null) return undefined;
  return { type: "killed", signal: killed[1] ?? "", coreDumped: killed[2] !== undefined };
}

/** The reason for a line that another tool put its own text before. */
export const behindText = "a line of strace behind other text";
/** At most this many characters at either end of a line are looked at. */
const maxTail = 600;
/** The other tool's text also ends the line: ` |`, `", "stream": "stderr"}`. */
const endsAsCall = /\) += (?:-?\d|0x[0-9a-f]|\?)(?:[^"]*|.{0,200})$|<unfinished \.\.\.>.{0,200}$/;
const beginsCallLate = /[^\w.](?:[a-z_][a-z0-9_]*\(|<\.\.\. [a-z])/;

/** The format of another tracer. Users take such logs for strace's. */
function foreignFormat(body: string, isFirst: boolean): string | undefined {
  if (isFirst && /^(?:\u00ff\u00fe|\u00fe\u00ff)/.test(body))
    return "UTF-16 text (PowerShell writes it): convert it to UTF-8";
  if (/^\( *\d+\.\d+ ms\): /.test(body) || /^\d+\.\d+ \( *\d+\.\d+ ms\)/.test(body))
    return "a line of perf trace, not of strace";
  const tail = body.slice(-maxTail);
  const isBehind = endsAsCall.test(tail) && beginsCallLate.test(body.slice(0, maxTail));
  // strace ends the line there; the rest is another tool's.
  return isBehind || / <unfinished \.\.\.> *\S/.test(tail) ? behindText : undefined;
}
