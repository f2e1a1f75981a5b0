import { decode, nameOfPart, partOfList, splitList, type Part } from "./argument.ts";
import { afterBlanks, endsWith, isDigit, isWord, join, Kept, latin1, maxKept, startsWith } from "./bytes.ts";
import {
  atArgs,
  atArgsEnd,
  atEvent,
  atLast,
  atName,
  atNumber,
  atPid,
  atResult,
  atStart,
  width,
  type Digest,
} from "./fields.ts";
import { noTracee, traceeOf } from "./prefix.ts";
import { noResult, readResult, resultIn, type ReadResult } from "./result.ts";
import { findOutside } from "./scan.ts";
import type { Arg, Personality, Source, SyscallEvent, SyscallResult, Tracee } from "./types.ts";

const opening = 0x28;
const closing = 0x29;
const question = 0x3f;
const less = 0x3c;
const greater = 0x3e;
const noBytes: Uint8Array = Buffer.alloc(0);

/** A call's text, taken apart but not decoded. */
export interface CallText {
  readonly name: string;
  /** The call's first half, if that stands in another line. The arguments begin there and go on in `bytes`. */
  readonly before: CallStart | undefined;
  readonly bytes: Uint8Array;
  /** Between the parentheses. */
  readonly start: number;
  readonly end: number;
  readonly read: ReadResult;
  readonly argsComplete: boolean;
}

/** Longer than any syscall's name, or `name#number`. */
const maxName = maxKept;

/** Each name is made once, not once per line. */
const names = new Kept<string>(latin1, 2048);

/**
 * The position after the name of the call that the text begins with. -1 if the text begins with no call. Names are
 * `openat`, `ioctl#64`, `???`.
 *
 *     openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3
 *           ^
 */
function nameEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const first = bytes[start];
  if (first === question) {
    while (at < end && bytes[at] === question) at += 1;
    if (at - start < 3 || at - start > 4) return -1;
  } else {
    if (first === 0x36 && startsWith(bytes, start, end, "64:"))
      at += 3; // strace before 4.23: `64:ioctl`, now `ioctl#64`
    else if (isDigit(first) || first === 0x23 /* # */) return -1;
    while (at < end && inName[bytes[at] as number] === 1) at += 1;
  }
  return at > start && at - start <= maxName && at < end ? at : -1;
}

/** Letters, digits, `_` and `#`. */
const inName = Uint8Array.from({ length: 256 }, (_, byte) => (isWord(byte) || byte === 0x23 ? 1 : 0));

/** The beginning of a call: its name, and the place of what follows its `(`. */
export interface CallStart {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/**
 * Reads `name(`. `undefined` if the text begins with no call.
 *
 *     openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3
 *            ^ start                               ^ end
 */
export function readStart(bytes: Uint8Array, start: number, end: number): CallStart | undefined {
  const after = nameEnd(bytes, start, end);
  return after < 0 || bytes[after] !== opening
    ? undefined
    : { name: names.get(bytes, start, after), bytes, start: after + 1, end };
}

/**
 * Reads `<... name resumed>`.
 *
 *     <... read resumed>"ab", 9) = 2
 *                       ^ end
 */
export function readResumed(
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly name: string; readonly end: number } | undefined {
  const first = start + resumedBefore.length;
  const after = nameEnd(bytes, first, end);
  return after < 0 || !startsWith(bytes, after, end, resumedAfter)
    ? undefined
    : { name: names.get(bytes, first, after), end: after + resumedAfter.length };
}

/**
 * Takes `args) = result` apart, in a line that ends with a newline. Such a line leaves no string open. `undefined` if
 * the line breaks off, or is no call. The text after the last `) = ` is the result if it has no quote, no annotation
 * and no other `=`. Then no argument is looked at.
 *
 *     openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3 <0.000012>
 *            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ args
 */
export function readCall(call: CallStart): CallText | undefined {
  const plain = beforePlainResult(call.bytes, call.start, beforeDuration(call.bytes, call.start, call.end));
  const read = plain >= 0 ? finish(call, plain) : undefined;
  if (read !== undefined) return read;
  const closed = findOutside(call.bytes, call.start, call.end, closing);
  return (closed >= 0 ? finish(call, closed) : undefined) ?? backwards(call);
}

/**
 * Reads a call that the log's end cuts off. The result may be cut too, so its beginning is not taken for all of it.
 * `undefined` if not even the arguments are complete.
 */
export function readCutCall(call: CallStart): CallText | undefined {
  const { name, bytes, start, end } = call;
  const closed = findOutside(bytes, start, end, closing);
  if (closed < 0) return undefined;
  const found = finish(call, closed);
  return found !== undefined && !isCut(latin1(bytes, closed + 1, end))
    ? found
    : {
        name,
        before: undefined,
        bytes,
        start,
        end: withoutMark(bytes, start, closed),
        read: { result: { type: "unfinished" }, injected: false },
        argsComplete: true,
      };
}

/** `-1`, `-1 EN`, `? ERESTARTSYS (To be`: strace always says in brackets what went wrong. */
function isCut(result: string): boolean {
  return /= (?:-1(?: [^)]*)?|\? [^)>]*)$/.test(result);
}

