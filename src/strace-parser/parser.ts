import { decode } from "./argument.ts";
import { copyOf, endsWith, join, latin1, startsWith } from "./bytes.ts";
import {
  LazySyscall,
  Line,
  readCall,
  readCutCall,
  readResumed,
  readStart,
  type CallContext,
  type CallStart,
  type CallText,
} from "./call.ts";
import { Digester, eventPlaceOf, kindOf, lineOf, pidOf, placeOf, recallLine } from "./digest.ts";
import { atPid, lineKinds, width, type Digest } from "./fields.ts";
import { asBuffer, CutLine, isOdd, maxLine, newlineFrom } from "./lines.ts";
import { Personalities } from "./personalities.ts";
import { sharedPlainLines, type PlainLines } from "./plain-lines.ts";
import { noPrefix, readPrefix, traceeIn, type Prefix } from "./prefix.ts";
import type { Tally } from "./tally.ts";
import type { ExitEvent, Personality, SignalEvent, Source, StraceEvent, SyscallEvent, Tracee } from "./types.ts";

export interface ParserOptions {
  /** What to call the log in events' `source`. */
  readonly file?: string | undefined;
}

/** Takes an event. */
export type Visitor = (event: StraceEvent) => void;

/** The push core: feed bytes, get events. `end` gives what was still open. */
export interface StraceParser {
  /**
   * Events read from the chunk when they are asked for something: do not write to it while you keep
   * them. The parser itself keeps nothing of it.
   */
  push(chunk: Uint8Array | string): StraceEvent[];
  /**
   * As `push`, but hands each event over as soon as it is read and collects none: the event of a
   * call is the same object each time, to be read before `visit` returns. What `visit` throws ends
   * the log. With a tally, always the same one for a log, calls may be counted there instead.
   */
  each<Kind>(chunk: Uint8Array | string, visit: Visitor, tally?: Tally<Kind>): void;
  end(): StraceEvent[];
  /**
   * Lines read so far, how many of them began with what the program wrote and went on with strace's
   * words (two events), and how many went on with what an earlier one began (none): the others are
   * one event each.
   */
  counts(): { readonly lines: number; readonly shared: number; readonly continuations: number };
}

/** A call, or the beginning of one whose end stands in another line. */
interface Head extends CallStart, CallContext {
  /** Those of the chunk until it ends, then of the head alone. */
  bytes: Uint8Array;
  start: number;
  end: number;
  /** Its thread is inside of it. */
  isOpen: boolean;
}

interface Thread {
  /** The call that it is inside of. */
  head: Head | undefined;
}

const blank = 0x20;
const less = 0x3c;
const greater = 0x3e;

/**
 * strace may be called by its path, and by a longer name (`strace-6.9`, `x86_64-linux-gnu-strace`).
 */
