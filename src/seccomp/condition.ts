import type { ArgCondition } from "./types.ts";

/** The largest argument value. */
export const maxValue = 0xffff_ffff_ffff_ffffn;

/** Does the condition hold for this value of its argument? Unsigned, 64 bits (seccomp_rule_add(3)). libseccomp masks the datum of SCMP_CMP_MASKED_EQ too. */
export function conditionMatches(condition: ArgCondition, value: bigint): boolean {
  switch (condition.op) {
    case "SCMP_CMP_NE":
      return value !== condition.datum;
    case "SCMP_CMP_LT":
      return value < condition.datum;
    case "SCMP_CMP_LE":
      return value <= condition.datum;
    case "SCMP_CMP_EQ":
      return value === condition.datum;
    case "SCMP_CMP_GE":
      return value >= condition.datum;
    case "SCMP_CMP_GT":
      return value > condition.datum;
    case "SCMP_CMP_MASKED_EQ":
      return (value & condition.mask) === (condition.datum & condition.mask);
    default:
      return condition satisfies never;
  }
}

/** Values from `low` to `high`, both included. */
export interface Interval {
  readonly low: bigint;
  readonly high: bigint;
}

/** The values an interval-like condition holds for, ascending; undefined: SCMP_CMP_MASKED_EQ, which is no interval. */
export function intervals(condition: ArgCondition): readonly Interval[] | undefined {
  const { op, datum } = condition;
  const span = (low: bigint, high: bigint): readonly Interval[] => (low > high ? [] : [{ low, high }]);
  switch (op) {
    case "SCMP_CMP_EQ":
      return span(datum, datum);
    case "SCMP_CMP_NE":
      return [...span(0n, datum - 1n), ...span(datum + 1n, maxValue)];
    case "SCMP_CMP_LT":
      return span(0n, datum - 1n);
    case "SCMP_CMP_LE":
      return span(0n, datum);
    case "SCMP_CMP_GE":
      return span(datum, maxValue);
    case "SCMP_CMP_GT":
      return span(datum + 1n, maxValue);
    case "SCMP_CMP_MASKED_EQ":
      return undefined;
    default:
      return condition satisfies never;
  }
}
