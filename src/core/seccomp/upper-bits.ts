import { intArgumentsOf } from "../tables/index.ts";
import { isAllowing } from "./action.ts";
import { hasWideArguments } from "./args.ts";
import { answersOf } from "./partition.ts";
import type { ArgIndex, Filter } from "./types.ts";

/**
 * A 32-bit argument whose values are denied, but pass with an upper bit set: the filter compares 64
 * bits, the kernel looks at 32.
 */
export interface PassedValues {
  readonly index: ArgIndex;
  readonly values: readonly bigint[];
}

/**
 * Values around those the rules name that the filter denies and lets through when bit 32 is set
 * beside them. The kernel makes the same call of both.
 */
export function passedByUpperBits(filter: Filter, name: string): readonly PassedValues[] {
  if (!hasWideArguments(filter.arch)) return [];
  const conditions = (filter.syscalls.get(name) ?? []).flatMap(({ rule }) => rule.conditions);
  return intArgumentsOf(name).flatMap((index): PassedValues[] => {
    const named = conditions.filter((condition) => condition.index === index && condition.op !== "SCMP_CMP_MASKED_EQ");
    const near = [
      ...new Set(
        named
          .flatMap(({ datum }) => [datum - 1n, datum, datum + 1n])
          .filter((value) => value >= 0n && value < upperBit),
      ),
    ].sort((a, b) => (a < b ? -1 : 1));
    const lets = (value: bigint): boolean => answersOf(filter, name, new Map([[index, value]])).some(isAllowing);
    const values = near.filter((value) => !lets(value) && lets(value | upperBit));
    return values.length === 0 ? [] : [{ index, values }];
  });
}

const upperBit = 0x1_0000_0000n;
