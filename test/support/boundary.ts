import { maxValue } from "../../src/core/seccomp/index.ts";
import type { ArgCondition } from "../../src/core/seccomp/types.ts";

/**
 * The values of one argument at which one of its conditions changes its answer, and their neighbours, ascending. For a
 * mask: the datum alone, with all bits that the mask ignores, and with each bit that the mask tests turned over.
 */
export function boundaryValues(conditions: readonly ArgCondition[]): readonly bigint[] {
  const values = new Set<bigint>([0n, maxValue]);
  for (const condition of conditions)
    for (const value of edges(condition)) if (value >= 0n && value <= maxValue) values.add(value);
  return [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

const lowHalf = 0xffff_ffffn;

function edges(condition: ArgCondition): readonly bigint[] {
  const { datum } = condition;
  if (condition.op !== "SCMP_CMP_MASKED_EQ") {
    const near = [datum - 1n, datum, datum + 1n];
    // The same low half under another high half: here a 64-bit comparison and a 32-bit argument differ.
    return [
      ...near,
      ...near.map((value) => value + lowHalf + 1n),
      datum & lowHalf,
      (datum & ~lowHalf) | (~datum & lowHalf),
    ];
  }
  const { mask } = condition;
  const fixed = datum & mask;
  const bits: bigint[] = [];
  for (let left = mask; left !== 0n; left &= left - 1n) bits.push(fixed ^ (left & -left));
  return [fixed, fixed | (maxValue & ~mask), ...bits, fixed + 1n];
}
