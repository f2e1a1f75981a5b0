import { decode } from "./argument.ts";
import { endsWith, latin1, startsWith } from "./bytes.ts";
import { LazySyscall, nameOf, readCall } from "./call.ts";
import type { CallContext, CallText } from "./call.ts";
import { createLineCutter, maxLine } from "./lines.ts";
import { Personalities } from "./personalities.ts";
import { readPrefix } from "./prefix.ts";
import type { ExitEvent, Personality, SignalEvent, Source, StraceEvent, SyscallEvent, Tracee } from "./types.ts";

export interface ParserOptions {
  /** What to call the log in events' `source`. */
  readonly file?: string | undefined;
}

/** The push core: feed bytes, get events. `end` gives what was still open. */
export interface StraceParser {
  /** Events read from the chunk when they are asked for something: do not write to it while you keep them. The parser itself keeps nothing of it. */
  push(chunk: Uint8Array | string): StraceEvent[];
  end(): StraceEvent[];
  /** Lines read so far, and how many of them went on with what an earlier one began: the others are one event each. */
  counts(): { readonly lines: number; readonly continuations: number };
}

/** The beginning of a call whose end stands in another line: `bytes` from `start` up to `end`. */
interface Head {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly context: CallContext;
}

const escape = 0x1b;
const carriageReturn = 0x0d;
const blank = 0x20;
const less = 0x3c;

