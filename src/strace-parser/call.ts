import { decode, nameOfPart, splitList } from "./argument.ts";
import type { Part } from "./argument.ts";
import { afterBlanks, endsWith, isDigit, isWord, Kept, latin1, startsWith } from "./bytes.ts";
import { readResult } from "./result.ts";
import type { ReadResult } from "./result.ts";
import { findOutside } from "./scan.ts";
import type { Arg, Personality, Source, SyscallEvent, SyscallResult, Tracee } from "./types.ts";

const opening = 0x28;
const closing = 0x29;

/** A call's text, taken apart but not decoded. */
export interface CallText {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Between the parentheses. */
  readonly start: number;
  readonly end: number;
  readonly read: ReadResult;
  readonly argsComplete: boolean;
}

/** Longer than any syscall's name, or `name#number`. */
const maxName = 64;

/** Each name is made once, not once per line. */
const names = new Kept<string>(latin1, 2048);

/** After the name of the call that the text begins with, where its `(` stands; -1: it begins with no call. Names: `openat`, `ioctl#64`, `???`. */
function nameEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  if (bytes[at] === 0x3f /* ? */) {
    while (at < end && bytes[at] === 0x3f) at += 1;
    if (at - start < 3 || at - start > 4) return -1;
  } else {
    if (isDigit(bytes[at])) return -1;
    while (at < end && (isWord(bytes[at]) || (bytes[at] === 0x23 && at > start))) at += 1;
  }
  return at > start && at - start <= maxName && at < end ? at : -1;
}

/** The beginning of a call: its name, and where what follows its `(` begins and ends. */
export interface CallStart {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Reads `name(`; undefined: the text begins with no call. */
export function readStart(bytes: Uint8Array, start: number, end: number): CallStart | undefined {
  const after = nameEnd(bytes, start, end);
  return after < 0 || bytes[after] !== opening ? undefined : { name: names.get(bytes, start, after), bytes, start: after + 1, end };
}

/** Reads `<... name resumed>`; `end` is the offset after it. */
export function readResumed(bytes: Uint8Array, start: number, end: number): { readonly name: string; readonly end: number } | undefined {
  const first = start + "<... ".length;
  const after = nameEnd(bytes, first, end);
  return after < 0 || !startsWith(bytes, after, end, " resumed>") ? undefined : { name: names.get(bytes, first, after), end: after + " resumed>".length };
}

/**
 * Takes `args) = result` apart; undefined: the line breaks off, or is no call. `complete`: the line ends with a newline, so that no string in it is left open.
 * Then what stands after the last `) = ` is the result where it holds no quote, no annotation and no other `=`: no argument has to be looked at.
 */
export function readCall(call: CallStart, complete = true): CallText | undefined {
  const plain = complete ? beforePlainResult(call.bytes, call.start, call.end) : -1;
  const read = plain >= 0 ? finish(call, plain) : undefined;
  if (read !== undefined) return read;
  const closed = findOutside(call.bytes, call.start, call.end, closing);
  return (closed >= 0 ? finish(call, closed) : undefined) ?? (complete ? backwards(call) : undefined);
}

/** What must be looked at from the front: a result with an annotation, a struct or a string. */
const notPlain = new Uint8Array(256);
for (const char of '"<>=') notPlain[char.charCodeAt(0)] = 1;

/** Where the `)` stands that `= result` follows, up to the end and without anything that nests (but the time of -T); -1: nowhere. */
function beforePlainResult(bytes: Uint8Array, start: number, end: number): number {
  let at = beforeDuration(bytes, start, end) - 1;
  while (at > start && notPlain[bytes[at] as number] !== 1) at -= 1;
  if (at <= start || bytes[at] !== 0x3d || bytes[at + 1] !== 0x20) return -1;
  at -= 1;
  while (at > start && bytes[at] === 0x20) at -= 1;
  return bytes[at] === closing ? at : -1;
}

/** Before ` <0.000012>` (-T); `end` where there is none. */
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
  return read === undefined ? undefined : { name, bytes, start, end: withoutMark(bytes, start, closed), read, argsComplete: true };
}

const mark = "<unfinished ...>";

/** `(… <unfinished ...>) = ?`: the thread ended inside of the call. */
function withoutMark(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[end - 1] !== 0x3e || !endsWith(bytes, start, end, mark)) return end;
  const before = end - mark.length;
  return before > start && bytes[before - 1] === 0x20 ? before - 1 : before;
}

/** So many closing brackets are tried from the end. */
const maxAttempts = 32;

/** Where brackets inside of the arguments do not match (a path with odd characters): the last `) = ` that is followed by a result. */
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

/** Where an event stands in its log, and who made it. */
export interface CallContext {
  readonly tracee: Tracee;
  readonly number: number | undefined;
  readonly file: string | undefined;
  readonly line: number;
  readonly column: number;
}

/** Arguments that are asked for one by one are flags, commands and the like: few different ones, often. */
const keptArgs = new Kept<Arg>(decode, 2048);

/** A system call whose arguments are decoded on first use. */
export class LazySyscall implements SyscallEvent {
  readonly kind = "syscall";
  readonly tracee: Tracee;
  readonly number: number | undefined;
  readonly personality: Personality;
  readonly name: string;
  readonly result: SyscallResult;
  readonly injected: boolean;
  readonly argsComplete: boolean;
  readonly #context: CallContext;
  readonly #text: CallText;
  #parts: readonly Part[] | undefined;
  #args: readonly Arg[] | undefined;

  constructor(text: CallText, context: CallContext, personality: Personality) {
    this.tracee = context.tracee;
    this.number = context.number;
    this.personality = personality;
    this.name = text.name;
    this.result = text.read.result;
    this.injected = text.read.injected;
    this.argsComplete = text.argsComplete;
    this.#context = context;
    this.#text = text;
  }

  get source(): Source {
    const { file, line, column } = this.#context;
    return { file, line, column };
  }

  get args(): readonly Arg[] {
    this.#args ??= this.#split().map(({ value, end }) => decode(this.#text.bytes, value, end));
    return this.#args;
  }

  get argNames(): readonly (string | undefined)[] {
    return this.#split().map((part) => nameOfPart(this.#text.bytes, part));
  }

  arg(index: number): Arg | undefined {
    const part = this.#split()[index];
    return part === undefined ? undefined : (this.#args?.[index] ?? keptArgs.get(this.#text.bytes, part.value, part.end));
  }

  argNamed(name: string): Arg | undefined {
    const index = this.#split().findIndex((part) => part.value - part.start === name.length + 1 && startsWith(this.#text.bytes, part.start, part.end, name));
    return index < 0 ? undefined : this.arg(index);
  }

  #split(): readonly Part[] {
    this.#parts ??= splitList(this.#text.bytes, this.#text.start, this.#text.end);
    return this.#parts;
  }
}