const message = /^(?:\S*\/)?[\w.-]*strace[\w.-]*: /;
/** So far into a line it is looked for: a path, and what it says. */
const maxMessage = 4500;
/** What strace says of its own in the midst of a line. */
const woven =
  /(?:\/[^\s"<>,]*\/[\w.-]*)?strace[\w.-]*: (?:Process \d+ (?:attached(?: with \d+ threads)?|detached)|Exit of unknown pid \d+ ignored|\[ Process PID=\d+ runs in (?:64 bit|32 bit|x32) mode\. \]|WARNING: Proper structure decoding for this personality is not supported.*)$/;
const wovenEnds = ["tached", " threads", " ignored", " mode. ]", " enabled."];
/** Before the dumps of sendmmsg and recvmmsg (mmsghdr.c, `dumpiov_in_mmsghdr`). */
const vectors = /^ = \d{1,10} buffers in vector \d{1,10}$/;
/** So ends a call, and so the second half of one that comes without leader. */
const bareTail = /\) *= /;
/** The columns of -c, in the order and choice of -U (count.c). */
const tableHead =
  /^syscall$|^ *(?:% time|(?:total|avg|shortest|longest|wall-\w+|seconds|usecs\/call|calls|errors|syscall)(?= ))(?: +(?:% time|[a-z/-]+))+$/;

/** Above the picture that --tips draws at the end (strauss.c). */
const tipHead = /^ {2}_{30,60} {5,15}____$/;

/**
 * A parser of one log (strace -o FILE, or strace's standard error). Total: no bytes make it throw.
 */
export function createStraceParser(options: ParserOptions = {}): StraceParser {
  const { file } = options;
  const cutLine = new CutLine();
  let digester: Digester | undefined;
  /** Where calls are counted; it is of the first chunk. */
  let tally: Tally<unknown> | undefined;
  /** The lines in hand were read while calls were counted. */
  let isCounting = false;
  const fields = new Int32Array(digestedAtATime * width);
  const headFields = new Int32Array(width);
  const columns = noPrefix();
  /** Threads stay in it: to put them in and out all the time is slow. */
  const threads = new Map<number | undefined, Thread>();
  /** The thread that was asked for last. */
  let latestPid: number | undefined;
  let latest: Thread | undefined;
  let openCalls = 0;
  /** In the order in which they began; what has ended is taken out now and then. */
  let opened: Head[] = [];
  /** Those before this one have ended. */
  let oldest = 0;
  /** Threads inside of execve. */
  const executing = new Set<number | undefined>();
  const personalities = new Personalities();
  /** A call that broke off at the end of its line: what shares the stream wrote into it. */
  let cut: (Head & { readonly byMessage: boolean }) | undefined;
  /** The last first half that was printed: with -z, a second half comes without leader. */
  let lastHead: Head | undefined;
  let inTable = false;
  let sawCall = false;
  const text = new Line();
  text.file = file;
  let line = 0;
  let given = 0;
  /** Lines with two events: what the program wrote without a newline stands before strace's. */
  let shared = 0;
  let openBytes = 0;
  let visit: Visitor = ignore;
  /** Heads that read from the chunk in hand. */
  const borrowing: Head[] = [];
  /** The event that is given again and again; undefined: each call is to have its own. */
  let inHand: LazySyscall | undefined;
  const handedOver = new LazySyscall();

  const give = (event: StraceEvent): void => {
    given += 1;
    visit(event);
  };

  /**
   * Hands over a call that stands plainly in its line: the like of it may be counted from now on.
   */
  const offer = (event: StraceEvent): void => {
    if (tally === undefined) return give(event);
    tally.isOffered = isCounting && personalities.areNative;
    try {
      give(event);
    } finally {
      tally.isOffered = false;
    }
  };

  const emit = (text: CallText, context: CallContext): SyscallEvent => {
    sawCall = true;
    const event = inHand ?? new LazySyscall();
    event.become(text, context, personalities.of(context.tracee.pid));
    personalities.follow(event);
    return event;
  };

  /** A call that will not be resumed. */
  const broken = (head: Head, type: "none" | "unfinished"): SyscallEvent => {
    const { name, bytes, start, end } = head;
    const last = withoutBlanks(bytes, start, end);
    const read = { result: { type }, injected: false };
    return emit(
      {
        name,
        before: undefined,
        bytes,
        start,
        end: last > start && bytes[last - 1] === 0x2c ? last - 1 : end,
        read,
        argsComplete: false,
      },
      head,
    );
  };

  const threadOf = (pid: number | undefined): Thread => {
    if (latest !== undefined && latestPid === pid) return latest;
    latestPid = pid;
    latest = threads.get(pid);
    if (latest === undefined) {
      if (threads.size > 2 * maxOpen)
        for (const [idle, { head }] of threads) if (head === undefined) threads.delete(idle);
      threads.set(pid, (latest = { head: undefined }));
    }
    return latest;
  };

  /** The thread is no longer inside of its call. */
  const close = (pid: number | undefined, thread = threadOf(pid)): Head | undefined => {
    const { head } = thread;
    if (head !== undefined) {
      thread.head = undefined;
      head.isOpen = false;
      openCalls -= 1;
      openBytes -= head.end - head.start;
      tally?.lines?.wasm.setOpen(pid ?? -1, false);
      executing.delete(pid);
    }
    personalities.resumed(pid);
    return head;
  };

  /** A hostile log may open calls without end: the oldest are given up. */
  const open = (pid: number | undefined, head: Head): void => {
    threadOf(pid).head = head;
    head.isOpen = true;
    opened.push(head);
    borrowing.push(head);
    openCalls += 1;
    openBytes += head.end - head.start;
    tally?.lines?.wasm.setOpen(pid ?? -1, true);
    if (isExecve(head.name)) executing.add(pid);
    if (opened.length > 2 * openCalls + 1_000) {
      opened = opened.filter(({ isOpen }) => isOpen);
      oldest = 0;
    }
    giveUpOldest();
  };

  const giveUpOldest = (): void => {
    while (openCalls > maxOpen || (openBytes > maxOpenBytes && openCalls > 1)) {
      const head = opened[oldest];
      oldest += 1;
      if (head?.isOpen === true) drop(head.tracee.pid, "unfinished");
    }
  };

  const drop = (pid: number | undefined, type: "none" | "unfinished"): void => {
    const open = close(pid);
    if (open !== undefined) give(broken(open, type));
  };

  const dropCut = (): void => {
    if (cut !== undefined)
      give(
        unparsed(
          "a call without its end",
          `${cut.name}(${latin1(cut.bytes, cut.start, cut.end)}`,
          cut.tracee,
          sourceOf(cut),
        ),
      );
    cut = undefined;
  };

  /** A whole call, or its first half; false: neither. */
  function begin(head: Head, complete: boolean): boolean {
    const { pid } = head.tracee;
    const half = firstHalf(head);
    const whole =
      half === undefined
        ? complete
          ? readCall(head)
          : readCutCall(head)
        : half.released
          ? readCall(half.head)
          : undefined;
    if (half === undefined && whole === undefined && complete) return false;
    drop(pid, "none");
    if (whole !== undefined) {
      give(emit(whole, head));
    } else if (half === undefined || half.released) {
      give(broken(half?.head ?? head, "unfinished"));
    } else {
      lastHead = half.head;
      open(pid, lastHead);
      personalities.interrupted(pid, head.name);
    }
    return true;
  }

  /**
   * What a line that was understood by itself means after those before it; false: it has to be
   * looked at closely.
   */
  function understood(bytes: Uint8Array, digest: Digest, index: number): boolean {
    const kind = kindOf(digest, index);
    if (kind === lineKinds.other || kind === lineKinds.news) return false;
    const pid = pidOf(digest, index);
    const thread = threadOf(pid);
    if (cut !== undefined) {
      if (kind === lineKinds.tail) return false;
      const { start, end } = eventPlaceOf(digest, index);
      if (pid === undefined && goesOn(bytes, start, end)) return true;
    }
    if (kind === lineKinds.tail) return ends(pid, thread, bytes, digest, index);
    if (thread.head !== undefined) drop(pid, "none");
    if (kind === lineKinds.call) {
      sawCall = true;
      const event = inHand ?? new LazySyscall();
      event.recall(bytes, digest, index, personalities.of(pid), file, line);
      personalities.follow(event);
      offer(event);
      return true;
    }
    lastHead = openHead(bytes, digest, index);
    return true;
  }

  /** The thread is inside of the call from now on whose first half is this line. */
  function openHead(bytes: Uint8Array, digest: Digest, index: number): Head {
    recallLine(text, bytes, digest, index);
    const { name, start, end, tracee, number, column } = text;
    const head = { name, bytes, start, end, isOpen: false, tracee, number, file, line, column };
    open(tracee.pid, head);
    personalities.interrupted(tracee.pid, name);
    return head;
  }

  /**
   * The second half of a call; false: it is not that of the call which the thread is inside of, or
   * not plainly so.
   */
  function ends(pid: number | undefined, thread: Thread, bytes: Uint8Array, digest: Digest, index: number): boolean {
    const { head } = thread;
    if (head === undefined) return false;
    recallLine(text, bytes, digest, index);
    if (!isHeadOf(head, text.name) || (text.end === text.start && head.bytes[head.end - 1] === greater)) return false;
    close(pid, thread);
    text.before = head;
    text.number = head.number ?? text.number;
    text.line = head.line;
    text.column = head.column;
    offer(emit(text, text));
    return true;
  }

  /**
   * Reads a line together with those before it; `complete`: a newline ends it. `from`: what stands
   * before belongs to the program.
   */
  function readClosely(bytes: Uint8Array, start: number, end: number, complete: boolean, from = start): void {
    readPrefix(bytes, from, end, columns);
    const { event: at, number } = columns;
    const tracee = traceeIn(bytes, columns);
    const context: CallContext = {
      tracee,
      number: number < 0 ? undefined : number,
      file,
      line,
      column: at - start + 1,
    };
    if (end - start > maxLine) {
      give(unparsed("a line longer than 16 MiB", latin1(bytes, start, start + maxShown), tracee, sourceOf(context)));
      return;
    }
    const last = withoutBlanks(bytes, at, end);
    if (cut !== undefined && tracee.pid === undefined && goesOn(bytes, at, last, complete)) return;
    const call = readStart(bytes, at, last);
    if (call !== undefined) {
      const head: Head = { name: call.name, bytes, start: call.start, end: last, isOpen: false, ...context };
      const near = Math.max(call.start, last - maxMessage);
      const weave = wovenEnds.some((words) => endsWith(bytes, at, last, words))
        ? woven.exec(latin1(bytes, near, last))
        : null;
      if (weave === null && begin(head, complete)) return;
      dropCut();
      cut = { ...kept(weave === null ? head : { ...head, end: near + weave.index }), byMessage: weave !== null };
      if (weave !== null) give(other(weave[0], "", context));
      return;
    }
    if (bytes[at] === less && startsWith(bytes, at, last, "<... ")) return resume(bytes, at, last, complete, context);
    const leader = tracee.pid === undefined ? leaderWithin(bytes, at, last) : -1;
    if (leader > at) {
      shared += 1;
      give(
        unparsed("of the program, before a line of strace", latin1(bytes, start, leader), tracee, sourceOf(context)),
      );
      return readClosely(bytes, start, end, complete, leader);
    }
    const event = other(latin1(bytes, at, last), latin1(bytes, start, Math.min(end, start + 3)), context);
    // What looked like columns of a line that is none belongs to its text.
    give(
      event.kind === "unparsed" && tracee.pid === undefined
        ? {
            ...event,
            source: { ...event.source, column: 1 },
            text: latin1(bytes, start, Math.min(last, start + maxShown)),
          }
        : event,
    );
  }

  /** The other half of a call that something else was written into. */
  function goesOn(bytes: Uint8Array, start: number, end: number, complete = true): boolean {
    if (cut === undefined || (!cut.byMessage && bytes[start] !== 0x29 && !startsWith(bytes, start, end, unfinished)))
      return false;
    const begun = cut;
    cut = undefined;
    if (begin(joined(begun, bytes, start, end), complete)) return true;
    cut = begun;
    return false;
  }

  function resume(bytes: Uint8Array, start: number, end: number, complete: boolean, context: CallContext): void {
    const { tracee } = context;
    const resumed = readResumed(bytes, start, end);
    if (resumed === undefined)
      return void give(unparsed("not a line of strace", latin1(bytes, start, end), tracee, sourceOf(context)));
    const { name, end: after } = resumed;
    // Without -o the pid column is there only while several threads live: the first half may have
    // none.
    const key = isHeadOf(threadOf(tracee.pid).head, name) ? tracee.pid : undefined;
    const head = isHeadOf(threadOf(key).head, name)
      ? close(key)
      : (takenOver(name, tracee.pid) ?? (tracee.pid === undefined ? onlyOpen(name) : undefined));
    if (head === undefined) return void give(orphan(name, bytes, start, after, end, complete, context));
    // strace may learn the name, or the number, only when the call ends.
    const begun: Head = {
      name,
      bytes: head.bytes,
      start: head.start,
      end: head.end,
      isOpen: false,
      tracee: tracee.pid === undefined ? head.tracee : tracee,
      number: head.number ?? context.number,
      file,
      line: head.line,
      column: head.column,
    };
    if (begin(joined(begun, bytes, after, end), complete)) return;
    // strace before 5.0 writes a blank after `resumed>`.
    if (begin(joined({ ...begun, end: withoutBlanks(begun.bytes, begun.start, begun.end) }, bytes, after, end), true))
      return;
    give(broken(head, "unfinished"));
  }

  /**
   * With -qqq it is not said that a thread's execve goes on under the leader's id: it is that of
   * the only one inside of it, if the log knows the leader.
   */
  function takenOver(name: string, pid: number | undefined): Head | undefined {
    if (!isExecve(name) || executing.size !== 1 || !personalities.knows(pid)) return undefined;
    const [by] = executing;
    return isHeadOf(threadOf(by).head, name) ? close(by) : undefined;
  }

  /**
   * Without -o the pid column is gone when one thread is left: the call is that of the only one
   * inside of any.
   */
  function onlyOpen(name: string): Head | undefined {
    const head = openCalls === 1 ? opened.find(({ isOpen }) => isOpen) : undefined;
    if (!isHeadOf(head, name)) return undefined;
    const pid = head?.tracee.pid;
    if (!personalities.areNative) personalities.set(undefined, personalities.of(pid));
    return close(pid);
  }

  /**
   * The log began in the middle of the call: its arguments are lost, its name and result are not.
   */
  function orphan(
    name: string,
    bytes: Uint8Array,
    start: number,
    after: number,
    end: number,
    complete: boolean,
    context: CallContext,
  ): StraceEvent {
    const text = latin1(bytes, after, end);
    const tail = /\) *= (.*)$/s.exec(text.slice(text.lastIndexOf('"') + 1));
    const bare = tail === null ? undefined : Buffer.from(`) = ${tail[1]}`, "latin1");
    const call = bare === undefined ? undefined : { name, bytes: bare, start: 0, end: bare.length };
    const whole = call === undefined ? undefined : complete ? readCall(call) : readCutCall(call);
    return whole === undefined
      ? unparsed(
          "the second half of a call that never began",
          latin1(bytes, start, end),
          context.tracee,
          sourceOf(context),
        )
      : emit({ ...whole, argsComplete: false }, context);
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
    if (body.startsWith("--- "))
      return (
        signal(body, tracee, source, personalities.of(tracee.pid)) ??
        unparsed("not a line of strace", body, tracee, source)
      );
    if (body.startsWith("+++ ")) return ended(body, tracee, source);
    // strace before 5.11 says it as a message, which may stand in another thread's line.
    const mode = /^((?:\S*\/)?strace: )?\[ Process PID=(\d{1,10}) runs in (64 bit|32 bit|x32) mode\. \]$/.exec(body);
    if (mode !== null) {
      const personality = mode[3] as Personality;
      const about: Tracee = {
        pid: (mode[1] === undefined ? tracee.pid : undefined) ?? Number(mode[2]),
        comm: mode[1] === undefined ? tracee.comm : undefined,
      };
      for (const pid of tracee.pid === undefined ? [undefined, about.pid] : [about.pid])
        personalities.set(pid, personality);
      return { kind: "personality", tracee: about, source, personality };
    }
    if (message.test(body.slice(0, maxMessage)) || /^ [>|*] /.test(begins) || vectors.test(body)) return said(body);
    if (tableHead.test(body)) {
      inTable = true;
      return sawCall
        ? said(body)
        : unparsed(
            "a summary of strace -c counts calls, but holds neither arguments nor results; record without -c",
            body,
            tracee,
            source,
          );
    }
    if (tipHead.test(body)) inTable = true;
    if (inTable || /^System call usage summary for .* mode:$/.test(body)) return said(body);
    const half = tracee.pid === undefined ? lastHead : undefined;
    const key = half?.tracee.pid;
    if (half !== undefined && threadOf(key).head === half && bareTail.test(body)) {
      const rest = Buffer.from(body, "latin1");
      const whole = readCall(joined(half, rest, 0, rest.length));
      if (whole !== undefined) {
        close(key);
        return emit(whole, half);
      }
    }
    return unparsed(foreignFormat(body, line === 1) ?? "not a line of strace", body, tracee, source);
  }

  function ended(body: string, tracee: Tracee, source: Source): StraceEvent {
    const superseded = /^\+\+\+ superseded by execve in pid (\d{1,10}) \+\+\+$/.exec(body);
    if (superseded !== null) {
      const by = Number(superseded[1]);
      drop(tracee.pid, "none");
      // The thread goes on under the leader's id: its execve is resumed there.
      const head = close(by);
      if (head !== undefined) open(tracee.pid, { ...head, tracee });
      return { kind: "superseded", tracee, source, by };
    }
    const status = exitStatus(body);
    if (status === undefined) return unparsed("not a line of strace", body, tracee, source);
    drop(tracee.pid, "none");
    personalities.ended(tracee.pid);
    return { kind: "exit", tracee, source, status };
  }

  /** An odd line is read without what makes it so. */
  function readOther(bytes: Uint8Array, start: number, end: number, complete: boolean): void {
    if (!isOdd(bytes, start, end, true) || end - start > maxLine) return readClosely(bytes, start, end, complete);
    const plain = cleaned(latin1(bytes, start, end));
    readClosely(plain, 0, plain.length, complete);
  }

  function each(chunk: Uint8Array | string): void {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, "utf8") : asBuffer(chunk);
    let start = 0;
    if (!cutLine.isEmpty) {
      start = newlineFrom(bytes, 0) + 1;
      if (start === 0) return cutLine.hold(bytes, 0, bytes.length);
      eachLine(cutLine.take(bytes.subarray(0, start)), 0);
    }
    cutLine.hold(bytes, eachLine(bytes, start), bytes.length);
  }

  /** All lines that end in the bytes; returns the offset after them. */
  function eachLine(bytes: Buffer, start: number): number {
    digester ??= new Digester(tally === undefined ? sharedPlainLines() : tally.lines);
    digester.begin(bytes, start);
    while (digester.load()) {
      const before = line;
      for (let lines = digestNext(bytes, digester, before); lines > 0; lines = digestNext(bytes, digester, before))
        eachDigested(bytes, digester, lines, before);
      takeHeads(bytes, before);
      given += digester.counted;
      if (digester.lines === 0) {
        if (!digester.passOver(fields)) break;
        eachDigested(bytes, digester, 1, before);
      }
      line = before + digester.lines;
    }
    return digester.at;
  }

  /**
   * Calls are counted as long as nothing that stands before them in the log makes them anything
   * else than they seem.
   */
  function digestNext(bytes: Uint8Array, digester: Digester, before: number): number {
    if (tally?.isFull === true) {
      takeHeads(bytes, before);
      tally.clear();
    }
    isCounting =
      tally?.lines !== undefined &&
      cut === undefined &&
      personalities.areNative &&
      openCalls < maxOpen / 2 &&
      openBytes < maxOpenBytes / 2;
    return digester.digest(fields, isCounting);
  }

  /** `before`: the lines before the piece. */
  function eachDigested(bytes: Buffer, { names, failures }: Digester, lines: number, before: number): void {
    const digest = { fields, lines, names, failures };
    for (let index = 0; index < lines; index += 1) {
      const kind = kindOf(digest, index);
      if (kind === lineKinds.head) takeHeads(bytes, before);
      else if (kind !== lineKinds.other) takeHeadOf(digest.fields[index * width + atPid] as number, bytes, before);
      line = before + lineOf(digest, index);
      if (understood(bytes, digest, index)) continue;
      if (kind !== lineKinds.news) takeHeads(bytes, before);
      line = before + lineOf(digest, index);
      const { start, end } = placeOf(digest, index);
      readOther(bytes, start, end, true);
    }
  }

  /**
   * What was passed over while calls were counted, as far as it still matters: first halves whose
   * calls are open, in their order.
   */
  function takeHeads(bytes: Uint8Array, before: number): void {
    if (tally?.lines === undefined) return;
    const { wasm } = tally.lines;
    if (wasm.latestHead.value !== 0) lastHead = undefined;
    while (wasm.openCount.value > 0) {
      wasm.takeFirstHead();
      openTaken(tally.lines, bytes, before);
    }
    wasm.latestHead.value = 0;
  }

  /** As `takeHeads`, that of a thread which is asked for. */
  function takeHeadOf(pid: number, bytes: Uint8Array, before: number): void {
    if (tally?.lines?.wasm.takeHeadOf(pid) === 1) openTaken(tally.lines, bytes, before);
  }

  function openTaken(lines: PlainLines, bytes: Uint8Array, before: number): void {
    lines.head(headFields);
    const digest = { fields: headFields, lines: 1, names: lines.names, failures: lines.failures };
    const place = lineOf(digest, 0);
    line = before + place;
    const head = openHead(bytes, digest, 0);
    // Those that were taken before it may have begun after it.
    for (let at = opened.length - 1; at > oldest && (opened[at - 1] as Head).line > head.line; at -= 1)
      [opened[at - 1], opened[at]] = [head, opened[at - 1] as Head];
    if (place !== lines.wasm.latestHead.value) return;
    lastHead = head;
    lines.wasm.latestHead.value = 0;
  }

  /** Reads and hands over; `event`: what every call is made. */
  function visiting(visitor: Visitor, event: LazySyscall | undefined, work: () => void): void {
    visit = visitor;
    inHand = event;
    try {
      work();
    } finally {
      visit = ignore;
      inHand = undefined;
      letGo();
    }
  }

  /** The chunk's memory may be used again: what goes on later must not depend on it. */
  function letGo(): void {
    for (const head of borrowing) {
      if (!head.isOpen) continue;
      head.bytes = copyOf(head.bytes, head.start, head.end);
      head.end -= head.start;
      head.start = 0;
    }
    borrowing.length = 0;
  }

  return {
    each(chunk, visitor, counting) {
      tally ??= counting as Tally<unknown> | undefined;
      visiting(visitor, handedOver, () => each(chunk));
    },
    push(chunk) {
      const events: StraceEvent[] = [];
      visiting(
        (event) => void events.push(event),
        undefined,
        () => each(chunk),
      );
      return events;
    },
    end() {
      const events: StraceEvent[] = [];
      visit = (event) => void events.push(event);
      if (!cutLine.isEmpty) {
        const rest = cutLine.take(new Uint8Array());
        line += 1;
        readOther(rest, 0, rest.length, false);
      }
      dropCut();
      for (const { isOpen, tracee } of opened) if (isOpen) drop(tracee.pid, "unfinished");
      visit = ignore;
      return events;
    },
    // Every line is one event, unless it goes on with, or is gone on with by, another, or two share
    // it.
    counts: () => ({ lines: line, shared, continuations: line + shared - given }),
  };
}