const resumed = /^<\.\.\. ([A-Za-z_][A-Za-z0-9_#]*|\?\?\?\??) resumed>/;
const message = /^(?:\S*\/)?strace: /;
const woven = /strace: Process \d+ (?:attached(?: with \d+ threads)?|detached)$/;
const tableHead = /^% time +\S/;

/** A parser of one log (strace -o FILE, or strace's standard error). Total: no bytes make it throw. */
export function createStraceParser(options: ParserOptions = {}): StraceParser {
  const { file } = options;
  const cutter = createLineCutter();
  const pending = new Map<number | undefined, Head>();
  const personalities = new Personalities();
  /** A call that broke off at the end of its line: what shares the stream wrote into it. */
  let cut: (Head & { readonly byMessage: boolean }) | undefined;
  /** The last first half that was printed: with -z, a second half comes without leader. */
  let lastHead: Head | undefined;
  let inTable = false;
  let sawCall = false;
  let line = 0;
  let continuations = 0;
  let events: StraceEvent[] = [];

  const emit = (text: CallText, context: CallContext): SyscallEvent => {
    sawCall = true;
    const event = new LazySyscall(text, context, personalities.of(context.tracee.pid));
    personalities.follow(event);
    return event;
  };

  /** A call that will not be resumed. */
  const broken = ({ bytes, start, end, context }: Head, type: "none" | "unfinished"): SyscallEvent => {
    const name = nameOf(bytes, start, end) ?? "???";
    let last = end;
    while (last > start && bytes[last - 1] === blank) last -= 1;
    if (bytes[last - 1] === 0x2c) last -= 1;
    else last = end;
    const first = start + name.length + 1;
    return emit({ name, bytes, start: first, end: Math.max(first, last), read: { result: { type }, injected: false }, argsComplete: false }, context);
  };

  /** The thread is no longer inside of its call. */
  const close = (pid: number | undefined): Head | undefined => {
    if (pending.size === 0) return undefined;
    const open = pending.get(pid);
    if (open !== undefined) pending.delete(pid);
    personalities.resumed(pid);
    return open;
  };

  const drop = (pid: number | undefined, type: "none" | "unfinished"): void => {
    const open = close(pid);
    if (open !== undefined) events.push(broken(open, type));
  };

  const dropCut = (): void => {
    if (cut !== undefined) events.push(unparsed("a call without its end", latin1(cut.bytes, cut.start, cut.end), cut.context.tracee, sourceOf(cut.context)));
    cut = undefined;
  };

  /** A whole call, or its first half; false: neither. */
  function begin(bytes: Uint8Array, start: number, end: number, context: CallContext, complete: boolean): boolean {
    const { pid } = context.tracee;
    const half = firstHalf(bytes, start, end);
    const textEnd = half?.end ?? end;
    const whole = half === undefined || half.released ? readCall(bytes, start, textEnd) : undefined;
    if (half === undefined && whole === undefined && complete) return false;
    drop(pid, "none");
    if (whole !== undefined) {
      events.push(emit(whole, context));
    } else if (half === undefined || half.released) {
      events.push(broken({ bytes, start, end: textEnd, context }, "unfinished"));
    } else {
      lastHead = kept(bytes, start, textEnd, context);
      pending.set(pid, lastHead);
      personalities.interrupted(pid, nameOf(bytes, start, textEnd));
    }
    return true;
  }

  /** Every line is one event, unless it goes on with, or is gone on with by, another. */
  function count(bytes: Uint8Array, start: number, end: number, complete: boolean): void {
    const before = events.length;
    read(bytes, start, end, complete);
    continuations += 1 - (events.length - before);
  }

  function read(bytes: Uint8Array, start: number, end: number, complete: boolean): void {
    line += 1;
    const prefix = readPrefix(bytes, start, end);
    const { tracee } = prefix;
    const context: CallContext = { tracee, number: prefix.number, file, line, column: prefix.end - start + 1 };
    if (end - start > maxLine) {
      events.push(unparsed("a line longer than 64 MiB", latin1(bytes, start, start + maxShown), tracee, sourceOf(context)));
      return;
    }
    const at = prefix.end;
    let last = end;
    while (last > at && bytes[last - 1] === blank) last -= 1;
    if (cut !== undefined && tracee.pid === undefined && goesOn(bytes, at, last)) return;
    if (nameOf(bytes, at, last) !== undefined && !startsWith(bytes, at, last, "strace: ")) {
      const weave = endsWith(bytes, at, last, "tached") || endsWith(bytes, at, last, " threads") ? woven.exec(latin1(bytes, at, last)) : null;
      if (weave === null && begin(bytes, at, last, context, complete)) return;
      dropCut();
      cut = { ...kept(bytes, at, weave === null ? last : at + weave.index, context), byMessage: weave !== null };
      if (weave !== null) events.push({ kind: "message", tracee, source: sourceOf(context), text: weave[0] });
      return;
    }
    if (bytes[at] === less && startsWith(bytes, at, last, "<... ")) return resume(bytes, at, last, context);
    events.push(other(latin1(bytes, at, last), latin1(bytes, start, Math.min(end, start + 3)), context));
  }

  /** The other half of a call that something else was written into. */
  function goesOn(bytes: Uint8Array, start: number, end: number): boolean {
    if (cut === undefined || (!cut.byMessage && bytes[start] !== 0x29)) return false;
    const begun = cut;
    const joined = join(begun.bytes, begun.start, begun.end, bytes, start, end);
    cut = undefined;
    if (begin(joined, 0, joined.length, begun.context, true)) return true;
    cut = begun;
    return false;
  }

  function resume(bytes: Uint8Array, start: number, end: number, context: CallContext): void {
    const { tracee } = context;
    const name = resumed.exec(latin1(bytes, start, Math.min(end, start + 100)))?.[1];
    if (name === undefined) return void events.push(unparsed("not a line of strace", latin1(bytes, start, end), tracee, sourceOf(context)));
    const after = start + "<... ".length + name.length + " resumed>".length;
    // Without -o the pid column is there only while several threads live: the first half may have none.
    const key = isHeadOf(pending.get(tracee.pid), name) ? tracee.pid : undefined;
    const open = isHeadOf(pending.get(key), name) ? close(key) : undefined;
    if (open === undefined) return void events.push(orphan(name, bytes, start, after, end, context));
    // strace may learn the name only when the call ends.
    const begun = nameOf(open.bytes, open.start, open.end)?.startsWith("???") === true ? renamed(name, open) : open;
    const whole: CallContext = { ...open.context, tracee, number: open.context.number ?? context.number };
    const joined = join(begun.bytes, begun.start, begun.end, bytes, after, end);
    if (begin(joined, 0, joined.length, whole, true)) return;
    // strace before 5.0 writes a blank after `resumed>`.
    let trimmed = begun.end;
    while (trimmed > begun.start && begun.bytes[trimmed - 1] === blank) trimmed -= 1;
    const closer = join(begun.bytes, begun.start, trimmed, bytes, after, end);
    if (begin(closer, 0, closer.length, whole, true)) return;
    events.push(broken(open, "unfinished"));
  }

  /** The log began in the middle of the call: its arguments are lost, its name and result are not. */
  function orphan(name: string, bytes: Uint8Array, start: number, after: number, end: number, context: CallContext): StraceEvent {
    const tail = /\) *= ([^"]*)$/s.exec(latin1(bytes, after, end));
    const bare = tail === null ? undefined : Buffer.from(`${name}() = ${tail[1]}`, "latin1");
    const whole = bare === undefined ? undefined : readCall(bare, 0, bare.length);
    return whole === undefined ? unparsed("the second half of a call that never began", latin1(bytes, start, end), context.tracee, sourceOf(context)) : emit({ ...whole, argsComplete: false }, context);
  }

  /** A line that is no call. `begins`: its first characters, with what stands before the event. */
  function other(body: string, begins: string, context: CallContext): StraceEvent {
    const { tracee } = context;
    const source = sourceOf(context);
    const said = (words: string): StraceEvent => ({ kind: "message", tracee, source, text: words });
    if (body === "") {
      inTable = false;
      return said("");
    }
    if (body.startsWith("--- ")) return signal(body, tracee, source, personalities.of(tracee.pid)) ?? unparsed("not a line of strace", body, tracee, source);
    if (body.startsWith("+++ ")) return ended(body, tracee, source);
    const mode = /^\[ Process PID=(\d{1,10}) runs in (64 bit|32 bit|x32) mode\. \]$/.exec(body);
    if (mode !== null) {
      const personality = mode[2] as Personality;
      const about: Tracee = { pid: tracee.pid ?? Number(mode[1]), comm: tracee.comm };
      for (const pid of new Set([tracee.pid, about.pid])) personalities.set(pid, personality);
      return { kind: "personality", tracee: about, source, personality };
    }
    if (message.test(body) || /^ [>|*] /.test(begins)) return said(body);
    if (tableHead.test(body)) {
      inTable = true;
      return sawCall ? said(body) : unparsed("a summary of strace -c counts calls, but holds neither arguments nor results; record without -c", body, tracee, source);
    }
    if (inTable || /^System call usage summary for .* mode:$/.test(body)) return said(body);
    const half = tracee.pid === undefined ? lastHead : undefined;
    const key = half?.context.tracee.pid;
    if (half !== undefined && pending.get(key) === half && /\) *= /.test(body)) {
      const rest = Buffer.from(body, "latin1");
      const joined = join(half.bytes, half.start, half.end, rest, 0, rest.length);
      const whole = readCall(joined, 0, joined.length);
      if (whole !== undefined) {
        close(key);
        return emit(whole, half.context);
      }
    }
    return unparsed(foreignFormat(body, line) ?? "not a line of strace", body, tracee, source);
  }

  function ended(body: string, tracee: Tracee, source: Source): StraceEvent {
    const superseded = /^\+\+\+ superseded by execve in pid (\d{1,10}) \+\+\+$/.exec(body);
    if (superseded !== null) {
      const by = Number(superseded[1]);
      drop(tracee.pid, "none");
      // The thread goes on under the leader's id: its execve is resumed there.
      const open = close(by);
      if (open !== undefined) pending.set(tracee.pid, { ...open, context: { ...open.context, tracee } });
      return { kind: "superseded", tracee, source, by };
    }
    const status = exitStatus(body);
    if (status === undefined) return unparsed("not a line of strace", body, tracee, source);
    drop(tracee.pid, "none");
    personalities.ended(tracee.pid);
    return { kind: "exit", tracee, source, status };
  }

  /** A line with colours, NULs or a carriage return is read without them; `mayBeColoured`: there is an escape character somewhere around. */
  function readLine(bytes: Uint8Array, start: number, end: number, complete: boolean, mayBeColoured: boolean): void {
    const odd = bytes[end - 1] === carriageReturn || bytes[start] === 0 || (mayBeColoured && bytes.subarray(start, end).includes(escape));
    if (!odd || start === end || end - start > maxLine) return count(bytes, start, end, complete);
    const plain = cleaned(latin1(bytes, start, end));
    count(plain, 0, plain.length, complete);
  }

  const taken = (): StraceEvent[] => {
    const made = events;
    events = [];
    return made;
  };

  return {
    push(chunk) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk, "utf8") : chunk;
      const coloured = bytes.includes(escape);
      cutter.push(bytes, (held, start, end) => readLine(held, start, end, true, coloured || held !== bytes));
      return taken();
    },
    end() {
      const rest = cutter.rest();
      if (rest !== undefined) readLine(rest, 0, rest.length, false, true);
      const before = events.length;
      dropCut();
      for (const pid of [...pending.keys()]) drop(pid, "unfinished");
      continuations -= events.length - before;
      return taken();
    },
    counts: () => ({ lines: line, continuations }),
  };
}

