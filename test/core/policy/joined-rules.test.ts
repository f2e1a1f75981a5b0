import fc from "fast-check";
import { expect, test } from "vitest";
import { joined } from "../../../src/core/policy/joined-rules.ts";
import { equals32, masked } from "../../../src/core/policy/pin.ts";
import { ruleMatches, callArgs, type Rule } from "../../../src/core/seccomp/index.ts";

const is = (value: number): Rule => ({ conditions: [equals32(0, BigInt(value))] });
const matchedBy = (rules: readonly Rule[]): readonly number[] =>
  [...Array(64).keys()].filter((value) => rules.some((rule) => ruleMatches(rule, callArgs({ 0: BigInt(value) }))));

test("two values that one bit tells apart are one rule", () => {
  expect(joined([is(35), is(39)], () => false)).toEqual([is(35), is(39)]);
  expect(joined([is(35), is(39)], () => true)).toEqual([{ conditions: [masked(0, 0xffff_fffbn, 35n)] }]);
});

test("nothing is joined that shares no argument", () => {
  const rules = [is(3), { conditions: [equals32(1, 3n)] }];
  expect(joined(rules, () => true)).toEqual(rules);
});

test("all that the rules matched is still matched, and of the rest only what is free", () => {
  const values = fc.uniqueArray(fc.integer({ min: 0, max: 63 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(values, values, (own, other) => {
      const taken = other.filter((value) => !own.includes(value));
      const rules = joined(own.map(is), (rule) => !matchedBy([rule]).some((value) => taken.includes(value)));
      const matched = matchedBy(rules);
      expect(own.filter((value) => !matched.includes(value))).toEqual([]);
      expect(taken.filter((value) => matched.includes(value))).toEqual([]);
      expect(rules.length).toBeLessThanOrEqual(own.length);
    }),
  );
});
