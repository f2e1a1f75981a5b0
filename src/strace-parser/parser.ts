import { decode } from "./argument.ts";
import { LazySyscall, nameOf, readCall } from "./call.ts";
import type { CallText } from "./call.ts";
import { readPrefix } from "./prefix.ts";
import type { Prefix } from "./prefix.ts";
import type { Personality, Source, StraceEvent, SyscallEvent, Tracee } from "./types.ts";

export interface ParserOptions {
  /** What to call the log in events' `source`. */
  readonly file?: string | undefined;
}

/** The push core: feed bytes, get events. `end` gives what was still open. */
export interface StraceParser {
  push(chunk: Uint8Array | string): StraceEvent[];
  end(): StraceEvent[];
}

/** The first half of an interrupted call. */
interface Pending {
  readonly text: string;
  readonly prefix: Prefix;
  readonly source: Source;
}

/** Longer than any line strace writes with its default limits; what exceeds it is reported, not stored. */
const maxLine = 64 * 1024 * 1024;
const unfinished = / ?<(?:unfinished|detached) \.\.\.>$/;
const resumed = /^<\.\.\. ([A-Za-z_][A-Za-z0-9_#]*|\?\?\?\??) resumed>/;

/** A parser of one log (strace -o FILE, or strace's standard error). Total: no bytes make it throw. */
export function createStraceParser(options: ParserOptions = {}): StraceParser {
  const pending = new Map<number | undefined, Pending>();
  const personalities = new Map<number | undefined, Personality>();
  let line = 0;
  let rest: Buffer = Buffer.alloc(0);
  let skipping = false;

  const modeOf = (tracee: Tracee): Personality => personalities.get(tracee.pid) ?? "64 bit";

  const call = (text: CallText, prefix: Prefix, source: Source): SyscallEvent =>
    new LazySyscall(text, { tracee: prefix.tracee, source, number: prefix.number, personality: modeOf(prefix.tracee) });

  /** A call that will not be resumed. */
  const broken = ({ text, prefix, source }: Pending, type: "none" | "unfinished"): SyscallEvent => {
    const name = nameOf(text) ?? "???";
    return call({ name, args: text.slice(name.length + 1).replace(/, *$/, ""), result: { type }, injected: false, argsComplete: false }, prefix, source);
  };

  const drop = (pid: number | undefined, type: "none" | "unfinished"): StraceEvent[] => {
    const open = pending.get(pid);
    pending.delete(pid);
    return open === undefined ? [] : [broken(open, type)];
  };

  function read(text: string, complete: boolean): StraceEvent[] {
    line += 1;
    if (text.trim() === "") return [];
    const prefix = readPrefix(text);
    const body = text.slice(prefix.end).trimEnd();
    const source: Source = { file: options.file, line, column: prefix.end + 1 };
    const { tracee } = prefix;
    if (body.startsWith("<... ")) return resume(body, prefix, source);
    if (body.startsWith("--- ") || body.startsWith("+++ ")) return [...special(body, tracee, source)];
    const mode = /^\[ Process PID=(\d+) runs in (64 bit|32 bit|x32) mode\. \]$/.exec(body);
    if (mode !== null) {
      const personality = mode[2] as Personality;
      const about: Tracee = { pid: tracee.pid ?? Number(mode[1]), comm: tracee.comm };
      personalities.set(tracee.pid, personality);
      personalities.set(Number(mode[1]), personality);
      return [{ kind: "personality", tracee: about, source, personality }];
    }
    if (/^strace: |^ ?> |^ ?\| [0-9a-f]{5}|^\[ ?Process |^Process \d+ (?:attached|detached)/.test(body) || /^ [>|] /.test(text)) {
      return [{ kind: "message", tracee, source, text: body }];
    }
    const name = nameOf(body);
    if (name === undefined) return [unparsed("not a line of strace", body, tracee, source)];
    const done = readCall(body);
    if (done !== undefined) return [...drop(tracee.pid, "none"), call(done, prefix, source)];
    if (unfinished.test(body)) {
      const before = drop(tracee.pid, "none");
      const text = body.replace(unfinished, "");
      const whole = readCall(text);
      if (whole !== undefined) return [...before, call(whole, prefix, source)];
      pending.set(tracee.pid, { text, prefix, source });
      return before;
    }
    if (!complete) return [...drop(tracee.pid, "none"), broken({ text: body, prefix, source }, "unfinished")];
    return [unparsed("a call without its end", body, tracee, source)];
  }

  function resume(body: string, prefix: Prefix, source: Source): StraceEvent[] {
    const name = resumed.exec(body)?.[1];
    if (name === undefined) return [unparsed("not a line of strace", body, prefix.tracee, source)];
    const after = body.slice(body.indexOf("resumed>") + "resumed>".length);
    const open = pending.get(prefix.tracee.pid);
    if (open !== undefined && (nameOf(open.text) === name || nameOf(open.text)?.startsWith("???") === true)) {
      pending.delete(prefix.tracee.pid);
      if (unfinished.test(after)) {
        pending.set(prefix.tracee.pid, { ...open, text: open.text + after.replace(unfinished, "") });
        return [];
      }
      // Where the first half ended with a full argument, strace writes the separator in the second half, except before 5.x: a blank.
      const whole = readCall(open.text + after) ?? readCall(`${open.text.trimEnd()}${after}`);
      return [whole === undefined ? broken(open, "unfinished") : call(whole, { ...open.prefix, number: open.prefix.number ?? prefix.number }, open.source)];
    }
    // The log began in the middle of the call: its arguments are lost, its name and result are not.
    const tail = /\) *= (.*)$/s.exec(after);
    const whole = readCall(`${name}()${tail === null ? "" : ` = ${tail[1]}`}`);
    return [whole === undefined ? unparsed("the second half of a call that never began", body, prefix.tracee, source) : call({ ...whole, argsComplete: false }, prefix, source)];
  }

  function special(body: string, tracee: Tracee, source: Source): StraceEvent[] {
    const signal = /^--- (?:(stopped by) )?(SIG[A-Z0-9_]+|[A-Z]+)(?: (\{.*\}))? ---$/s.exec(body);
    if (signal !== null) {
      const [, stop, name = "", info] = signal;
      return [{ kind: "signal", tracee, source, signal: name, stop: stop !== undefined, personality: modeOf(tracee), info: info === undefined ? undefined : decode(info) }];
    }
    const exited = /^\+\+\+ exited with (\d+) \+\+\+$/.exec(body);
    const killed = /^\+\+\+ killed by (\w+)( \(core dumped\))? \+\+\+$/.exec(body);
    if (exited !== null || killed !== null) {
      const before = drop(tracee.pid, "none");
      personalities.delete(tracee.pid);
      const status = killed === null ? { type: "exited" as const, code: Number(exited?.[1]) } : { type: "killed" as const, signal: killed[1] ?? "", coreDumped: killed[2] !== undefined };
      return [...before, { kind: "exit", tracee, source, status }];
    }
    const superseded = /^\+\+\+ superseded by execve in pid (\d+) \+\+\+$/.exec(body);
    if (superseded !== null) {
      const by = Number(superseded[1]);
      const before = drop(tracee.pid, "none");
      const open = pending.get(by);
      pending.delete(by);
      // The thread goes on under the leader's id: its execve is resumed there.
      if (open !== undefined) pending.set(tracee.pid, { ...open, prefix: { ...open.prefix, tracee } });
      return [...before, { kind: "superseded", tracee, source, by }];
    }
    return [unparsed("not a line of strace", body, tracee, source)];
  }

  function lines(bytes: Buffer): StraceEvent[] {
    const events: StraceEvent[] = [];
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      if (skipping) skipping = false;
      else for (const event of read(bytes.toString("latin1", start, end), true)) events.push(event);
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > maxLine) {
      line += 1;
      events.push(unparsed("a line longer than 64 MiB", rest.toString("latin1", 0, 200), { pid: undefined, comm: undefined }, { file: options.file, line, column: 1 }));
      rest = Buffer.alloc(0);
      skipping = true;
    }
    return events;
  }

  return {
    push(chunk) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk, "utf8") : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      if (skipping && !bytes.includes(10)) return [];
      return lines(rest.length === 0 ? bytes : Buffer.concat([rest, bytes]));
    },
    end() {
      const events = rest.length > 0 && !skipping ? read(rest.toString("latin1", 0, rest.length), false) : [];
      rest = Buffer.alloc(0);
      for (const open of pending.values()) events.push(broken(open, "unfinished"));
      pending.clear();
      return events;
    },
  };
}

function unparsed(reason: string, text: string, tracee: Tracee, source: Source): StraceEvent {
  return { kind: "unparsed", tracee, source, reason, text: text.slice(0, 200) };
}
