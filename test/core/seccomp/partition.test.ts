import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diffFilters, exceeds } from "../../../src/core/diff/index.ts";
import {
  answersOf,
  callArgs,
  decide,
  evaluate,
  hasWideArguments,
  impliedByAny,
  partition,
  refusedRule,
  ruleMatches,
  sameAnswers,
  TooManyWays,
  type ActionRule,
  type ArgCondition,
  type ArgIndex,
  type Filter,
  type SeccompData,
} from "../../../src/core/seccomp/index.ts";
import { anyActionRules, anyArgs, anyRule } from "../../support/arbitraries.ts";

const because = { type: "user", option: "--allow" } as const;
const name = "getpriority";
const arches = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"] as const;

function filterOf(rules: readonly ActionRule[], arch: Filter["arch"] = "SCMP_ARCH_X86_64"): Filter {
  return {
    arch,
    defaultAction: { action: "SCMP_ACT_ERRNO", errnoRet: 101 },
    syscalls: new Map([[name, rules]]),
    enosysAbove: undefined,
  };
}

const callOf = ({ arch }: Filter, args: SeccompData["args"]): SeccompData => ({ arch, name, nr: undefined, args });
const masked = (mask: bigint, datum: bigint, index: ArgIndex = 1): ArgCondition => ({
  index,
  op: "SCMP_CMP_MASKED_EQ",
  mask,
  datum,
});
const allow = (...conditions: readonly ArgCondition[]): ActionRule => ({
  action: { action: "SCMP_ACT_ALLOW" },
  because,
  rule: { conditions },
});

/** Every value of the low 32 bits except this one: one rule for each bit in which a value can differ from it. */
function allBut(value: bigint): readonly ActionRule[] {
  return Array.from({ length: 32 }, (_, bit) => allow(masked(1n << BigInt(bit), ~value & (1n << BigInt(bit)))));
}

describe("calls that questions tell apart", () => {
  test("show every answer that some call gets, and confirm it", () =>
    fc.assert(
      fc.property(
        anyActionRules([101, 102, 103]),
        fc.constantFrom(...arches),
        fc.array(anyArgs, { minLength: 5, maxLength: 20 }),
        (rules, arch, samples) => {
          if (refusedRule(rules, hasWideArguments(arch)) !== undefined) return;
          const filter = filterOf(rules, arch);
          const deciders = (calls: readonly SeccompData["args"][]): ReadonlySet<unknown> =>
            new Set(
              calls.map((args) => {
                const decision = decide(filter, callOf(filter, args));
                return decision.by === "rule" ? decision.rule : undefined;
              }),
            );
          const calls = partition([{ ask: "decider", filter, name }]);
          const found = deciders(calls);
          expect(found.size).toBe(calls.length);
          for (const decider of deciders(samples)) expect(found).toContain(decider);
          const answers = answersOf(filter, name);
          for (const args of samples) expect(answers).toContainEqual(evaluate(filter, callOf(filter, args)));
        },
      ),
      { numRuns: 500 },
    ));

  test("two filters are the same exactly where no call tells them apart", () =>
    fc.assert(
      fc.property(
        anyActionRules([102, 103], true, 3),
        anyActionRules([102, 103], true, 3),
        fc.constantFrom(...arches),
        fc.array(anyArgs, { minLength: 5, maxLength: 20 }),
        (some, others, arch, samples) => {
          const [a, b] = [filterOf(some, arch), filterOf(others, arch)];
          const differ = (args: SeccompData["args"]): boolean =>
            JSON.stringify(evaluate(a, callOf(a, args))) !== JSON.stringify(evaluate(b, callOf(b, args)));
          const apart = partition([
            { ask: "answer", filter: a, name },
            { ask: "answer", filter: b, name },
          ]).some(differ);
          expect(sameAnswers(a, b, name)).toBe(!apart);
          if (!apart) expect(samples.some(differ)).toBe(false);
        },
      ),
      { numRuns: 500 },
    ));

  test("rules that match together are all shown, and no others", () =>
    fc.assert(
      fc.property(
        fc.array(anyRule(3), { minLength: 1, maxLength: 4 }),
        fc.array(anyArgs, { minLength: 5, maxLength: 20 }),
        (rules, samples) => {
          const sets = (calls: readonly SeccompData["args"][]): ReadonlySet<string> =>
            new Set(calls.map((args) => rules.map((rule) => (ruleMatches(rule, args) ? 1 : 0)).join("")));
          const calls = partition(rules.map((rule) => ({ ask: "match", rule })));
          const found = sets(calls);
          expect(found.size).toBe(calls.length);
          for (const set of sets(samples)) expect(found).toContain(set);
          const [first, ...others] = rules;
          if (first !== undefined)
            expect(impliedByAny(first, others)).toBe(
              [...found].every((set) => set[0] === "0" || set.slice(1).includes("1")),
            );
        },
      ),
      { numRuns: 500 },
    ));

  test("known arguments keep their values, and every answer of the others is shown", () =>
    fc.assert(
      fc.property(anyActionRules([102, 103]), anyArgs, anyArgs, (rules, args, others) => {
        const filter = filterOf(rules);
        const known = new Map<ArgIndex, bigint>([
          [0, args[0]],
          [1, args[1]],
        ]);
        for (const call of partition([{ ask: "answer", filter, name }], known))
          expect(call.slice(0, 2)).toEqual(args.slice(0, 2));
        expect(answersOf(filter, name, known)).toContainEqual(
          evaluate(filter, callOf(filter, [args[0], args[1], ...others.slice(2)] as unknown as SeccompData["args"])),
        );
      }),
      { numRuns: 500 },
    ));
});

