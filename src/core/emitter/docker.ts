import { stringify } from "lossless-json";
import { escapeJson } from "../text/index.ts";
import { reasonOf, writeReason, type Policy } from "../policy/index.ts";
import {
  isAllowing,
  ruleKey,
  type Action,
  type ActionRule,
  type ArgCondition,
  type Because,
  type Rule,
} from "../seccomp/index.ts";
import { errnoOn, hostArch, numberAlike, type ScmpArch } from "../tables/index.ts";

interface Group {
  readonly comment: string;
  readonly names: string[];
  readonly action: Action;
  readonly rule: Rule;
}

/** The order of the groups in a profile, by their reason. */
const order: readonly Because["type"][] = ["observed", "user", "floor", "code", "companion", "profile", "fallback"];

/**
 * A Docker seccomp profile (moby/profiles/seccomp; OCI runtime-spec `linux.seccomp`). Rules with the same reason and
 * the same arguments share one group. Everything is sorted, so the same policy gives the same bytes. The layout is for
 * reviewers. A group begins with its `comment`, which says why it is there. Every allowed name has its own line, so
 * that a diff names what became possible. Every rule about arguments has its own line too. Denied names with the same
 * first letter share a line. They take little room so, and a change still touches only one line. Throws RangeError for
 * a policy without architectures.
 */
export function emitDocker(policy: Policy): string {
  const arches = policy.filters.map(({ arch }) => arch);
  const [first] = policy.filters;
  if (first === undefined) throw new RangeError("a policy without architectures");
  const numbers = errnoArch(arches);
  const groups = new Map<string, { readonly rank: string; readonly group: Group }>();
  const seen = new Set<string>();
  for (const filter of policy.filters) {
    for (const [name, rules] of filter.syscalls) {
      for (const rule of rules) {
        const conditions = ruleKey(rule.rule);
        const once = `${name} ${rule.action.action} ${conditions}`;
        if (seen.has(once)) continue;
        seen.add(once);
        const comment = commentOf(name, rule, policy);
        const key =
          `${comment}\n${conditions}\n${rule.action.action} ` +
          `${"errnoRet" in rule.action ? rule.action.errnoRet : ""}`;
        const known = groups.get(key);
        if (known === undefined)
          groups.set(key, {
            rank: rankOf(rule, name, comment),
            group: { comment, names: [name], action: rule.action, rule: rule.rule },
          });
        else known.group.names.push(name);
      }
    }
  }
  const members = [
    member("defaultAction", first.defaultAction.action),
    ...answerMember("defaultErrnoRet", first.defaultAction, numbers),
    ...Object.entries(architectureMembers(arches)).map(([name, value]) => member(name, value)),
    `"syscalls": ${lines(
      "[",
      [...groups.values()]
        .sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0))
        .map(({ group }) => groupText(group, numbers)),
      "]",
    )}`,
  ];
  return `${lines("{", members, "}")}\n`;
}

/**
 * The architectures of one machine are a plain list. The architectures of several machines need a map by machine (moby
 * `archMap`).
 */
function architectureMembers(arches: readonly ScmpArch[]): object {
  const natives = arches.filter((arch) => hostArch(arch, arches) === arch);
  if (natives.length < 2) return { architectures: arches };
  return {
    archMap: natives.map((architecture) => ({
      architecture,
      subArchitectures: arches.filter((arch) => arch !== architecture && hostArch(arch, arches) === architecture),
    })),
  };
}

/**
 * The architecture whose error numbers the profile uses. A Docker rule has one number for all architectures. If the
 * architectures number errors differently, the profile uses the numbers of x86-64, which most architectures share.
 */
function errnoArch(arches: readonly ScmpArch[]): ScmpArch {
  return (numberAlike(arches) ? arches[0] : undefined) ?? "SCMP_ARCH_X86_64";
}

function answerMember(name: string, action: Action, numbers: ScmpArch): readonly string[] {
  if (!("errnoRet" in action)) return [];
  return [member(name, action.action === "SCMP_ACT_ERRNO" ? errnoOn(numbers, action.errnoRet) : action.errnoRet)];
}

function groupText({ comment, names, action, rule }: Group, numbers: ScmpArch): string {
  const members = [
    member("comment", comment),
    `"names": ${namesText(names.sort(), isAllowing(action))}`,
    member("action", action.action),
    ...answerMember("errnoRet", action, numbers),
    ...(rule.conditions.length === 0 ? [] : [member("args", rule.conditions.map(toArg))]),
  ];
  return rule.conditions.length > 0 && names.length === 1 ? `{ ${members.join(", ")} }` : lines("{", members, "}");
}

function namesText(names: readonly string[], allowed: boolean): string {
  if (names.length === 1) return inline(names);
  const letters = [...new Set(names.map((name) => name[0]))];
  const rows = allowed
    ? names.map((name) => [name])
    : letters.map((letter) => names.filter((name) => name[0] === letter));
  return lines(
    "[",
    rows.map((row) => row.map(inline).join(", ")),
    "]",
  );
}

function member(name: string, value: unknown): string {
  return `${inline(name)}: ${inline(value)}`;
}

/** JSON on one line, with the blanks that people write. */
function inline(value: unknown): string {
  if (typeof value === "string") return escapeJson(JSON.stringify(value));
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (value !== null && typeof value === "object")
    return `{ ${Object.entries(value)
      .map(([name, own]) => member(name, own))
      .join(", ")} }`;
  return stringify(value) ?? "null";
}

/** A list with each item on its own line, two spaces further in. */
function lines(open: string, items: readonly string[], close: string): string {
  if (items.length === 0) return open + close;
  return `${open}\n${items.map((item) => `  ${item.replaceAll("\n", "\n  ")}`).join(",\n")}\n${close}`;
}

/** Writes a condition as OCI does. For SCMP_CMP_MASKED_EQ, `value` is the mask and `valueTwo` is the datum. */
function toArg(condition: ArgCondition): object {
  const { index, op, datum } = condition;
  return op === "SCMP_CMP_MASKED_EQ"
    ? { index, value: condition.mask, valueTwo: datum, op }
    : { index, value: datum, op };
}

function rankOf({ because, rule }: ActionRule, name: string, comment: string): string {
  const conditions =
    rule.conditions.length === 0
      ? "0"
      : `1 ${name} ${rule.conditions.map(({ datum }) => datum.toString().padStart(20, "0")).join(" ")}`;
  return `${order.indexOf(because.type)} ${conditions} ${comment}`;
}

function commentOf(name: string, rule: ActionRule, policy: Policy): string {
  const reason = reasonOf(name, rule, policy);
  if (reason !== undefined) return writeReason(reason);
  return rule.because.type === "profile" ? (rule.because.comment ?? "") : "";
}
