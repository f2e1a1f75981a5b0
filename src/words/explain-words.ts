import { originOf, type CallExplanation, type CallState, type Explanation, type Reach } from "../core/explain/index.ts";
import { readReason, writeAssumptions } from "../core/policy/index.ts";
import { findingText } from "./lint-words.ts";
import {
  argumentWords,
  callWords,
  conditionWords,
  exceptionsOf,
  formatAction,
  type Action,
  type ActionRule,
  type Rule,
} from "../core/seccomp/index.ts";
import {
  dockerArch,
  operationOf,
  subsystems,
  type RequiredCall,
  type ScmpArch,
  type Subsystem,
  type Vulnerability,
} from "../core/tables/index.ts";

/** The name of each state. */
export const stateWords: { readonly [state in CallState]: string } = {
  allowed: "allowed",
  pinned: "some arguments only",
  floor: "for the start only",
  enosys: "denied, “not implemented”",
  denied: "denied",
};

/** What each state means, for a reader who has never heard of it. */
export const stateMeanings: { readonly [state in CallState]: string } = {
  allowed: "the container may make this call with any arguments",
  pinned: "the container may make this call with some arguments only",
  floor: "the container runtime needs it to start the container; the recorded program did not make it",
  enosys:
    "denied; the program gets “not implemented”, as from an older kernel, and falls back to another call if it can",
  denied: "denied with an error, or the program is ended",
};

export const reachWords: { readonly [reach in Reach]: string } = {
  closed: "out of reach",
  capability: "needs a capability that the container does not have",
  open: "within reach on a kernel that is not up to date",
};

/** What the program gets from a denied call. */
function answerWords(answer: Action): string {
  if (answer.action === "SCMP_ACT_ERRNO") {
    const words: { readonly [errno: string]: string } = {
      EPERM: "operation not permitted: most programs report it and give up",
      ENOSYS: "not implemented, as if the kernel were older: libraries fall back to other calls",
      EACCES: "permission denied",
      EAFNOSUPPORT: "address family not supported, as if it were not built into the kernel",
      EINVAL: "invalid argument",
      ENOENT: "no such file",
    };
    const name = formatAction(answer);
    return `${name}: ${words[name] ?? "the call fails with this error"}`;
  }
  if (answer.action === "SCMP_ACT_TRAP") return "a SIGSYS signal, which ends most programs";
  return answer.action === "SCMP_ACT_KILL_THREAD" ? "its thread killed" : "its process killed";
}

/** What the call can be used for: whether the profile allows it, and what denying it closes. */
export function operationsOf({
  operations,
}: Pick<CallExplanation, "operations">): readonly { readonly open: boolean; readonly text: string }[] {
  return operations.map(({ operation, open, answer }) => {
    const { does, closes, users } = operationOf(operation);
    const error = answer === undefined ? "" : ` (${formatAction(answer)})`;
    const text = open
      ? `${does}: ${closes.join(", ")}`
      : `may not ${does}${error}: ` + `closes ${closes.join(", ")}; needed by ${users}`;
    return { open, text };
  });
}

/** The answers of a call that is not always allowed, one on a line. Rules with conditions come first. */
export function answersOf({ name, arch, state, answer, denies }: CallExplanation): readonly string[] {
  const byAnswer = new Map<string, string[]>();
  for (const { action, rule } of denies) {
    const words = answerWords(action);
    byAnswer.set(words, [...(byAnswer.get(words) ?? []), ruleWords(name, rule, arch)]);
  }
  const byRule = [...byAnswer].map(([words, rules]) => `if ${alternatives(rules)}: ${words}`);
  const first = state === "denied" || state === "enosys" ? "the program gets" : "otherwise it gets";
  return [...byRule, ...(answer === undefined ? [] : [`${first} ${answerWords(answer)}`])];
}

/** The name of this call's state. A call that is logged, or decided by another program, is not plainly allowed. */
export function stateOf({ state, lets, answer, denies }: CallExplanation): string {
  const words = stateWords[state];
  if (state === "enosys") return words;
  if (state === "denied") {
    const actions = [...denies.map(({ action }) => action), ...(answer === undefined ? [] : [answer])];
    const endings = [...new Set(actions.flatMap((action) => endingWords(action) ?? []))];
    return endings.length === 0 ? words : `${words}: ${endings.join(", or ")}`;
  }
  const others = lets.flatMap((action) => letWords(action) ?? []);
  if (others.length === 0) return words;
  const isPlain = lets.some(({ action }) => action === "SCMP_ACT_ALLOW");
  return [...(state === "pinned" ? [words] : isPlain ? ["allowed with some arguments"] : []), ...others].join(", ");
}

