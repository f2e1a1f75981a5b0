import fc from "fast-check";
import {
  argIndexes,
  type ActionRule,
  type ArgCondition,
  type ArgIndex,
  type Rule,
  type SeccompData,
} from "../../src/core/seccomp/index.ts";

const comparisons = ["SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT"] as const;

/** Few different values, so that conditions meet: small ones, the same low half under other high halves, both ends. */
const datum = fc.oneof(
  fc.bigInt({ min: 0n, max: 4n }),
  fc.constantFrom(
    0xffff_ffffn,
    0x1_0000_0000n,
    0x1_0000_0002n,
    0x1_0000_0003n,
    0x2_0000_0002n,
    0xffff_ffff_ffff_ffffn,
    0x7e02_0000n,
  ),
  fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
);
const mask = fc.constantFrom(
  0n,
  1n,
  3n,
  0xffn,
  0xffff_ffffn,
  0xffff_ffff_0000_0000n,
  0xffff_ffff_ffff_ffffn,
  0x7e02_0000n,
);

/** With `every`, all comparisons; otherwise only EQ and MASKED_EQ. */
export function anyCondition(index: ArgIndex, every = true): fc.Arbitrary<ArgCondition> {
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        index: fc.constant(index),
        op: fc.constantFrom(...(every ? comparisons : (["SCMP_CMP_EQ"] as const))),
        datum,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ index: fc.constant(index), op: fc.constant("SCMP_CMP_MASKED_EQ" as const), mask, datum }),
    },
  );
}

/** A rule with at most `width` conditions, mostly on the first arguments. */
export function anyRule(width = 2, every = true): fc.Arbitrary<Rule> {
  return fc
    .uniqueArray(fc.constantFrom(...argIndexes.slice(0, 3)), { minLength: 0, maxLength: width })
    .chain((indexes) => fc.tuple(...indexes.map((index) => anyCondition(index, every))))
    .map((conditions) => ({ conditions }));
}

/** Rules with denying actions. Errnos tell them apart. */
export function anyActionRules(
  errnos: readonly number[],
  every = true,
  maxLength = 4,
): fc.Arbitrary<readonly ActionRule[]> {
  const rule = fc.record({ rule: anyRule(2, every), errnoRet: fc.constantFrom(...errnos) });
  return fc.array(rule, { minLength: 1, maxLength }).map((rules) =>
    rules.map(({ rule, errnoRet }): ActionRule => ({
      rule,
      action: { action: "SCMP_ACT_ERRNO", errnoRet },
      because: { type: "user", option: "--deny" },
    })),
  );
}

/** Calls near the data of the rules, and others. */
export const anyArgs: fc.Arbitrary<SeccompData["args"]> = fc.tuple(datum, datum, datum, datum, datum, datum);
