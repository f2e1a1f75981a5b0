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
  return callName.exec(text)?.[1];
}

/** Takes `name(args) = result` apart; undefined: the line breaks off, or is no call. */
export function readCall(text: string): CallText | undefined {
  const name = nameOf(text);
  if (name === undefined) return undefined;
  const start = name.length + 1;
  const closed = findOutside(text, start, ")");
  return (closed >= 0 ? finish(text, name, start, closed) : undefined) ?? backwards(text, name, start);
}

function finish(text: string, name: string, start: number, closed: number): CallText | undefined {
  const rest = /^\) *(?:= (.*))?$/s.exec(text.slice(closed));
  const read = rest?.[1] === undefined ? undefined : readResult(rest[1]);
  return read === undefined ? undefined : { name, args: text.slice(start, closed), ...read, argsComplete: true };
}

/** Where brackets inside of the arguments do not match (a path with odd characters): the last `) = ` that is followed by a result. */
function backwards(text: string, name: string, start: number): CallText | undefined {
  for (let at = text.length; (at = text.lastIndexOf(")", at - 1)) >= start; ) {
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