function sourceOf({ file, line, column }: CallContext): Source {
  return { file, line, column };
}

/** What is to be gone on with later must not depend on the chunk. */
function kept(bytes: Uint8Array, start: number, end: number, context: CallContext): Head {
  return { bytes: bytes.slice(start, end), start: 0, end: end - start, context };
}

function join(a: Uint8Array, aStart: number, aEnd: number, b: Uint8Array, bStart: number, bEnd: number): Uint8Array {
  const whole = new Uint8Array(aEnd - aStart + bEnd - bStart);
  whole.set(a.subarray(aStart, aEnd));
  whole.set(b.subarray(bStart, bEnd), aEnd - aStart);
  return whole;
}

/** A call with another name. */
function renamed(name: string, { bytes, start, end, context }: Head): Head {
  const before = Buffer.from(name, "latin1");
  const whole = join(before, 0, before.length, bytes, bytes.indexOf(0x28, start), end);
  return { bytes: whole, start: 0, end: whole.length, context };
}

const halfMark = / ?<(unfinished|detached|pid changed to \d+) \.\.\.>$/;

/** strace marks a call that it could not finish on its line; `released`: it let go of the thread, or (-ff) the thread's log goes on in another file. */
function firstHalf(bytes: Uint8Array, start: number, end: number): { readonly end: number; readonly released: boolean } | undefined {
  if (bytes[end - 1] !== 0x3e || !endsWith(bytes, start, end, " ...>")) return undefined;
  const from = Math.max(start, end - 40);
  const mark = halfMark.exec(latin1(bytes, from, end));
  return mark === null ? undefined : { end: from + mark.index, released: mark[1] !== "unfinished" };
}