function ignore(): void {}

/**
 * So many lines are read before it is asked what they mean; few enough for the processor's cache.
 */
const digestedAtATime = 1024;

/**
 * More threads than this are not inside of calls at one time (the kernel's default limit of ids is
 * less), nor do they have this many bytes of arguments.
 */
const maxOpen = 65_536;
const maxOpenBytes = 2 * maxLine;

function sourceOf({ file, line, column }: CallContext): Source {
  return { file, line, column };
}

function withoutBlanks(bytes: Uint8Array, start: number, end: number): number {
  let last = end;
  while (last > start && bytes[last - 1] === blank) last -= 1;
  return last;
}

/**
 * Where strace's line begins in one that the program began on a shared standard error: at a `[pid
 * N] ` and an event (with one tracee there is no such mark); -1: nowhere.
 */
function leaderWithin(bytes: Uint8Array, start: number, end: number): number {
  const text = asBuffer(bytes).subarray(0, end);
  let inner: Prefix | undefined;
  for (let at = text.indexOf("[pid ", start, "latin1"); at >= 0; at = text.indexOf("[pid ", at + 1, "latin1")) {
    readPrefix(bytes, at, end, (inner ??= noPrefix()));
    if (inner.pid >= 0 && isEventAt(bytes, inner.event, end)) return at;
  }
  return -1;
}

