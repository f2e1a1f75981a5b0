import type { ArgCondition, Rule } from "../seccomp/index.ts";

/**
 * Could one call match both rules? The answer is exact for masked comparisons of the same argument. In doubt it is
 * true.
 */
export function overlaps(a: Rule, b: Rule): boolean {
  return !a.conditions.some((left) =>
    b.conditions.some((right) => {
      if (left.index !== right.index || left.op !== "SCMP_CMP_MASKED_EQ" || right.op !== "SCMP_CMP_MASKED_EQ")
        return false;
      const shared = left.mask & right.mask;
      return (left.datum & shared) !== (right.datum & shared);
    }),
  );
}

/**
 * Joins rules into fewer. Two become one that also matches the values between them, if all of those are free
 * (`isFree`). `35 or 39` is one comparison under a mask.
 */
export function joined(rules: readonly Rule[], isFree: (rule: Rule) => boolean): readonly Rule[] {
  for (const [at, one] of rules.entries())
    for (const other of rules.slice(at + 1)) {
      const hull = hullOf(one, other);
      if (hull === undefined || !isFree(hull)) continue;
      return joined([...rules.slice(0, at), hull, ...rules.slice(at + 1).filter((each) => each !== other)], isFree);
    }
  return rules;
}

/** The number of 32-bit values that a rule of one masked comparison matches. */
export function sizeOf({ conditions }: Rule): number {
  const [condition] = conditions;
  const mask = condition?.op === "SCMP_CMP_MASKED_EQ" ? condition.mask : 0n;
  return [...Array(32).keys()].reduce((size, bit) => ((mask >> BigInt(bit)) & 1n ? size : size * 2), 1);
}

/** What both rules compare in the same way. `undefined` if there is nothing, or a comparison without a mask. */
function hullOf(one: Rule, other: Rule): Rule | undefined {
  const conditions = one.conditions.flatMap((left) =>
    other.conditions.flatMap((right): readonly ArgCondition[] => {
      if (left.index !== right.index || left.op !== "SCMP_CMP_MASKED_EQ" || right.op !== "SCMP_CMP_MASKED_EQ")
        return [];
      const mask = left.mask & right.mask & ~(left.datum ^ right.datum);
      return mask === 0n ? [] : [{ ...left, mask, datum: left.datum & mask }];
    }),
  );
  return conditions.length === 0 ? undefined : { conditions };
}
