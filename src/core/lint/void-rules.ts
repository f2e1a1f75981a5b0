import { groupApplies, toAction, toRules, type DockerProfile, type HostContext } from "../profile/index.ts";
import {
  decide,
  impliedByAny,
  isAllowing,
  partition,
  ruleMatches,
  sameAction,
  type Action,
  type Decision,
  type Filter,
  type Rule,
  type SeccompData,
} from "../seccomp/index.ts";
import { syscallNumber } from "../tables/index.ts";
import type { Finding, VoidCause } from "./types.ts";

/** A rule of a group on one call, as the profile has it, even if the runtime leaves it out. */
interface SaidRule {
  readonly pointer: string;
  readonly name: string;
  readonly rule: Rule;
  readonly action: Action;
}

/** The rules of a call are judged one by one. A call with more rules than this is not judged. */
const maxRules = 64;

/**
 * Rules that deny calls but do not stop all of them, and exceptions that are denied. A narrower rule with another
 * answer makes nothing void: the author meant it to win.
 */
export function voidRules(profile: DockerProfile, host: HostContext, filter: Filter): readonly Finding[] {
  const said = new Map<string, SaidRule[]>();
  profile.syscalls.forEach((group, at) => {
    if (!groupApplies(group, host)) return;
    const [action, rules] = [toAction(group.action, group.errnoRet, host.arch), toRules(group.args)];
    for (const name of new Set(group.names)) {
      const known = said.get(name) ?? [];
      said.set(name, known);
      for (const rule of rules) known.push({ pointer: `/syscalls/${at}`, name, rule, action });
    }
  });
  const found = [...said].flatMap(([name, rules]) => {
    if (syscallNumber(filter.arch, name) === undefined || rules.length > maxRules) return [];
    const denies = rules.filter(({ action }) => !isAllowing(action));
    const exceptions = rules.filter(({ action }) => isAllowing(action));
    const mayPass = isAllowing(filter.defaultAction) || exceptions.length > 0;
    return [
      ...(mayPass ? denies.flatMap((rule) => voidDeny(filter, rule)) : []),
      ...(denies.length > 0 ? exceptions.flatMap((rule) => voidException(filter, rule)) : []),
    ];
  });
  return together(found);
}

function voidDeny(filter: Filter, { pointer, name, rule, action }: SaidRule): readonly Finding[] {
  for (const [call, decision] of matching(filter, name, rule)) {
    if (!isAllowing(decision.action)) continue;
    if (decision.by === "rule" && isNarrower(decision.rule.rule, rule)) continue;
    const passes = { call, answer: decision.action };
    const why = causeOf(filter, action);
    return [{ kind: "void-deny", severity: "error", pointer, names: [name], why, passes, by: placeOf(decision) }];
  }
  return [];
}

function voidException(filter: Filter, { pointer, name, rule, action }: SaidRule): readonly Finding[] {
  for (const [call, decision] of matching(filter, name, rule)) {
    if (isAllowing(decision.action) || decision.by !== "rule") continue;
    if (!impliedByAny(rule, [decision.rule.rule])) continue;
    const denied = { call, answer: decision.action };
    const why = causeOf(filter, action);
    return [
      { kind: "void-exception", severity: "warning", pointer, names: [name], why, denied, by: placeOf(decision) },
    ];
  }
  return [];
}

/** Calls that the rule means, with their answers: one call for each part in which the filter decides alike. */
function matching(filter: Filter, name: string, rule: Rule): readonly (readonly [SeccompData, Decision])[] {
  const nr = syscallNumber(filter.arch, name);
  return partition([
    { ask: "decider", filter, name },
    { ask: "match", rule },
  ])
    .filter((args) => ruleMatches(rule, args))
    .map((args) => {
      const call = { arch: filter.arch, name, nr, args };
      return [call, decide(filter, call)] as const;
    });
}

function isNarrower(one: Rule, other: Rule): boolean {
  return impliedByAny(one, [other]) && !impliedByAny(other, [one]);
}

function causeOf({ defaultAction }: Filter, action: Action): VoidCause {
  return sameAction(action, defaultAction) ? "dropped" : "swallowed";
}

function placeOf(decision: Decision): string | undefined {
  return decision.by === "rule" && decision.rule.because.type === "profile" ? decision.rule.because.pointer : undefined;
}

/** One finding for what one group says about several calls. The first witness stands for all. */
function together(found: readonly Finding[]): readonly Finding[] {
  const groups = new Map<string, Finding>();
  for (const finding of found) {
    const key = `${finding.kind} ${finding.pointer}`;
    const known = groups.get(key);
    const names = known === undefined ? finding.names : [...new Set([...known.names, ...finding.names])];
    groups.set(key, { ...(known ?? finding), names });
  }
  return [...groups.values()];
}
