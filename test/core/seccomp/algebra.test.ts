import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  callArgs,
  callsOfOperation,
  decide,
  estimateInstructions,
  exceptionsOf,
  formatAction,
  isAllowing,
  passedByUpperBits,
  ruleKey,
  ruleMatches,
  without,
  type Action,
  type ActionRule,
  type ArgCondition,
  type ArgIndex,
  type Filter,
  type Rule,
} from "../../../src/core/seccomp/index.ts";
import { operationsOf, type ScmpArch } from "../../../src/core/tables/index.ts";
import { anyArgs } from "../../support/arbitraries.ts";

const because = { type: "user", option: "--allow" } as const;
const denied: Action = { action: "SCMP_ACT_ERRNO", errnoRet: 1 };
const masked = (index: ArgIndex, mask: bigint, datum: bigint): ArgCondition => ({
  index,
  op: "SCMP_CMP_MASKED_EQ",
  mask,
  datum,
});
const compared = (index: ArgIndex, op: "SCMP_CMP_NE" | "SCMP_CMP_EQ" | "SCMP_CMP_GT", datum: bigint): ArgCondition => ({
  index,
  op,
  datum,
});
const allow = (...conditions: readonly ArgCondition[]): ActionRule => ({
  action: { action: "SCMP_ACT_ALLOW" },
  because,
  rule: { conditions },
});
const filterOf = (
  calls: { readonly [name: string]: readonly ActionRule[] },
  arch: ScmpArch = "SCMP_ARCH_X86_64",
  enosysAbove?: number,
): Filter => ({ arch, defaultAction: denied, syscalls: new Map(Object.entries(calls)), enosysAbove });

test.each<[Action, string]>([
  [{ action: "SCMP_ACT_ALLOW" }, "allow"],
  [{ action: "SCMP_ACT_LOG" }, "allow and log"],
  [{ action: "SCMP_ACT_TRAP" }, "SIGSYS"],
  [{ action: "SCMP_ACT_KILL_THREAD" }, "kill thread"],
  [{ action: "SCMP_ACT_KILL_PROCESS" }, "kill process"],
  [{ action: "SCMP_ACT_NOTIFY" }, "ask the agent"],
  [{ action: "SCMP_ACT_TRACE", errnoRet: 7 }, "ask the tracer (7)"],
  [{ action: "SCMP_ACT_ERRNO", errnoRet: 38 }, "ENOSYS"],
  [{ action: "SCMP_ACT_ERRNO", errnoRet: 4000 }, "errno 4000"],
])("%o is named as its effect: %s", (action, words) => expect(formatAction(action)).toBe(words));

test("a call that a tracer or an agent decides on counts as allowed", () => {
  const allowing = ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY"] as const;
  expect(allowing.map((action) => isAllowing({ action }))).toEqual([true, true, true]);
  expect(isAllowing({ action: "SCMP_ACT_TRACE", errnoRet: 1 })).toBe(true);
  expect(isAllowing({ action: "SCMP_ACT_ERRNO", errnoRet: 1 })).toBe(false);
  expect(isAllowing({ action: "SCMP_ACT_TRAP" })).toBe(false);
});

