import { impliedByAny, isAllowing } from "../seccomp/index.ts";
import type { Action, ActionRule, ArgCondition, Because, Filter, Rule } from "../seccomp/types.ts";
import { syscallNames } from "../tables/index.ts";
import type { ScmpArch } from "../tables/types.ts";
import type { Policy } from "./types.ts";

const log: Action = { action: "SCMP_ACT_LOG" };
const always: Rule = { conditions: [] };
const because: Because = { type: "fallback", reason: "complain mode: would be denied; let through and logged, because Docker's default allows it", source: "seccomp(2), SECCOMP_RET_LOG" };

/** More rules than this on one call are no longer worth a log line. */
const maxRules = 128;

/**
 * The same policy for a staging rollout: what it would deny is let through and logged (SECCOMP_RET_LOG, seccomp(2)) as far as the ceiling allows it; what the ceiling
 * denies stays denied. Rules that overlap with different actions are decided by libseccomp's own order, so only what no other rule matches is logged; where that
 * cannot be said in a few rules, the call is allowed as by the ceiling, without a line in the log.
 */
export function complain(policy: Policy, ceiling: ReadonlyMap<ScmpArch, Filter>): Policy {
  const filters = policy.filters.map((filter): Filter => {
    const limit = ceiling.get(filter.arch);
    if (limit === undefined) return filter;
    const syscalls = new Map(filter.syscalls);
    for (const name of new Set([...syscalls.keys(), ...syscallNames(filter.arch)])) {
      // One list of rules is for all architectures: what one machine's default denies is not let through because another's allows it.
      if ([...ceiling.values()].some((other) => syscallNames(other.arch).includes(name) && allowing(other, name).length < allowing(limit, name).length)) continue;
      const rules = rulesFor(syscalls.get(name) ?? [], allowing(limit, name).map(({ rule }) => rule));
      if (rules !== undefined) syscalls.set(name, rules);
    }
    return { ...filter, syscalls: new Map([...syscalls].sort(([a], [b]) => (a < b ? -1 : 1))) };
  });
  const last = policy.assumptions.length - 1;
  return { ...policy, filters, assumptions: [...policy.assumptions.slice(0, last), "COMPLAIN MODE: denies nothing that Docker's default allows, and logs it", ...policy.assumptions.slice(last)] };
}

function allowing(filter: Filter, name: string): readonly ActionRule[] {
  const rules = filter.syscalls.get(name);
  if (rules === undefined) return isAllowing(filter.defaultAction) ? [{ action: filter.defaultAction, rule: always, because }] : [];
  return rules.filter(({ action }) => isAllowing(action));
}

/** The call's rules in complain mode; undefined: as they are. */
function rulesFor(own: readonly ActionRule[], limits: readonly Rule[]): readonly ActionRule[] | undefined {
  const allowed = own.filter(({ action }) => isAllowing(action));
  const wanted = allowed.map(({ rule }) => rule);
  const missing = limits.filter((rule) => !impliedByAny(rule, wanted));
  if (missing.length === 0) return undefined;
  const logged: Rule[] = [];
  for (const rule of missing) {
    const rest = without(rule, [...wanted, ...logged]);
    if (rest === undefined || logged.length + rest.length > maxRules) return limits.map((limit) => ({ action: { action: "SCMP_ACT_ALLOW" }, rule: limit, because: { ...because, reason: "complain mode: allowed as by Docker's default, with arguments that are not logged" } }));
    logged.push(...rest);
  }
  return [...allowed, ...logged.map((rule) => ({ action: log, rule, because }))];
}

/** The calls that match `whole` and none of `parts`, as rules of which no two match the same call; undefined: not with comparisons by mask. */
function without(whole: Rule, parts: readonly Rule[]): readonly Rule[] | undefined {
  let rest: readonly Cube[] | undefined = toCubes([whole]);
  for (const part of toCubes(parts) ?? [undefined]) {
    if (rest === undefined || part === undefined || rest.length > maxRules) return undefined;
    rest = rest.flatMap((cube) => subtract(cube, part));
  }
  return rest?.map(toRule);
}

/** Per argument, which bits are given, and how. */
type Cube = ReadonlyMap<ArgCondition["index"], { readonly mask: bigint; readonly datum: bigint }>;

function toCubes(rules: readonly Rule[]): readonly Cube[] | undefined {
  const cubes = rules.map((rule) => {
    const entries = rule.conditions.map((condition) => {
      if (condition.op === "SCMP_CMP_EQ") return [condition.index, { mask: allBits, datum: condition.datum }] as const;
      return condition.op === "SCMP_CMP_MASKED_EQ" ? ([condition.index, { mask: condition.mask, datum: condition.datum & condition.mask }] as const) : undefined;
    });
    return entries.some((entry) => entry === undefined) ? undefined : new Map(entries.filter((entry) => entry !== undefined));
  });
  return cubes.some((cube) => cube === undefined) ? undefined : cubes.filter((cube) => cube !== undefined);
}

const allBits = 0xffff_ffff_ffff_ffffn;

/** The disjoint sharp product of two cubes: one piece for each bit that the second gives and the first leaves open, highest first. */
function subtract(from: Cube, part: Cube): readonly Cube[] {
  const apart = [...part].some(([index, { mask, datum }]) => {
    const own = from.get(index);
    return own !== undefined && ((own.datum ^ datum) & own.mask & mask) !== 0n;
  });
  if (apart) return [from];
  const pieces: Cube[] = [];
  let rest = new Map(from);
  for (const [index, { mask, datum }] of part) {
    for (let bit = 1n << 63n; bit > 0n; bit >>= 1n) {
      const own = rest.get(index) ?? { mask: 0n, datum: 0n };
      if ((mask & bit) === 0n || (own.mask & bit) !== 0n) continue;
      pieces.push(new Map(rest).set(index, { mask: own.mask | bit, datum: own.datum | (~datum & bit) }));
      rest = new Map(rest).set(index, { mask: own.mask | bit, datum: own.datum | (datum & bit) });
    }
  }
  return pieces;
}

function toRule(cube: Cube): Rule {
  return { conditions: [...cube].sort(([a], [b]) => a - b).map(([index, { mask, datum }]) => ({ index, op: "SCMP_CMP_MASKED_EQ", mask, datum })) };
}
