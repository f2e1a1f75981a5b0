import { limitWords, type ActionRule } from "../seccomp/index.ts";
import { isSyscallName } from "../tables/index.ts";
import { readAssumptions, writeAssumptions } from "./assumptions.ts";
import type { Assumptions, Policy } from "./types.ts";

/** Why a rule is there, as its comment in a profile says. Only this module writes and reads such comments. */
export type Reason =
  /** A recording saw it. `assumptions`: what the profile assumes, if the comment says so. */
  | { readonly type: "observed"; readonly assumptions: Assumptions | undefined }
  /** A recording saw it, and it is pinned to arguments. */
  | { readonly type: "observed"; readonly only: Limit }
  /** A recording saw it. It is not pinned, because of `unpinned`. */
  | { readonly type: "observed"; readonly call: string; readonly unpinned: string }
  /** A row of the policy's tables asks for it. */
  | { readonly type: "floor" | "companion"; readonly reason: string; readonly only: Limit | undefined }
  /** The code of a program can make it. `how` says the way in words. */
  | {
      readonly type: "code";
      readonly program: string;
      readonly ran: boolean;
      readonly how: string;
      readonly only: Limit | undefined;
    }
  /** The answer of a denied call. */
  | { readonly type: "answer"; readonly reason: string }
  /** The user asked for it. `beyond`: the ceiling that it exceeds. */
  | { readonly type: "user"; readonly option: "--allow" | "--deny"; readonly beyond: string | undefined };

/** A limit on arguments, in words. */
export interface Limit {
  readonly call: string;
  readonly words: string;
}

/** The beginnings of comments. */
const beginnings = {
  observed: "observed",
  floor: "container runtime: ",
  companion: "companion: ",
  code: "code of ",
  answer: "answer: ",
  user: "user: ",
} as const;

const anyArguments = " with any arguments, because ";
const beyondMark = ", BEYOND ";
const notRun = ", not run";

/** The reason of a policy's rule on `call`. `undefined` if the rule was read from a profile. */
export function reasonOf(
  call: string,
  { because, rule }: ActionRule,
  { assumptions }: Pick<Policy, "assumptions">,
): Reason | undefined {
  const only = (words: string | undefined): Limit | undefined =>
    rule.conditions.length === 0 ? undefined : { call, words: words ?? limitWords(call, rule.conditions) };
  switch (because.type) {
    case "observed": {
      if (because.unpinned !== undefined) return { type: "observed", call, unpinned: because.unpinned };
      const limit = only(because.only);
      return limit === undefined ? { type: "observed", assumptions } : { type: "observed", only: limit };
    }
    case "floor":
    case "companion":
      return { type: because.type, reason: because.reason, only: only(because.only) };
    case "code":
      return {
        type: "code",
        program: because.program,
        ran: because.ran,
        how: because.how,
        only: only(because.only),
      };
    case "fallback":
      return { type: "answer", reason: because.reason };
    case "user":
      return { type: "user", option: because.option, beyond: because.beyond };
    case "profile":
      return undefined;
    default:
      return because satisfies never;
  }
}

/** The comment for a reason. `readReason` reads it. */
export function writeReason(reason: Reason): string {
  const begin = beginnings[reason.type];
  switch (reason.type) {
    case "observed":
      if ("unpinned" in reason) return `${begin}: ${reason.call}${anyArguments}${reason.unpinned}`;
      if ("only" in reason) return `${begin}: ${reason.only.call} ${reason.only.words}`;
      return reason.assumptions === undefined ? begin : `${begin} (${writeAssumptions(reason.assumptions)})`;
    case "floor":
    case "companion":
      return `${begin}${reason.only === undefined ? "" : `${reason.only.call} ${reason.only.words}: `}${reason.reason}`;
    case "code":
      return (
        `${begin}${reason.program}${reason.ran ? "" : notRun}: ` +
        `${reason.only === undefined ? "" : `${reason.only.call} ${reason.only.words}: `}${reason.how}`
      );
    case "answer":
      return `${begin}${reason.reason}`;
    case "user":
      return `${begin}${reason.option}${reason.beyond === undefined ? "" : `${beyondMark}${reason.beyond}`}`;
    default:
      return reason satisfies never;
  }
}

/**
 * The reason in a comment of the form that `writeReason` writes. Anybody can write such a comment by hand. So the
 * reason is a claim, and only a recording proves it.
 */
export function readReason(comment: string): Reason | undefined {
  if (/^observed\b/.test(comment)) return readObserved(comment.slice(beginnings.observed.length));
  for (const type of ["floor", "companion"] as const)
    if (comment.startsWith(beginnings[type])) return { type, ...readRow(comment.slice(beginnings[type].length)) };
  const code = /^code of (.+?)(, not run)?: (.*)$/s.exec(comment);
  if (code !== null) {
    const { reason: how, only } = readRow(code[3] ?? "");
    return { type: "code", program: code[1] ?? "", ran: code[2] === undefined, how, only };
  }
  if (comment.startsWith(beginnings.answer)) return { type: "answer", reason: comment.slice(beginnings.answer.length) };
  const user = /^user: (--allow|--deny)(?:, BEYOND (.*))?$/s.exec(comment);
  return user === null ? undefined : { type: "user", option: user[1] as "--allow" | "--deny", beyond: user[2] };
}

function readObserved(rest: string): Reason {
  const [, call, words] = /^: (\w+) (.+)/s.exec(rest) ?? [];
  if (call === undefined || words === undefined) {
    const inBrackets = /^ \((.*)\)$/s.exec(rest)?.[1];
    return { type: "observed", assumptions: inBrackets === undefined ? undefined : readAssumptions(inBrackets) };
  }
  const any = anyArguments.trimStart();
  return words.startsWith(any)
    ? { type: "observed", call, unpinned: words.slice(any.length) }
    : { type: "observed", only: { call, words } };
}

/** A row's reason. If the rule has conditions, the call and its arguments come before the reason. */
function readRow(text: string): { readonly reason: string; readonly only: Limit | undefined } {
  const [, call = "", words = "", reason = ""] = /^(\w+) (.+?): (.*)$/s.exec(text) ?? [];
  return isSyscallName(call) ? { reason, only: { call, words } } : { reason: text, only: undefined };
}
