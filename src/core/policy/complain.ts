import {
  impliedByAny,
  isAllowing,
  without,
  type Action,
  type ActionRule,
  type Because,
  type Filter,
  type Rule,
} from "../seccomp/index.ts";
import { syscallNames, type ScmpArch } from "../tables/index.ts";
import { allowingRules } from "./allowing-rules.ts";
import type { Policy } from "./types.ts";

const log: Action = { action: "SCMP_ACT_LOG" };
const because: Because = {
  type: "fallback",
  reason: "complain mode: logged instead of denied, because Docker's default allows it",
  source: "seccomp(2), SECCOMP_RET_LOG",
};

/** With more rules than this, a line in the log for the call is not worth its price. */
const maxRules = 128;

/**
 * The same policy for a staging rollout. It allows and logs what the policy would deny, as far as the ceiling allows
 * (SECCOMP_RET_LOG, seccomp(2)). What the ceiling denies stays denied. libseccomp's own order decides between
 * overlapping rules with different actions, so only calls that no other rule matches are logged. If that needs too many
 * rules, the call is allowed as in the ceiling, without a line in the log.
 */
export function complain(policy: Policy, ceiling: ReadonlyMap<ScmpArch, Filter>): Policy {
  const filters = policy.filters.map((filter): Filter => {
    const limit = ceiling.get(filter.arch);
    if (limit === undefined) return filter;
    const syscalls = new Map(filter.syscalls);
    for (const name of new Set([...syscalls.keys(), ...syscallNames(filter.arch)])) {
      // One list of rules serves all architectures. So a call's rules stay as they are if another machine's ceiling
      // allows less of the call.
      if (
        [...ceiling.values()].some(
          (other) =>
            syscallNames(other.arch).includes(name) &&
            allowingRules(other, name).length < allowingRules(limit, name).length,
        )
      )
        continue;
      const rules = rulesFor(syscalls.get(name) ?? [], allowingRules(limit, name));
      if (rules !== undefined) syscalls.set(name, rules);
    }
    return { ...filter, syscalls: new Map([...syscalls].sort(([a], [b]) => (a < b ? -1 : 1))) };
  });
  return { ...policy, filters, assumptions: { ...policy.assumptions, mode: "complain" } };
}

/** The call's rules in complain mode. `undefined` if they stay as they are. */
function rulesFor(own: readonly ActionRule[], limits: readonly Rule[]): readonly ActionRule[] | undefined {
  const allowed = own.filter(({ action }) => isAllowing(action));
  const wanted = allowed.map(({ rule }) => rule);
  const missing = limits.filter((rule) => !impliedByAny(rule, wanted));
  if (missing.length === 0) return undefined;
  const logged: Rule[] = [];
  for (const rule of missing) {
    const rest = without(rule, [...wanted, ...logged], maxRules);
    if (rest === undefined || logged.length + rest.length > maxRules)
      return limits.map((limit) => ({
        action: { action: "SCMP_ACT_ALLOW" },
        rule: limit,
        because: {
          ...because,
          reason: "complain mode: allowed as in Docker's default, with arguments that are not logged",
        },
      }));
    logged.push(...rest);
  }
  return [...allowed, ...logged.map((rule) => ({ action: log, rule, because }))];
}
