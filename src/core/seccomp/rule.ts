import { conditionMatches } from "./condition.ts";
import type { ArgCondition, Rule, SeccompData } from "./types.ts";

/** Do all conditions hold? */
export function ruleMatches(rule: Rule, args: SeccompData["args"]): boolean {
  return rule.conditions.every((condition) => conditionMatches(condition, args[condition.index]));
}

/** A text that two rules share exactly when they have the same conditions, in whatever order. */
export function ruleKey(rule: Rule): string {
  return rule.conditions.length === 0 ? "" : rule.conditions.map(conditionKey).sort().join(" ");
}

function conditionKey(condition: ArgCondition): string {
  const { index, op, datum } = condition;
  return op === "SCMP_CMP_MASKED_EQ"
    ? `${index} ${op} ${condition.mask} ${datum & condition.mask}`
    : `${index} ${op} ${datum}`;
}

/**
 * Says what a value of an argument means, e.g. `AF_INET` for socket's argument 0; undefined:
 * nothing beyond the number.
 */
export type DescribeValue = (index: number, value: bigint) => string | undefined;

/** A rule in words, e.g. `arg0 = 2 (AF_INET) and arg1 & 0xf = 1`; `always` without conditions. */
export function formatRule(rule: Rule, describe: DescribeValue = () => undefined): string {
  if (rule.conditions.length === 0) return "always";
  return rule.conditions.map((condition) => formatCondition(condition, describe)).join(" and ");
}

const signs = {
  SCMP_CMP_NE: "≠",
  SCMP_CMP_LT: "<",
  SCMP_CMP_LE: "≤",
  SCMP_CMP_EQ: "=",
  SCMP_CMP_GE: "≥",
  SCMP_CMP_GT: ">",
} as const;

/** How a comparison reads before a value. */
export const comparisonWords = {
  SCMP_CMP_NE: "not",
  SCMP_CMP_LT: "below",
  SCMP_CMP_LE: "at most",
  SCMP_CMP_EQ: "",
  SCMP_CMP_GE: "at least",
  SCMP_CMP_GT: "above",
} as const;

/**
 * One condition in words. A mask of the low 32 bits reads as a plain comparison: it is how a 32-bit
 * argument is compared.
 */
export function formatCondition(condition: ArgCondition, describe: DescribeValue = () => undefined): string {
  const name = `arg${condition.index}`;
  if (condition.op !== "SCMP_CMP_MASKED_EQ")
    return `${name} ${signs[condition.op]} ` + `${value(condition.datum, describe(condition.index, condition.datum))}`;
  const { mask } = condition;
  const datum = condition.datum & mask;
  if (mask === 0xffff_ffffn) return `${name} = ${value(datum, describe(condition.index, datum))}`;
  const maskName = describe(condition.index, mask);
  return (
    `${name} & ${value(mask, maskName === undefined || maskName.length > 60 ? undefined : maskName)} ` +
    `= ${value(datum, datum === 0n ? undefined : describe(condition.index, datum))}`
  );
}

function value(number: bigint, meaning: string | undefined): string {
  const digits = number < 10n ? `${number}` : `0x${number.toString(16)}`;
  return meaning === undefined || meaning === digits ? digits : `${digits} (${meaning})`;
}