/** What a state means for this call. */
export function meaningOf(call: CallExplanation): string {
  const plain = call.lets.every(({ action }) => action === "SCMP_ACT_ALLOW");
  if (plain || call.state === "denied" || call.state === "enosys") return stateMeanings[call.state];
  return call.lets.map((action) => letMeanings[action.action] ?? "the container may make this call").join("; ");
}

const letMeanings: { readonly [action in Action["action"]]?: string } = {
  SCMP_ACT_LOG: "the container may make this call, and the kernel logs that it did",
  SCMP_ACT_NOTIFY: "the call waits for an agent, which answers or allows it; without an agent it fails with ENOSYS",
  SCMP_ACT_TRACE: "the call waits for a tracer, which may allow it; without a tracer it fails with ENOSYS",
};

/** What happens to a call that is possible, but not simply allowed. */
function letWords({ action }: Action): string | undefined {
  switch (action) {
    case "SCMP_ACT_LOG":
      return "allowed and logged (SCMP_ACT_LOG)";
    case "SCMP_ACT_NOTIFY":
      return "an agent decides (SCMP_ACT_NOTIFY)";
    case "SCMP_ACT_TRACE":
      return "a tracer decides (SCMP_ACT_TRACE)";
    default:
      return undefined;
  }
}

/** What happens to the program, other than an error. */
function endingWords({ action }: Action): string | undefined {
  switch (action) {
    case "SCMP_ACT_TRAP":
      return "the program gets SIGSYS (SCMP_ACT_TRAP)";
    case "SCMP_ACT_KILL_THREAD":
      return "the thread is killed (SCMP_ACT_KILL_THREAD)";
    case "SCMP_ACT_KILL_PROCESS":
      return "the process is killed (SCMP_ACT_KILL_PROCESS)";
    default:
      return undefined;
  }
}

/** Names the argument once if all rules begin with it: `arg0 with A, with B`. */
function alternatives(rules: readonly string[]): string {
  const [first = "", ...others] = [...new Set(rules)];
  const argument = /^arg\d /.exec(first)?.[0] ?? "";
  const isAlike = argument !== "" && others.every((rule) => rule.startsWith(argument));
  return [first, ...(isAlike ? others.map((rule) => rule.slice(argument.length)) : others)].join(", or ");
}

function ruleWords(name: string, { conditions }: Rule, arch: ScmpArch): string {
  return conditions.map((condition) => conditionWords(name, condition, arch).replaceAll("|", ", ")).join(" and ");
}

/**
 * The values that the filter means to deny and does not: it compares 64 bits of an argument, and the kernel looks only
 * at 32.
 */
function upperBitsOf({ name, arch, passed }: CallExplanation): readonly string[] {
  if (passed.length === 0) return [];
  const values = passed.map(({ args, witness }) => {
    const conditions = args.map(({ index, value }) => ({ index, op: "SCMP_CMP_EQ", datum: value }) as const);
    return `${ruleWords(name, { conditions }, arch)} as ${callWords(witness)}`;
  });
  return [
    "a " +
      `program can set a bit above the lower 32, which the kernel ignores but the rule compares: this opens ` +
      `${values.slice(0, 8).join(", ")}${values.length > 8 ? " …" : ""}`,
  ];
}

/** What the filter does with the call that its author cannot have meant. */
export function gapsOf(call: CallExplanation): readonly string[] {
  return [...call.findings.map((finding) => findingText(finding)), ...upperBitsOf(call)];
}

/**
 * Why a call is allowed, one reason on a line: who made it in the recorded runs, or which row of a table asks for it.
 */
export function reasonsOf({ rules, recorded, unbacked, state }: CallExplanation): readonly string[] {
  if (state === "denied" || state === "enosys") return [];
  const said = rules.map((rule) => reasonOf(rule, recorded, unbacked));
  return said.length === 0 ? ["the profile's default action allows it"] : [...new Set(said)];
}

/** Is the call allowed only because it accompanies others? */
export function isCompanion({ rules, state }: CallExplanation): boolean {
  return (
    state !== "denied" &&
    state !== "enosys" &&
    rules.length > 0 &&
    rules.every(({ because }) => originOf(because) === "companion")
  );
}

