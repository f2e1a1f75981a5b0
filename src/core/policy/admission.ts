import { madeBy, type ArgTuple, type SyscallRecord } from "../recording/index.ts";
import {
  callArgs,
  evaluate,
  impliedByAny,
  isAllowing,
  ruleMatches,
  type Action,
  type ActionRule,
  type ArgIndex,
  type Because,
  type Rule,
} from "../seccomp/index.ts";
import { syscallNumber, type ScmpArch } from "../tables/index.ts";
import { allowingRules } from "./allowing-rules.ts";
import { pinFor } from "./arguments.ts";
import { codeForms } from "./code.ts";
import { existsOn, type Draft } from "./draft.ts";
import type { Also, Pin } from "./pin.ts";
import type { PolicyNote, PolicyOptions } from "./types.ts";

const allow: Action = { action: "SCMP_ACT_ALLOW" };

/** Why a call is added, unless --allow names it. */
type Cause = Exclude<Because, { readonly type: "user" | "profile" }>;

/** Adds a call that nobody observed, unless --deny names it or it is allowed already. */
export function admitUnseen(arch: ScmpArch, name: string, because: Cause, draft: Draft): void {
  if (existsOn(arch, name) && !draft.denied.has(name) && !draft.book.allows(name))
    admit(arch, name, undefined, because, draft);
}

/**
 * Adds a call with its arguments pinned, as far as the ceiling allows it. Notes what the ceiling denies, and what could
 * not be pinned. A call that --allow names stays whole.
 */
export function admit(
  arch: ScmpArch,
  name: string,
  record: SyscallRecord | undefined,
  because: Cause,
  draft: Draft,
): void {
  const { options, notes, book } = draft;
  if (options.allow.includes(name)) return;
  const limits = allowingRules(options.ceiling.get(arch), name);
  if (limits.length === 0) {
    if (record !== undefined) notes.push(aboveCeiling(arch, name, record));
    return;
  }
  const pin = pinFor(name, record, {
    arch,
    tier: options.args,
    start: draft.start,
    programs: draft.programs,
    glibcPrograms: draft.glibcPrograms,
    code: codeCounts(options) ? draft.recording.code : undefined,
  });
  if (pin !== undefined && "unpinned" in pin)
    notes.push({ kind: "unpinned", arch, syscall: name, reason: pin.unpinned });
  const beyond = record === undefined ? [] : valuesBeyond(arch, name, record, options);
  if (record !== undefined && beyond.length > 0) notes.push({ ...aboveCeiling(arch, name, record), values: beyond });
  if (pin !== undefined && "allow" in pin) {
    admitPinned(arch, name, record, { because, pin, limits }, draft);
    return;
  }
  const unpinned = pin !== undefined && because.type === "observed" ? { unpinned: pin.unpinned } : {};
  for (const rule of limits) book.add(name, allowing(rule, { ...because, ...unpinned }, record));
}

/** Adds what a pin allows of a call, within the ceiling's rules for it, and the answers for the rest. */
function admitPinned(
  arch: ScmpArch,
  name: string,
  record: SyscallRecord | undefined,
  { because, pin, limits }: { readonly because: Cause; readonly pin: Pin; readonly limits: readonly Rule[] },
  draft: Draft,
): void {
  const { book, answers, notes } = draft;
  const isWithin = (rule: Rule): boolean => impliedByAny(rule, limits);
  const own = pin.allow.filter(isWithin);
  const also = (pin.also ?? []).filter(({ rule }) => isWithin(rule));
  const entered = [...own, ...also.map(({ rule }) => rule)];
  const forms = formsWithin(arch, name, draft).filter(({ rule }) => !impliedByAny(rule, entered));
  if (entered.length + forms.length === 0) return;
  const reason: Cause = pin.words === undefined ? because : { ...because, only: pin.words };
  for (const rule of own) book.add(name, allowing(rule, reason, record));
  for (const row of also) book.add(name, allowing(row.rule, reasonBeside(because, row), record));
  for (const form of forms) book.add(name, form);
  const rules = book.rulesOf(name).filter(({ action }) => isAllowing(action));
  notes.push({ kind: "pinned", arch, syscall: name, rules });
  if (pin.lost !== undefined) notes.push({ kind: "unpinned", arch, syscall: name, reason: pin.lost });
  const closed = pin.answers.map(({ reason: why, source, ...answer }): ActionRule => ({
    ...answer,
    because: { type: "fallback", reason: why, source },
  }));
  answers.set(name, [...(answers.get(name) ?? []), ...closed]);
}

/** The reason for a rule that the policy adds to what was seen. */
function reasonBeside(because: Cause, { reason, source, words, seen = false }: Also): Cause {
  const only = words === undefined ? {} : { only: words };
  if (because.type === "floor" || because.type === "code" || (because.type === "observed" && seen))
    return { ...because, ...only };
  return { type: "companion", reason, source, ...only };
}

/** Does the code of the programs decide about calls? */
export function codeCounts({ exact, reach }: PolicyOptions): boolean {
  return reach && !exact;
}

/** The ordinary forms of the call that the code makes, within the ceiling. */
export function formsWithin(arch: ScmpArch, name: string, { options, recording }: Draft): readonly ActionRule[] {
  if (!codeCounts(options)) return [];
  const limits = allowingRules(options.ceiling.get(arch), name);
  return codeForms(recording.code, arch, options.furthestRank)
    .filter((form) => form.name === name && impliedByAny(form.rule, limits))
    .map(({ rule, because }) => ({ action: allow, rule, because }));
}

/**
 * The rule with its reason. The reason names the programs that made the call in this form. If the recording does not
 * tell the forms of programs apart, it names all programs that made the call.
 */
function allowing(rule: Rule, because: Cause, record: SyscallRecord | undefined): ActionRule {
  if (because.type !== "observed" || record === undefined || rule.conditions.length === 0)
    return { action: allow, rule, because };
  const indices = record.args?.indices ?? [];
  const programs = (madeBy(record) ?? [])
    .filter(({ tuple }) => ruleMatches(rule, argsOf(indices, tuple)))
    .flatMap((each) => each.programs);
  const processes = programs.length === 0 ? because.processes : [...new Set(programs)].sort();
  return { action: allow, rule, because: { ...because, processes } };
}

function aboveCeiling(
  arch: ScmpArch,
  name: string,
  record: SyscallRecord,
): Extract<PolicyNote, { kind: "above-ceiling" }> {
  return {
    kind: "above-ceiling",
    arch,
    syscall: name,
    results: record.results,
    processes: record.processes,
    values: undefined,
  };
}

/** The observed argument values that the ceiling denies. */
function valuesBeyond(
  arch: ScmpArch,
  name: string,
  record: SyscallRecord,
  { ceiling }: PolicyOptions,
): readonly ArgTuple[] {
  const filter = ceiling.get(arch);
  if (filter === undefined || record.args === undefined || record.args.values === "many") return [];
  const { indices, values } = record.args;
  return values.filter((tuple) => {
    if (tuple[0] === null) return false;
    const args = argsOf(indices, tuple);
    return !isAllowing(evaluate(filter, { arch, name, nr: syscallNumber(arch, name), args }));
  });
}

function argsOf(indices: readonly number[], tuple: ArgTuple): ReturnType<typeof callArgs> {
  const values = Object.fromEntries(tuple.map((value, position) => [indices[position] ?? 0, value ?? 0n]));
  return callArgs(values as { readonly [index in ArgIndex]?: bigint });
}