describe("what a rule leaves of another", () => {
  const bits = fc.bigInt({ min: 0n, max: 15n });
  const rule: fc.Arbitrary<Rule> = fc
    .array(fc.tuple(fc.constantFrom(0 as const, 1 as const), bits, bits), { maxLength: 2 })
    .map((each) => ({
      conditions: [...new Map(each.map(([index, mask, datum]) => [index, masked(index, mask, datum & mask)])).values()],
    }));

  test("matches the calls of the first and of none of the others, each by one rule", () =>
    fc.assert(
      fc.property(rule, fc.array(rule, { maxLength: 3 }), (whole, parts) => {
        const rest = without(whole, parts, 1000) ?? [];
        for (let first = 0n; first < 16n; first += 1n)
          for (let second = 0n; second < 16n; second += 1n) {
            const args = callArgs({ 0: first, 1: second });
            const is = ruleMatches(whole, args) && !parts.some((part) => ruleMatches(part, args));
            expect(rest.filter((each) => ruleMatches(each, args)).length).toBe(is ? 1 : 0);
          }
      }),
      { numRuns: 100 },
    ));

  test("is not told if it takes other comparisons than masks, or too many rules", () => {
    expect(without({ conditions: [] }, [{ conditions: [compared(0, "SCMP_CMP_GT", 5n)] }], 1000)).toBeUndefined();
    expect(without({ conditions: [compared(0, "SCMP_CMP_GT", 5n)] }, [], 1000)).toBeUndefined();
    const two = [5n, 9n].map((datum): Rule => ({ conditions: [compared(0, "SCMP_CMP_EQ", datum)] }));
    expect(without({ conditions: [] }, two, 3)).toBeUndefined();
    expect(without({ conditions: [] }, two, 1000)?.length).toBeGreaterThan(60);
  });

  test("says a long list by what it leaves out, and a short one not at all", () => {
    const allBut = (value: bigint, width: number): readonly Rule[] =>
      Array.from({ length: width }, (_, bit) => ({
        conditions: [masked(0, 1n << BigInt(bit), ~value & (1n << BigInt(bit)))],
      }));
    expect(exceptionsOf(allBut(5n, 8))).toEqual([{ conditions: [masked(0, 0xffn, 5n)] }]);
    expect(exceptionsOf(allBut(5n, 3))).toBeUndefined();
    expect(exceptionsOf([...allBut(5n, 8), { conditions: [] }])).toBeUndefined();
  });
});

describe("upper bits that the kernel does not look at", () => {
  const found = (rules: readonly ActionRule[], arch?: ScmpArch): unknown =>
    passedByUpperBits(filterOf({ socket: rules }, arch), "socket").map(({ args, set }) => ({ args, set }));

  test("let one value pass that is denied in 32 bits", () => {
    expect(found([allow(compared(0, "SCMP_CMP_NE", 38n))])).toEqual([{ args: [{ index: 0, value: 38n }], set: [0] }]);
    expect(found([allow(compared(0, "SCMP_CMP_GT", 0n))])).toEqual([{ args: [{ index: 0, value: 0n }], set: [0] }]);
  });

  test("let two values pass that are denied together", () =>
    expect(found([allow(compared(0, "SCMP_CMP_NE", 2n)), allow(compared(1, "SCMP_CMP_NE", 3n))])).toEqual([
      {
        args: [
          { index: 0, value: 2n },
          { index: 1, value: 3n },
        ],
        set: [0],
      },
    ]));

  test("are told of values in ascending order, whatever came first in the profile", () => {
    const rules = [9n, 5n].map((value) => allow(compared(0, "SCMP_CMP_EQ", value)));
    expect(found([allow(compared(0, "SCMP_CMP_GT", 0xffn)), ...rules])).toEqual(
      [4n, 6n, 8n, 10n, 0xfen, 0xffn].map((value) => ({ args: [{ index: 0, value }], set: [0] })),
    );
  });

  test("are told of one argument alone where it is enough, not again with others", () => {
    const both = allow(compared(0, "SCMP_CMP_EQ", 5n), compared(1, "SCMP_CMP_EQ", 3n));
    const rules = [allow(compared(0, "SCMP_CMP_GT", 0xffn)), both];
    const all = passedByUpperBits(filterOf({ socket: rules }), "socket").map(({ args }) => args);
    const alone = all.filter(({ length }) => length === 1).map(([only]) => only?.value);
    expect(alone).toEqual([4n, 6n, 0xfen, 0xffn]);
    expect(all.filter(({ length, 0: first }) => length > 1 && alone.includes(first?.value))).toEqual([]);
  });

  test("let nothing pass under masks of 32 bits, or where arguments have 32", () => {
    expect(found([allow(masked(0, 0xffff_ffffn, 2n))])).toEqual([]);
    expect(found([allow(compared(0, "SCMP_CMP_NE", 38n))], "SCMP_ARCH_X86")).toEqual([]);
  });
});

