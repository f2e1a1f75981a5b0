import type { ArgCondition } from "./types.ts";

/** The largest argument value. */
export const maxValue = 0xffff_ffff_ffff_ffffn;

/**
 * Does the condition hold for this value of its argument? Unsigned, 64 bits (seccomp_rule_add(3)).
 * libseccomp masks the datum of SCMP_CMP_MASKED_EQ too.
 */
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
