import { stringify } from "lossless-json";
import { escapeJson } from "../escape.ts";
import type { Policy } from "../policy/types.ts";
import { ruleKey } from "../seccomp/index.ts";
import type { ActionRule, ArgCondition, Because } from "../seccomp/types.ts";
import { describeValue, hostArch } from "../tables/index.ts";
import type { ScmpArch } from "../tables/types.ts";

interface Group {
  readonly names: string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly object[];
  readonly comment: string;
}

/** Groups of one kind stand together, in this order. */
const order: readonly Because["type"][] = ["observed", "user", "floor", "companion", "profile", "fallback"];

/**
 * A Docker seccomp profile (moby/profiles/seccomp; OCI runtime-spec `linux.seccomp`): one group per reason and set of arguments, one name a
 * line, sorted; the same policy gives the same bytes. `comment` says why a group is there.
 */
export function emitDocker(policy: Policy): string {
  const arches = policy.filters.map(({ arch }) => arch);
  const [first] = policy.filters;
  if (first === undefined) throw new RangeError("a policy without architectures");
  const groups = new Map<string, { readonly rank: string; readonly group: Group }>();
  const seen = new Set<string>();
  for (const filter of policy.filters) {
    for (const [name, rules] of filter.syscalls) {
      for (const rule of rules) {
        const once = `${name} ${rule.action.action} ${ruleKey(rule.rule)}`;
        if (seen.has(once)) continue;
        seen.add(once);
        const comment = commentOf(name, rule, policy);
        const key = `${comment}\n${ruleKey(rule.rule)}\n${JSON.stringify(rule.action)}`;
        const known = groups.get(key) ?? { rank: rankOf(rule, name, comment), group: toGroup(rule, comment) };
        known.group.names.push(name);
        groups.set(key, known);
      }
    }
  }
  const document = {
    defaultAction: first.defaultAction.action,
    ..."errnoRet" in first.defaultAction ? { defaultErrnoRet: first.defaultAction.errnoRet } : {},
    ...architectureMembers(arches),
    syscalls: [...groups.values()].sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0)).map(({ group }) => ({ ...group, names: group.names.sort() })),
  };
  return `${escapeJson(stringify(document, undefined, 2) ?? "")}\n`;
}

/** One machine's architectures are listed; those of several machines need the map by machine (moby `archMap`). */
function architectureMembers(arches: readonly ScmpArch[]): object {
  const natives = arches.filter((arch) => hostArch(arch, arches) === arch);
  if (natives.length < 2) return { architectures: arches };
  return { archMap: natives.map((architecture) => ({ architecture, subArchitectures: arches.filter((arch) => arch !== architecture && hostArch(arch, arches) === architecture) })) };
}

function toGroup({ action, rule }: ActionRule, comment: string): Group {
  return {
    names: [],
    action: action.action,
    ...("errnoRet" in action ? { errnoRet: action.errnoRet } : {}),
    ...(rule.conditions.length === 0 ? {} : { args: rule.conditions.map(toArg) }),
    comment,
  };
}

/** OCI's words: for SCMP_CMP_MASKED_EQ `value` is the mask and `valueTwo` the datum. */
function toArg(condition: ArgCondition): object {
  const { index, op, datum } = condition;
  return op === "SCMP_CMP_MASKED_EQ" ? { index, value: condition.mask, valueTwo: datum, op } : { index, value: datum, op };
}

function rankOf({ because, rule }: ActionRule, name: string, comment: string): string {
  const conditions = rule.conditions.length === 0 ? "0" : `1 ${name} ${rule.conditions.map(({ datum }) => datum.toString().padStart(20, "0")).join(" ")}`;
  return `${order.indexOf(because.type)} ${conditions} ${comment}`;
}

function commentOf(name: string, { because, rule }: ActionRule, { assumptions }: Policy): string {
  switch (because.type) {
    case "observed":
      return rule.conditions.length === 0 ? `observed (${assumptions.join("; ")})` : `observed: ${name} ${inWords(name, rule.conditions)}`;
    case "floor":
      return `container runtime: ${because.reason}`;
    case "companion":
      return `companion: ${because.reason}`;
    case "fallback":
      return `answer: ${because.reason}`;
    case "user":
      return `user: ${because.option}`;
    case "profile":
      return because.comment ?? "";
    default:
      return because satisfies never;
  }
}

function inWords(name: string, conditions: readonly ArgCondition[]): string {
  return conditions
    .map((condition) => {
      const value = condition.op === "SCMP_CMP_MASKED_EQ" ? condition.datum & condition.mask : condition.datum;
      if (condition.op === "SCMP_CMP_MASKED_EQ" && condition.datum === 0n && condition.mask !== 0xffff_ffffn) return `without ${describeValue(name, condition.index, condition.mask) ?? condition.mask.toString()}`;
      return describeValue(name, condition.index, value) ?? `argument ${condition.index} = ${value}`;
    })
    .join(", ");
}
