import { decodeArguments } from "./argument.ts";
import type { NamedArg } from "./argument.ts";
import { readResult } from "./result.ts";
import { findOutside } from "./scan.ts";
import type { Arg, Personality, Source, SyscallEvent, SyscallResult, Tracee } from "./types.ts";

/** The text of a call, taken apart but not decoded. */
export interface CallText {
  readonly name: string;
  /** Between the parentheses. */
  readonly args: string;
  readonly result: SyscallResult;
  readonly injected: boolean;
  readonly argsComplete: boolean;
}

const callName = /^([A-Za-z_][A-Za-z0-9_#]*|\?\?\?\??)\(/;

/** The name of the call that a line begins with; undefined: it begins with no call. */
export function nameOf(text: string): string | undefined {
  const end = text.indexOf("(");
  if (end <= 0 || end > 64) return undefined;
  const name = text.slice(0, end);
  const known = names.get(name);
  if (known !== undefined) return known;
  if (!callName.test(text)) return undefined;
  if (names.size < 2000) names.set(name, name);
  return name;
}

/** Each name is kept once, not once per line. */
const names = new Map<string, string>();

/** Takes `name(args) = result` apart; undefined: the line breaks off, or is no call. */
export function readCall(text: string): CallText | undefined {
  const name = nameOf(text);
  if (name === undefined) return undefined;
  const start = name.length + 1;
  const closed = findOutside(text, start, ")");
  return (closed >= 0 ? finish(text, name, start, closed) : undefined) ?? backwards(text, name, start);
}

function finish(text: string, name: string, start: number, closed: number): CallText | undefined {
  let at = closed + 1;
  while (text.charCodeAt(at) === 0x20) at += 1;
  if (text.charCodeAt(at) !== 0x3d || text.charCodeAt(at + 1) !== 0x20) return undefined;
  const read = readResult(text.slice(at + 2));
  if (read === undefined) return undefined;
  // "(… <unfinished ...>) = ?": the thread ended inside of the call.
  return { name, args: text.slice(start, closed).replace(/ ?<unfinished \.\.\.>$/, ""), result: read.result, injected: read.injected, argsComplete: true };
}

/** So many closing brackets are tried from the end. */
const maxAttempts = 32;

/** Where brackets inside of the arguments do not match (a path with odd characters): the last `) = ` that is followed by a result. */
function backwards(text: string, name: string, start: number): CallText | undefined {
  for (let at = text.length, tries = 0; tries < maxAttempts && (at = text.lastIndexOf(")", at - 1)) >= start; tries += 1) {
    const found = finish(text, name, start, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A system call whose arguments are decoded on first use. */
export class LazySyscall implements SyscallEvent {
  readonly kind = "syscall";
  readonly tracee: Tracee;
  readonly source: Source;
  readonly number: number | undefined;
  readonly personality: Personality;
  readonly name: string;
  readonly result: SyscallResult;
  readonly injected: boolean;
  readonly argsComplete: boolean;
  readonly #text: string;
  #decoded: readonly NamedArg[] | undefined;

  constructor(call: CallText, context: { tracee: Tracee; source: Source; number: number | undefined; personality: Personality }) {
    this.tracee = context.tracee;
    this.source = context.source;
    this.number = context.number;
    this.personality = context.personality;
    this.name = call.name;
    this.result = call.result;
    this.injected = call.injected;
    this.argsComplete = call.argsComplete;
    this.#text = call.args;
  }

  get args(): readonly Arg[] {
    return this.#named().map(({ value }) => value);
  }

  get argNames(): readonly (string | undefined)[] {
    return this.#named().map(({ name }) => name);
  }

  #named(): readonly NamedArg[] {
    this.#decoded ??= decodeArguments(this.#text);
    return this.#decoded;
  }
}