test("runc's stub looks at bit 30 before it compares numbers on x86", () => {
  const by = (arch: ScmpArch, nr: number): string =>
    decide(filterOf({}, arch, 400), { arch, name: "newer", nr, args: callArgs() }).by;
  const x32 = 0x4000_0000;
  expect([by("SCMP_ARCH_X86_64", 401), by("SCMP_ARCH_X86_64", 400)]).toEqual(["enosys-stub", "default"]);
  expect(by("SCMP_ARCH_X86_64", x32 + 401)).toBe("bad-architecture");
  expect(by("SCMP_ARCH_X32", 401)).toBe("bad-architecture");
  expect(by("SCMP_ARCH_X32", x32 + 401)).toBe("enosys-stub");
  expect([by("SCMP_ARCH_S390X", 0), by("SCMP_ARCH_AARCH64", 0)]).toEqual(["enosys-stub", "default"]);
});

describe("the estimate of a filter's length", () => {
  const size = (calls: { readonly [name: string]: readonly ActionRule[] }): number =>
    estimateInstructions([filterOf(calls)]);
  const plain = size({ socket: [allow()] });

  test("grows by one for a call, and for a rule by its loads and comparisons", () => {
    expect(size({ socket: [allow()], read: [allow()] }) - plain).toBe(1);
    const both = size({ socket: [allow(compared(0, "SCMP_CMP_EQ", 2n))] });
    expect(both - plain).toBe(4);
    expect(size({ socket: [allow(masked(0, 0xffff_ffffn, 2n))] }) - both).toBe(1);
    expect(size({ socket: [allow(masked(0, 0xffn, 2n))] }) - both).toBe(2);
  });

  test("loads an argument once for values that follow each other", () => {
    const of = (...values: readonly bigint[]): number =>
      size({ socket: values.map((value) => allow(masked(0, 0xffff_ffffn, value))) });
    expect(of(2n, 3n, 4n) - of(2n)).toBe(2);
  });

  test("counts once what several calls have in common", () => {
    const rules = [allow(masked(0, 0xffn, 2n))];
    expect(size({ socket: rules, socketpair: rules }) - size({ socket: rules })).toBe(1);
  });
});

test("any call that a filter without rules is asked gets its default action", () =>
  fc.assert(
    fc.property(anyArgs, (args) => {
      expect(decide(filterOf({}), { arch: "SCMP_ARCH_X86_64", name: "read", nr: 0, args })).toEqual({
        action: denied,
        by: "default",
      });
    }),
    { numRuns: 20 },
  ));

test("an operation's calls are the forms of the asked call alone, with the arguments that make them", () => {
  const askedOf = (name: string): unknown =>
    operationsOf(name)
      .filter(({ id }) => id === "out-of-band")
      .flatMap((operation) => callsOfOperation(operation, { arch: "SCMP_ARCH_X86_64" }, name))
      .map((call) => [call.name, call.args]);
  expect(askedOf("sendmsg")).toEqual([["sendmsg", callArgs({ 2: 1n })]]);
  expect(askedOf("sendto")).toEqual([["sendto", callArgs({ 3: 1n })]]);
});

test("rules with the same conditions have one key, in whatever order; any other rule has another", () => {
  const [one, two, three] = [masked(0, 3n, 1n), compared(1, "SCMP_CMP_EQ", 2n), compared(1, "SCMP_CMP_NE", 2n)];
  const keys = [[one, two], [two, one], [one], [two], [three], [one, three], []].map((conditions) =>
    ruleKey({ conditions }),
  );
  expect(keys[0]).toBe(keys[1]);
  expect(new Set(keys).size).toBe(keys.length - 1);
  expect(ruleKey({ conditions: [masked(0, 3n, 5n)] })).toBe(ruleKey({ conditions: [one] }));
});