function isEventAt(bytes: Uint8Array, at: number, end: number): boolean {
  return (
    readStart(bytes, at, end) !== undefined ||
    ["<... ", "--- ", "+++ "].some((mark) => startsWith(bytes, at, end, mark))
  );
}

/** What is to be gone on with later must not depend on the chunk. */
function kept(head: Head): Head {
  const { bytes, start, end } = head;
  return { ...head, bytes: copyOf(bytes, start, end), start: 0, end: end - start, isOpen: false };
}

/** A call with its other half. */
function joined(head: Head, rest: Uint8Array, restStart: number, restEnd: number): Head {
  const whole = join(head.bytes, head.start, head.end, rest, restStart, restEnd);
  return { ...head, bytes: whole, start: 0, end: whole.length, isOpen: false };
}

const unfinished = " <unfinished ...>";

/** strace's marks at the end of a first half. */
const halfMark =
  / ?<(?:(unfinished|detached|pid changed to \d+) \.\.\.|Cannot restart pid \d+ with ptrace\([^()<>]*\): [^<>]*|ptrace\([^()<>]*\):[^<>]*)>$/;

/**
 * strace marks a call that it could not finish on its line; `released`: it let go of the thread, or
 * (-ff) the thread's log goes on in another file.
 */
function firstHalf(head: Head): { readonly head: Head; readonly released: boolean } | undefined {
  const { bytes, start, end } = head;
  if (bytes[end - 1] !== greater) return undefined;
  const from = Math.max(start, end - (endsWith(bytes, start, end, " ...>") ? 40 : 200));
  const mark = halfMark.exec(latin1(bytes, from, end));
  return mark === null
    ? undefined
    : {
        head: { ...head, end: from + mark.index, isOpen: false },
        released: mark[1] !== undefined && mark[1] !== "unfinished",
      };
}

