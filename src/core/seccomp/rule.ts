import { conditionMatches } from "./condition.ts";
import type { ArgCondition, Rule, SeccompData } from "./types.ts";

/** Do all conditions hold? */
export function ruleMatches(rule: Rule, args: SeccompData["args"]): boolean {
  return rule.conditions.every((condition) => conditionMatches(condition, args[condition.index]));
}

/** A text that two rules share if and only if they have the same conditions, in any order. */
export function ruleKey(rule: Rule): string {
  return rule.conditions.map(conditionKey).sort().join(" ");
}

function conditionKey(condition: ArgCondition): string {
  const { index, op, datum } = condition;
  return op === "SCMP_CMP_MASKED_EQ"
    ? `${index} ${op} ${condition.mask} ${datum & condition.mask}`
    : `${index} ${op} ${datum}`;
}