describe("many masks on one argument", () => {
  const tiocsti = 0x5412n;
  const filters = (rules: readonly ActionRule[]): ReadonlyMap<Filter["arch"], Filter> =>
    new Map([["SCMP_ARCH_X86_64", filterOf(rules)]]);

  test("everything but one value: 32 rules of one bit each, compared with everything", () => {
    const { syscalls } = diffFilters(filters([allow()]), filters(allBut(tiocsti)));
    expect(syscalls).toMatchObject([{ kind: "narrowed", witness: { args: callArgs({ 1: tiocsti }) } }]);
    expect(exceeds(filterOf(allBut(tiocsti)), filterOf([allow()]))).toEqual([]);
  });

  test("another value left out is found on the one call in 2^32 that it opens", () => {
    const { syscalls } = diffFilters(filters(allBut(tiocsti)), filters(allBut(0x541cn)));
    expect(syscalls).toMatchObject([{ kind: "changed", witness: { args: callArgs({ 1: tiocsti }) } }]);
  });

  test("what they leave out can be answered by a rule of its own", () => {
    const errno: ActionRule = {
      ...allow(masked(0xffff_ffffn, tiocsti)),
      action: { action: "SCMP_ACT_ERRNO", errnoRet: 13 },
    };
    const filter = filterOf([...allBut(tiocsti), errno]);
    expect(answersOf(filter, name)).toEqual([{ action: "SCMP_ACT_ALLOW" }, { action: "SCMP_ACT_ERRNO", errnoRet: 13 }]);
    expect(
      impliedByAny(
        { conditions: [] },
        [...allBut(tiocsti), errno].map(({ rule }) => rule),
      ),
    ).toBe(true);
    expect(
      impliedByAny(
        { conditions: [] },
        allBut(tiocsti).map(({ rule }) => rule),
      ),
    ).toBe(false);
  });

  test("every bit of two arguments", () => {
    const everyBit = ([0, 1] as const).flatMap((index) =>
      Array.from({ length: 64 }, (_, bit) => allow(masked(1n << BigInt(bit), 1n << BigInt(bit), index))),
    );
    expect(diffFilters(filters(everyBit.slice(1)), filters(everyBit)).syscalls).toMatchObject([
      { kind: "widened", witness: { args: callArgs({ 0: 1n }) } },
    ]);
  });
});

test("rules that make a puzzle are given up, in a sentence that names the call", () => {
  // Bit n of the low half together with bit n of another argument. After the first argument, 2^32 sets are still
  // possible.
  const pairs = Array.from({ length: 32 }, (_, bit) =>
    allow(masked(1n << BigInt(bit), 1n << BigInt(bit), 0), masked(1n << BigInt(31 - bit), 1n << BigInt(31 - bit), 1)),
  );
  const filter = filterOf(pairs);
  expect(() => sameAnswers(filter, filterOf(pairs.toReversed()), name)).toThrow(TooManyWays);
  expect(() => partition([{ ask: "answer", filter, name }])).toThrow(
    "the rules of getpriority overlap in too many ways",
  );
});
