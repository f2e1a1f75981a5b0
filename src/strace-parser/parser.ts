import { decode } from "./argument.ts";
import { LazySyscall, nameOf, readCall } from "./call.ts";
import type { CallText } from "./call.ts";
import { createLineCutter, maxLine } from "./lines.ts";
import { Personalities } from "./personalities.ts";
import { readPrefix } from "./prefix.ts";
import type { Prefix } from "./prefix.ts";
import type { ExitEvent, Personality, SignalEvent, Source, StraceEvent, SyscallEvent, Tracee } from "./types.ts";

export interface ParserOptions {
  /** What to call the log in events' `source`. */
  readonly file?: string | undefined;
}

/** The push core: feed bytes, get events. `end` gives what was still open. */
export interface StraceParser {
  push(chunk: Uint8Array | string): StraceEvent[];
  end(): StraceEvent[];
  /** Lines read so far, and how many of them went on with what an earlier one began: the others are one event each. */
  counts(): { readonly lines: number; readonly continuations: number };
}

/** The beginning of a call whose end stands in another line. */
interface Head {
  readonly text: string;
  readonly prefix: Prefix;
  readonly source: Source;
}

const resumed = /^<\.\.\. ([A-Za-z_][A-Za-z0-9_#]*|\?\?\?\??) resumed>/;
const message = /^(?:\S*\/)?strace: /;
const woven = /strace: Process \d+ (?:attached(?: with \d+ threads)?|detached)$/;
const tableHead = /^% time +\S/;

/** A parser of one log (strace -o FILE, or strace's standard error). Total: no bytes make it throw. */
export function createStraceParser(options: ParserOptions = {}): StraceParser {
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

  const emit = (text: CallText, { prefix, source }: Pick<Head, "prefix" | "source">): SyscallEvent => {
    sawCall = true;
    const event = new LazySyscall(text, { tracee: prefix.tracee, source, number: prefix.number, personality: personalities.of(prefix.tracee.pid) });
    personalities.follow(event);
    return event;
  };

  /** A call that will not be resumed. */
  const broken = (head: Head, type: "none" | "unfinished"): SyscallEvent => {
    const name = nameOf(head.text) ?? "???";
    return emit({ name, args: head.text.slice(name.length + 1).replace(/, *$/, ""), result: { type }, injected: false, argsComplete: false }, head);
  };

  /** The thread is no longer inside of its call. */
  const close = (pid: number | undefined): Head | undefined => {
    const open = pending.get(pid);
    pending.delete(pid);
    personalities.resumed(pid);
    return open;
  };

  const drop = (pid: number | undefined, type: "none" | "unfinished", events: StraceEvent[]): void => {
    const open = close(pid);
    if (open !== undefined) events.push(broken(open, type));
  };

  const dropCut = (events: StraceEvent[]): void => {
    if (cut !== undefined) events.push(unparsed("a call without its end", cut.text, cut.prefix.tracee, cut.source));
    cut = undefined;
  };

  /** A whole call, or its first half; false: neither. */
  function begin(head: Head, complete: boolean, events: StraceEvent[]): boolean {
    const { pid } = head.prefix.tracee;
    const half = firstHalf(head.text);
    const whole = half === undefined || half.released ? readCall(half?.text ?? head.text) : undefined;
    if (half === undefined && whole === undefined && complete) return false;
    drop(pid, "none", events);
    if (whole !== undefined) {
      events.push(emit(whole, head));
    } else if (half === undefined || half.released) {
      events.push(broken({ ...head, text: half?.text ?? head.text }, "unfinished"));
    } else {
      lastHead = { ...head, text: half.text };
      pending.set(pid, lastHead);
      personalities.interrupted(pid, nameOf(half.text));
    }
    return true;
  }

  /** Every line is one event, unless it goes on with, or is gone on with by, another. */
  function count(raw: string, complete: boolean, events: StraceEvent[]): void {
    const before = events.length;
    read(raw, complete, events);
    continuations += 1 - (events.length - before);
  }

  function read(raw: string, complete: boolean, events: StraceEvent[]): void {
    line += 1;
    const text = isPlain(raw) ? raw : cleaned(raw);
    const prefix = readPrefix(text);
    const { tracee } = prefix;
    const source: Source = { file: options.file, line, column: prefix.end + 1 };
    if (raw.length > maxLine) {
      events.push(unparsed("a line longer than 64 MiB", raw, tracee, source));
      return;
    }
    const rest = prefix.end === 0 ? text : text.slice(prefix.end);
    const body = rest.endsWith(" ") ? rest.trimEnd() : rest;
    if (cut !== undefined && tracee.pid === undefined && goesOn(body, events)) return;
    const code = body.charCodeAt(0);
    const isName = (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || code === 0x3f;
    if (isName && !body.startsWith("strace: ") && nameOf(body) !== undefined) {
      const weave = body.endsWith("tached") || body.endsWith(" threads") ? woven.exec(body) : null;
      const head: Head = { text: weave === null ? body : body.slice(0, weave.index), prefix, source };
      if (weave === null && begin(head, complete, events)) return;
      dropCut(events);
      cut = { ...head, byMessage: weave !== null };
      if (weave !== null) events.push({ kind: "message", tracee, source, text: weave[0] });
      return;
    }
    if (body.startsWith("<... ")) return resume(body, prefix, source, events);
    events.push(other(body, text, tracee, source, events));
  }

  /** The other half of a call that something else was written into. */
  function goesOn(body: string, events: StraceEvent[]): boolean {
    if (cut === undefined || (!cut.byMessage && !body.startsWith(")"))) return false;
    const head: Head = { ...cut, text: cut.text + body };
    const begun = cut;
    cut = undefined;
    if (begin(head, true, events)) return true;
    cut = begun;
    return false;
  }

  function resume(body: string, prefix: Prefix, source: Source, events: StraceEvent[]): void {
    const { tracee } = prefix;
    const name = resumed.exec(body)?.[1];
    if (name === undefined) return void events.push(unparsed("not a line of strace", body, tracee, source));
    const after = body.slice(body.indexOf("resumed>") + "resumed>".length);
    // Without -o the pid column is there only while several threads live: the first half may have none.
    const key = isHeadOf(pending.get(tracee.pid), name) ? tracee.pid : undefined;
    const open = isHeadOf(pending.get(key), name) ? close(key) : undefined;
    if (open === undefined) return void events.push(orphan(name, after, body, prefix, source));
    // strace may learn the name only when the call ends.
    const begun = open.text.startsWith("???") ? name + open.text.slice(open.text.indexOf("(")) : open.text;
    const head: Head = { text: begun + after, prefix: { tracee, number: open.prefix.number ?? prefix.number, end: open.prefix.end }, source: open.source };
    if (begin(head, true, events)) return;
    // strace before 5.0 writes a blank after `resumed>`.
    if (begin({ ...head, text: begun.trimEnd() + after }, true, events)) return;
    events.push(broken(open, "unfinished"));
  }

  /** The log began in the middle of the call: its arguments are lost, its name and result are not. */
  function orphan(name: string, after: string, body: string, prefix: Prefix, source: Source): StraceEvent {
    const tail = /\) *= ([^"]*)$/s.exec(after);
    const whole = tail === null ? undefined : readCall(`${name}() = ${tail[1]}`);
    return whole === undefined ? unparsed("the second half of a call that never began", body, prefix.tracee, source) : emit({ ...whole, argsComplete: false }, { prefix, source });
  }

  function other(body: string, text: string, tracee: Tracee, source: Source, events: StraceEvent[]): StraceEvent {
    const said = (words: string): StraceEvent => ({ kind: "message", tracee, source, text: words });
    if (body === "") {
      inTable = false;
      return said("");
    }
    if (body.startsWith("--- ")) return signal(body, tracee, source, personalities.of(tracee.pid)) ?? unparsed("not a line of strace", body, tracee, source);
    if (body.startsWith("+++ ")) return ended(body, tracee, source, events);
    const mode = /^\[ Process PID=(\d{1,10}) runs in (64 bit|32 bit|x32) mode\. \]$/.exec(body);
    if (mode !== null) {
      const personality = mode[2] as Personality;
      const about: Tracee = { pid: tracee.pid ?? Number(mode[1]), comm: tracee.comm };
      for (const pid of new Set([tracee.pid, about.pid])) personalities.set(pid, personality);
      return { kind: "personality", tracee: about, source, personality };
    }
    if (message.test(body) || /^ [>|*] /.test(text)) return said(body);
    if (tableHead.test(body)) {
      inTable = true;
      return sawCall ? said(body) : unparsed("a summary of strace -c counts calls, but holds neither arguments nor results; record without -c", body, tracee, source);
    }
    if (inTable || /^System call usage summary for .* mode:$/.test(body)) return said(body);
    const half = tracee.pid === undefined ? lastHead : undefined;
    const key = half?.prefix.tracee.pid;
    if (half !== undefined && pending.get(key) === half && /\) *= /.test(body)) {
      const whole = readCall(half.text + body);
      if (whole !== undefined) {
        close(key);
        return emit(whole, half);
      }
    }
    return unparsed(foreignFormat(body, line) ?? "not a line of strace", body, tracee, source);
  }

  function ended(body: string, tracee: Tracee, source: Source, events: StraceEvent[]): StraceEvent {
    const superseded = /^\+\+\+ superseded by execve in pid (\d{1,10}) \+\+\+$/.exec(body);
    if (superseded !== null) {
      const by = Number(superseded[1]);
      drop(tracee.pid, "none", events);
      // The thread goes on under the leader's id: its execve is resumed there.
      const open = close(by);
      if (open !== undefined) pending.set(tracee.pid, { ...open, prefix: { ...open.prefix, tracee } });
      return { kind: "superseded", tracee, source, by };
    }
    const status = exitStatus(body);
    if (status === undefined) return unparsed("not a line of strace", body, tracee, source);
    drop(tracee.pid, "none", events);
    personalities.ended(tracee.pid);
    return { kind: "exit", tracee, source, status };
  }

  return {
    push(chunk) {
      const events: StraceEvent[] = [];
      cutter.push(typeof chunk === "string" ? Buffer.from(chunk, "utf8") : chunk, (text) => count(text, true, events));
      return events;
    },
    end() {
      const events: StraceEvent[] = [];
      const rest = cutter.rest();
      if (rest !== undefined) count(rest, false, events);
      const before = events.length;
      dropCut(events);
      for (const pid of [...pending.keys()]) drop(pid, "unfinished", events);
      continuations -= events.length - before;
      return events;
    },
    counts: () => ({ lines: line, continuations }),
  };
}

/** strace marks a call that it could not finish on its line; `released`: it let go of the thread, or (-ff) the thread's log goes on in another file. */
function firstHalf(text: string): { readonly text: string; readonly released: boolean } | undefined {
  const mark = text.endsWith(" ...>") ? / ?<(unfinished|detached|pid changed to \d+) \.\.\.>$/.exec(text) : null;
  return mark === null ? undefined : { text: text.slice(0, mark.index), released: mark[1] !== "unfinished" };
}

function isHeadOf(head: Head | undefined, name: string): boolean {
  if (head === undefined) return false;
  const own = nameOf(head.text);
  return own === name || own?.startsWith("???") === true;
}

/** A control character at the beginning or end, or a colour anywhere. */
function isPlain(raw: string): boolean {
  return raw.charCodeAt(0) !== 0 && raw.charCodeAt(raw.length - 1) !== 0x0d && !raw.includes("\u001b");
}

/** Without colours (color.c), NULs (holes in a file that a program truncated) and carriage returns: strace writes none of them as data. */
function cleaned(text: string): string {
  return text.replace(/\u001b\[[0-9;]*m|\0+|\r$/g, "");
}

function signal(body: string, tracee: Tracee, source: Source, personality: Personality): SignalEvent | undefined {
  const read = /^--- (stopped by )?([A-Z0-9_+]+)(?: (\{.*\}))? ---$/s.exec(body);
  if (read === null) return undefined;
  const [, stop, name = "", info] = read;
  return { kind: "signal", tracee, source, signal: name, stop: stop !== undefined, personality, info: info === undefined ? undefined : decode(info) };
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

function unparsed(reason: string, text: string, tracee: Tracee, source: Source): StraceEvent {
  return { kind: "unparsed", tracee, source, reason, text: text.slice(0, 200) };
}
