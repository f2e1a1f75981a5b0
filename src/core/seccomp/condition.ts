import type { ArgCondition } from "./types.ts";

/** The largest argument value. */
export const maxValue = 0xffff_ffff_ffff_ffffn;

/**
 * Does the condition hold for this value of its argument? The comparison is unsigned, on 64 bits (seccomp_rule_add(3)).
 * libseccomp also applies the mask of SCMP_CMP_MASKED_EQ to the datum.
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

/** The bits of a 32-bit argument. */
export const low32 = 0xffff_ffffn;

/** A condition with at most this many free bits is written, and counted, value by value. */
const fewFreeBits = 2;

/**
 * The values of a 32-bit argument for which the condition holds, ascending. An equality has one value. A mask that
 * leaves out one or two bits has two or four. `undefined` if there are more, or for another operator.
 */
export function fewValues(condition: ArgCondition): readonly bigint[] | undefined {
  if (condition.op === "SCMP_CMP_EQ") return [condition.datum];
  if (condition.op !== "SCMP_CMP_MASKED_EQ") return undefined;
  const { mask } = condition;
  const high = mask >> 32n;
  if (high !== 0n && high !== low32) return undefined;
  const free = [...Array(32).keys()].map((bit) => 1n << BigInt(bit)).filter((bit) => (mask & bit) === 0n);
  if (free.length > fewFreeBits) return undefined;
  const values = free.reduce((known, bit) => known.flatMap((value) => [value, value | bit]), [condition.datum & mask]);
  return values.sort((a, b) => (a < b ? -1 : 1));
}