function isExecve(name: string): boolean {
  return name === "execve" || name === "execveat";
}

function isHeadOf(head: Head | undefined, name: string): boolean {
  return head !== undefined && (head.name === name || head.name.startsWith("???"));
}

/**
 * Without colours (color.c), NULs (holes in a file that a program truncated) and carriage returns:
 * strace writes none of them as data.
 */
function cleaned(text: string): Uint8Array {
  return Buffer.from(text.replace(/\u001b\[[0-9;]*m|\0+|\r$/g, ""), "latin1");
}

function signal(body: string, tracee: Tracee, source: Source, personality: Personality): SignalEvent | undefined {
  const read = /^--- (stopped by )?([A-Z0-9_+]+)(?: (\{.*\}))? ---$/s.exec(body);
  if (read === null) return undefined;
  const [, stop, name = "", info] = read;
  return {
    kind: "signal",
    tracee,
    source,
    signal: name,
    stop: stop !== undefined,
    personality,
    get info() {
      return info === undefined ? undefined : decode(Buffer.from(info, "latin1"), 0, info.length);
    },
  };
}

function exitStatus(body: string): ExitEvent["status"] | undefined {
  const exited = /^\+\+\+ exited with (\d{1,10}) \+\+\+$/.exec(body);
  if (exited !== null) return { type: "exited", code: Number(exited[1]) };
  const killed = /^\+\+\+ killed by (\S+)( \(core dumped\))? \+\+\+$/.exec(body);
  return killed === null ? undefined : { type: "killed", signal: killed[1] ?? "", coreDumped: killed[2] !== undefined };
}

/** Other tracers' logs are met under the name of strace's. */
function foreignFormat(body: string, isFirst: boolean): string | undefined {
  if (isFirst && /^(?:\u00ff\u00fe|\u00fe\u00ff)/.test(body))
    return "UTF-16 text (PowerShell writes it): convert it to UTF-8";
  if (/^\( *\d+\.\d+ ms\): /.test(body) || /^\d+\.\d+ \( *\d+\.\d+ ms\)/.test(body))
    return "a line of perf trace, not of strace";
  return undefined;
}

/** So much of a line is shown. */
const maxShown = 200;

function unparsed(reason: string, text: string, tracee: Tracee, source: Source): StraceEvent {
  return { kind: "unparsed", tracee, source, reason, text: text.slice(0, maxShown) };
}