function reasonOf({ because }: ActionRule, recorded: CallExplanation["recorded"], unbacked: boolean): string {
  const comment = because.type === "profile" ? (because.comment ?? "") : "";
  const reason = readReason(comment);
  switch (reason?.type) {
    case "observed":
      if (unbacked) return "NO REASON: the profile says that it was recorded, but the recording does not have it";
      if (recorded !== undefined) return recordedText(recorded);
      return "assumptions" in reason && reason.assumptions !== undefined
        ? `recorded, says the profile (${writeAssumptions(reason.assumptions)})`
        : "recorded, says the profile";
    case "user":
      return `asked for by ${reason.option}${reason.beyond === undefined ? "" : `, BEYOND ${reason.beyond}`}`;
    case "floor":
    case "code":
    case "companion":
      return comment;
    case "answer":
    case undefined:
      return comment === "" ? "the profile gives no reason" : `the profile says: ${comment}`;
    default:
      return reason satisfies never;
  }
}

function recordedText({ calls, processes, results }: NonNullable<CallExplanation["recorded"]>): string {
  return (
    `recorded: made by ${processes.join(", ")}${calls === 1 ? "" : `, some ${calls.toLocaleString("en")} times`} ` +
    `(${results.join(", ")})`
  );
}

/** The arguments with which a call is allowed. `undefined` if it is allowed with any. */
export function limitsOf({ name, arch, rules, state }: CallExplanation): readonly string[] | undefined {
  if (state === "denied" || state === "enosys") return undefined;
  if (rules.length === 0 || rules.some(({ rule }) => rule.conditions.length === 0)) return undefined;
  const words = (rule: Rule): string => ruleWords(name, rule, arch);
  const list = rules.map(({ rule }) => rule);
  const exceptions = exceptionsOf(list);
  return exceptions === undefined
    ? [...new Set(list.map(words))]
    : [`anything but ${exceptions.map(words).join(" or ")}`];
}

/** A vulnerability, with the name by which people know it. */
export function vulnerabilityName({ id, name }: Vulnerability): string {
  return name === undefined ? id : `${id} (${name})`;
}

/** The capability that a vulnerability needs, as words that follow its calls. */
export function capabilityWords({ capability }: Vulnerability): string {
  return capability === undefined ? "" : `, with ${capability.name}`;
}

/** The calls that an attacker needs to reach a vulnerability. */
export function needsWords({ needs }: Vulnerability): string {
  return needs.map(needWords).join(", then ");
}

/** A list of calls. One of them is enough: `socket(AF_VSOCK)`, `splice or sendfile`. */
function needWords(need: readonly RequiredCall[]): string {
  const shown = need.flatMap((call) => call.names.map((name) => requiredWords(name, call)));
  return shown.length > 4 ? `${shown.slice(0, 3).join(", ")} or ${shown.length - 3} others` : shown.join(" or ");
}

function requiredWords(name: string, { args = [], arches }: RequiredCall): string {
  const values = args.map(({ index, value }) => requiredValue(name, index, BigInt(value)));
  const machine = arches?.length === 1 ? arches.map(dockerArch).join("") : "a 32-bit architecture";
  return `${name}${values.length === 0 ? "" : `(${values.join(", ")})`}${arches === undefined ? "" : ` on ${machine}`}`;
}

/**
 * The meaning of a protocol depends on the family, and the meaning of an option on the level. So these numbers have no
 * names of their own.
 */
function requiredValue(name: string, index: number, value: bigint): string {
  const isPlain = (name === "socket" || name === "setsockopt") && index === 2;
  return argumentWords(isPlain ? undefined : name, index, value);
}

/** The calls of each subsystem, in the table's order. */
export function bySubsystem(
  calls: readonly CallExplanation[],
): readonly (readonly [Subsystem, readonly CallExplanation[]])[] {
  return (Object.keys(subsystems) as Subsystem[]).flatMap((subsystem) => {
    const own = calls.filter(({ text }) => (text?.subsystem ?? "unimplemented") === subsystem);
    return own.length === 0 ? [] : [[subsystem, own] as const];
  });
}

/** How many known vulnerabilities have each reach, under the profile or under Docker's default. */
export function reachCounts(
  { vulnerabilities }: Explanation,
  whose: "reach" | "docker",
): { readonly [reach in Reach]: number } {
  const count = (reach: Reach): number => vulnerabilities.filter((verdict) => verdict[whose] === reach).length;
  return { closed: count("closed"), capability: count("capability"), open: count("open") };
}

/** The number of calls that the container may make, in whatever way. */
export function keptCount({
  states,
}: {
  readonly states: { readonly allowed: number; readonly pinned: number; readonly floor?: number };
}): number {
  return states.allowed + states.pinned + (states.floor ?? 0);
}