function isHeadOf(head: Head | undefined, name: string): boolean {
  if (head === undefined) return false;
  const own = nameOf(head.bytes, head.start, head.end);
  return own === name || own?.startsWith("???") === true;
}

/** Without colours (color.c), NULs (holes in a file that a program truncated) and carriage returns: strace writes none of them as data. */
function cleaned(text: string): Uint8Array {
  return Buffer.from(text.replace(/\u001b\[[0-9;]*m|\0+|\r$/g, ""), "latin1");
}

function signal(body: string, tracee: Tracee, source: Source, personality: Personality): SignalEvent | undefined {
  const read = /^--- (stopped by )?([A-Z0-9_+]+)(?: (\{.*\}))? ---$/s.exec(body);
  if (read === null) return undefined;
  const [, stop, name = "", info] = read;
  return { kind: "signal", tracee, source, signal: name, stop: stop !== undefined, personality, info: info === undefined ? undefined : decode(Buffer.from(info, "latin1"), 0, info.length) };
}

function exitStatus(body: string): ExitEvent["status"] | undefined {
  const exited = /^\+\+\+ exited with (\d{1,10}) \+\+\+$/.exec(body);
  if (exited !== null) return { type: "exited", code: Number(exited[1]) };
  const killed = /^\+\+\+ killed by (\S+)( \(core dumped\))? \+\+\+$/.exec(body);
  return killed === null ? undefined : { type: "killed", signal: killed[1] ?? "", coreDumped: killed[2] !== undefined };
}

/** Other tracers' logs are met under the name of strace's. */
function foreignFormat(body: string, line: number): string | undefined {
  if (line === 1 && /^(?:\u00ff\u00fe|\u00fe\u00ff)/.test(body)) return "UTF-16 text (PowerShell writes it): convert it to UTF-8";
  if (/^\( *\d+\.\d+ ms\): /.test(body) || /^\d+\.\d+ \( *\d+\.\d+ ms\)/.test(body)) return "a line of perf trace, not of strace";
  return undefined;
}

/** So much of a line is shown. */
const maxShown = 200;

function unparsed(reason: string, text: string, tracee: Tracee, source: Source): StraceEvent {
  return { kind: "unparsed", tracee, source, reason, text: text.slice(0, maxShown) };
}