const unfinished = "<unfinished ...>";
const resumedBefore = "<... ";
const resumedAfter = " resumed>";

/** Bytes of strings, annotations and `name=`. A line whose result has one of them is read from the front. */
const notPlain = new Uint8Array(256);
for (const char of '"<>=') notPlain[char.charCodeAt(0)] = 1;

/**
 * The position of the `)` before `= result`. From there to the end nothing may nest, except one annotation of -y. -1 if
 * there is no such place.
 *
 *     openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3</etc/passwd>
 *                                             ^
 */
function beforePlainResult(bytes: Uint8Array, start: number, end: number): number {
  let at = beforeAnnotation(bytes, start, end) - 1;
  while (at > start && notPlain[bytes[at] as number] !== 1) at -= 1;
  if (at <= start || bytes[at] !== 0x3d || bytes[at + 1] !== 0x20) return -1;
  at -= 1;
  while (at > start && bytes[at] === 0x20) at -= 1;
  return bytes[at] === closing ? at : -1;
}

/**
 * The position of the `</path>` of `3</path>`. strace escapes `<` and `>` in the path (util.c,
 * `print_quoted_string_ex`). `end` if there is no annotation. Also `end` if the annotation has a quoted name, because
 * `<` and `>` may stand in that.
 */
function beforeAnnotation(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[end - 1] !== greater) return end;
  let at = end - 2;
  while (at > start && bytes[at] !== less && bytes[at] !== greater && bytes[at] !== 0x22) at -= 1;
  return at > start && bytes[at] === less && isDigit(bytes[at - 1]) ? at : end;
}

/**
 * The position before the duration of -T. `end` if there is none.
 *
 *     close(3) = 0 <0.000012>
 *                 ^
 */
function beforeDuration(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[end - 1] !== 0x3e) return end;
  let at = end - 2;
  while (at > start && (isDigit(bytes[at]) || bytes[at] === 0x2e)) at -= 1;
  return at > start && bytes[at] === 0x3c && bytes[at - 1] === 0x20 && at < end - 2 ? at - 1 : end;
}

function finish({ name, bytes, start, end }: CallStart, closed: number): CallText | undefined {
  const at = afterBlanks(bytes, closed + 1, end);
  if (bytes[at] !== 0x3d || bytes[at + 1] !== 0x20 || at + 1 >= end) return undefined;
  const read = readResult(bytes, at + 2, end);
  return read === undefined
    ? undefined
    : { name, before: undefined, bytes, start, end: withoutMark(bytes, start, closed), read, argsComplete: true };
}

/**
 * The position before the mark of a call whose thread ended inside the call.
 *
 *     read(3,  <unfinished ...>) = ?
 *             ^
 */
function withoutMark(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[end - 1] !== 0x3e || !endsWith(bytes, start, end, unfinished)) return end;
  const before = end - unfinished.length;
  return before > start && bytes[before - 1] === 0x20 ? before - 1 : before;
}

/** At most this many closing brackets are tried from the end. */
const maxAttempts = 32;

/**
 * Finds the last `) = ` that a result follows. This is for lines whose brackets do not match, such as a path with odd
 * characters.
 */
function backwards(call: CallStart): CallText | undefined {
  let tries = 0;
  for (let at = call.end - 1; at >= call.start && tries < maxAttempts; at -= 1) {
    if (call.bytes[at] !== closing) continue;
    tries += 1;
    const found = finish(call, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where an event stands in its log, and the thread that made it. */
export interface CallContext {
  readonly tracee: Tracee;
  readonly number: number | undefined;
  readonly file: string | undefined;
  readonly line: number;
  readonly column: number;
}

/** The line that holds a whole call, or the second half of one. */
export class Line implements CallText, CallContext {
  file: string | undefined = undefined;
  line = 0;
  column = 0;
  tracee: Tracee = noTracee;
  number: number | undefined = undefined;
  event = 0;
  last = 0;
  name = "";
  before: CallStart | undefined = undefined;
  bytes: Uint8Array = noBytes;
  start = 0;
  end = 0;
  read: ReadResult = noResult;
  readonly argsComplete = true;
}

/**
 * Arguments that are read one by one are flags, commands and the like. There are few different ones, and they repeat
 * often.
 */
const keptArgs = new Kept<Arg>(decode, 2048);

/** A system call whose arguments are decoded on first use. */
export class LazySyscall implements SyscallEvent {
  readonly kind = "syscall";
  tracee: Tracee = noTracee;
  number: number | undefined = undefined;
  personality: Personality = "64 bit";
  name = "";
  result: SyscallResult = noResult.result;
  injected = false;
  argsComplete = false;
  #file: string | undefined = undefined;
  #line = 0;
  #column = 0;
  #before: CallStart | undefined = undefined;
  #bytes: Uint8Array = noBytes;
  #start = 0;
  #end = 0;
  #parts: readonly Part[] | undefined = undefined;
  #args: readonly Arg[] | undefined = undefined;

  /** Turns this object into the event of the call. */
  become(text: CallText, context: CallContext, personality: Personality): void {
    this.tracee = context.tracee;
    this.number = context.number;
    this.personality = personality;
    this.name = text.name;
    this.result = text.read.result;
    this.injected = text.read.injected;
    this.argsComplete = text.argsComplete;
    this.#file = context.file;
    this.#line = context.line;
    this.#column = context.column;
    this.#before = text.before;
    this.#bytes = text.bytes;
    this.#start = text.start;
    this.#end = text.end;
    this.#parts = undefined;
    this.#args = undefined;
  }

  /** Turns this object into the event of a call that the digest understood, at the line `index` of the digest. */
  recall(
    bytes: Uint8Array,
    { fields, names, failures }: Digest,
    index: number,
    personality: Personality,
    file: string | undefined,
    line: number,
  ): void {
    const field = index * width;
    const number = fields[field + atNumber] as number;
    const { result, injected } = resultIn(
      fields[field + atResult] as number,
      failures,
      bytes,
      fields[field + atLast] as number,
    );
    this.tracee = traceeOf(fields[field + atPid] as number);
    this.number = number < 0 ? undefined : number;
    this.personality = personality;
    this.name = names[fields[field + atName] as number] ?? "";
    this.result = result;
    this.injected = injected;
    this.argsComplete = true;
    this.#file = file;
    this.#line = line;
    this.#column = (fields[field + atEvent] as number) - (fields[field + atStart] as number) + 1;
    this.#before = undefined;
    this.#bytes = bytes;
    this.#start = fields[field + atArgs] as number;
    this.#end = fields[field + atArgsEnd] as number;
    this.#parts = undefined;
    this.#args = undefined;
  }

  get source(): Source {
    return { file: this.#file, line: this.#line, column: this.#column };
  }

  get args(): readonly Arg[] {
    this.#args ??= this.#split().map(({ value, end }) => decode(this.#bytes, value, end));
    return this.#args;
  }

  get argNames(): readonly (string | undefined)[] {
    return this.#split().map((part) => nameOfPart(this.#bytes, part));
  }

  arg(index: number): Arg | undefined {
    const known = this.#args?.[index];
    if (known !== undefined || index < 0) return known;
    const part = this.#parts === undefined ? this.#part(index) : this.#parts[index];
    return part === undefined ? undefined : keptArgs.get(this.#bytes, part.value, part.end);
  }

  argNamed(name: string): Arg | undefined {
    const index = this.#split().findIndex(
      (part) =>
        part.value > part.start + name.length &&
        this.#bytes[part.start + name.length] === 0x3d &&
        startsWith(this.#bytes, part.start, part.end, name),
    );
    return index < 0 ? undefined : this.arg(index);
  }

  #split(): readonly Part[] {
    this.#join();
    this.#parts ??= splitList(this.#bytes, this.#start, this.#end);
    return this.#parts;
  }

  #part(index: number): Part | undefined {
    this.#join();
    return partOfList(this.#bytes, this.#start, this.#end, index);
  }

  /** The arguments in one piece. */
  #join(): void {
    if (this.#before === undefined) return;
    const { bytes, start, end } = this.#before;
    const whole = join(bytes, start, end, this.#bytes, this.#start, this.#end);
    this.#before = undefined;
    this.#bytes = whole;
    this.#start = 0;
    this.#end = whole.length;
  }
}
