import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import {
  argIndexes,
  callArgs,
  partition,
  refusedRule,
  type ActionRule,
  type ArgCondition,
  type SeccompData,
} from "../../../src/core/seccomp/index.ts";
import { decidingRule } from "../../../src/core/seccomp/evaluate.ts";
import { anyActionRules } from "../../support/arbitraries.ts";
import { boundaryValues } from "../../support/boundary.ts";
import { recordedAnswers, writeAnswers } from "../../support/kernel-answers.ts";
import { noCompatCalls } from "../../support/machine.ts";
import { ask, buildOracle, defaultErrno, makesCompatCalls, noOracle, type Experiment } from "../../support/oracle.ts";

const oracle = buildOracle();
const compatCalls = oracle !== undefined && makesCompatCalls(oracle);
const filters = Number(process.env["SECCOMP_KERNEL_FILTERS"] ?? 60);

/** The C program's runtime never needs getpriority. The filter always denies it. */
const syscall = "getpriority";
const native = { nr: 140, wide: true, compat: false };
const compat = { nr: 96, wide: false, compat: true };

/** One call for each set of rules, and the boundary values of each argument around it. */
function callsFor(rules: readonly ActionRule[]): readonly SeccompData["args"][] {
  const calls = partition(rules.map(({ rule }) => ({ ask: "match", rule })));
  const near = argIndexes.flatMap((index) => {
    const conditions = rules.flatMap(({ rule }) => rule.conditions.filter((condition) => condition.index === index));
    if (conditions.length === 0) return [];
    return boundaryValues(conditions).flatMap((value) =>
      calls.slice(0, 3).map((args) => callArgs(Object.assign({}, args, { [index]: value }))),
    );
  });
  return [...calls, ...near].slice(0, 80);
}

function experiment(rules: readonly ActionRule[], target: typeof native): Experiment {
  const calls = callsFor(rules).map((args) => ({ nr: target.nr, compat: target.compat, args }));
  return { rules: rules.map((rule) => ({ syscall, rule })), architectures: target.compat ? ["x86"] : [], calls };
}

function disagreements(samples: readonly (readonly ActionRule[])[], target: typeof native): readonly string[] {
  const experiments = samples.map((rules) => experiment(rules, target));
  return ask(oracle ?? "", experiments).flatMap((outcome, sample) => {
    const { rules, calls } = experiments[sample] ?? { rules: [], calls: [] };
    const list = samples[sample] ?? [];
    const told = JSON.stringify(
      list.map(({ rule, action }) => [action, rule.conditions]),
      (_, value: unknown) => (typeof value === "bigint" ? `0x${value.toString(16)}` : value),
    );
    const refusal = [true, target.wide].map((wide) => refusedRule(list, wide)).find((rule) => rule !== undefined);
    const expected = rules.findIndex(({ rule }) => rule === refusal);
    if ("refused" in outcome || refusal !== undefined)
      return "refused" in outcome && (target.compat || outcome.refused === expected) && refusal !== undefined
        ? []
        : [`${told}: refused ${JSON.stringify(outcome).slice(0, 60)} expected ${expected}`];
    return calls.flatMap(({ args }, call) => {
      const rule = decidingRule(list, args, target.wide);
      const answer = rule?.action.action === "SCMP_ACT_ERRNO" ? rule.action.errnoRet : defaultErrno;
      return outcome.answers[call] === answer
        ? []
        : [
            `${told} (${args
              .slice(0, 3)
              .map((value) => value.toString(16))
              .join(", ")}): kernel ` + `${outcome.answers[call]}, evaluate ${answer}`,
          ];
    });
  });
}

/** The text of a disagreement begins with its rules. */
function filtersOf(found: readonly string[]): number {
  return new Set(found.map((text) => text.split(" (")[0])).size;
}

const closeValues = [1n, 2n, 0x1_0000_0000n, 0x1_0000_0001n, 0x1_0000_0002n, 0x2_0000_0001n] as const;
const closeMasks = [0xffff_ffffn, 0x3n, 0x3_0000_0003n] as const;

/** The same rules with values that share halves, so that the comparisons of several rules meet. */
function close(rules: readonly ActionRule[]): readonly ActionRule[] {
  const near = (condition: ArgCondition): ArgCondition => {
    const datum = closeValues[Number(condition.datum % 6n)] ?? 0n;
    return condition.op === "SCMP_CMP_MASKED_EQ"
      ? { ...condition, datum, mask: closeMasks[Number(condition.mask % 3n)] ?? 0n }
      : { ...condition, datum };
  };
  return rules.map((each) => ({ ...each, rule: { conditions: each.rule.conditions.map(near) } }));
}

/** Lists of rules of every kind, on either width. */
const kinds = [
  ["values that share their halves, one action", anyActionRules([101]).map(close), native],
  ["values that share their halves, two actions", anyActionRules([101, 102]).map(close), native],
  ["values that share their halves, 32 bits", anyActionRules([101, 102]).map(close), compat],
  ["EQ and masks, two actions", anyActionRules([101, 102], false), native],
  ["all comparisons, two actions", anyActionRules([101, 102]), native],
  ["all comparisons, one action", anyActionRules([101]), native],
  ["32-bit arguments", anyActionRules([101, 102], false), compat],
] as const;

/** The kernel's answers, one list of rules on a line, for machines that cannot ask a kernel (recorded.test.ts). */
if (process.env["SECCOMP_KERNEL_WRITE"] !== undefined)
  test("writes down what the kernel answers", () => {
    const lines = kinds.flatMap(([, arbitrary, target]) => {
      const samples = fc
        .sample(arbitrary, { numRuns: 90, seed: 8 })
        .filter((rules) => disagreements([rules], target).length === 0);
      const experiments = samples.map((rules) => {
        const { calls, ...rest } = experiment(rules, target);
        return { ...rest, calls: calls.slice(0, 14) };
      });
      return ask(oracle ?? "", experiments).map((outcome, at) =>
        writeAnswers({ wide: target.wide, rules: samples[at] ?? [], calls: experiments[at]?.calls ?? [], outcome }),
      );
    });
    expect(lines.length).toBeGreaterThan(100);
    writeFileSync(recordedAnswers, `${lines.join("\n")}\n`);
  }, 600_000);

describe("evaluate answers as libseccomp and the kernel do", () => {
  beforeEach(({ skip }) => skip(oracle === undefined, noOracle));

  test.for([
    ["one action, 64-bit arguments", [101], native],
    ["one action, 32-bit arguments", [101], compat],
    ["two actions, 64-bit arguments", [101, 102], native],
    ["two actions, 32-bit arguments", [101, 102], compat],
  ] as const)("EQ and MASKED_EQ: %s", { timeout: 300_000 }, ([, errnos, target], { skip }) => {
    skip(target.compat && !compatCalls, noCompatCalls);
    expect(disagreements(fc.sample(anyActionRules(errnos, false), { numRuns: filters, seed: 4 }), target)).toEqual([]);
  });

  // libseccomp compiles some unions with NE, LT, LE, GE or GT wrongly (SEMANTICS.md, "What
  // libseccomp gets wrong").
  test("all comparisons: all but a few per cent of the filters", () => {
    const found = disagreements(fc.sample(anyActionRules([101]), { numRuns: filters, seed: 4 }), native);
    expect(filtersOf(found) / filters).toBeLessThan(0.04);
  }, 300_000);

  test("a single rule is exact, whatever it compares", () => {
    expect(disagreements(fc.sample(anyActionRules([101], true, 1), { numRuns: filters, seed: 5 }), native)).toEqual([]);
  }, 300_000);

  test("rules of one condition each with EQ, NE and masks, two actions", () => {
    const single = fc
      .sample(anyActionRules([101, 102]), { numRuns: 20 * filters, seed: 6 })
      .filter((rules) =>
        rules.every(
          ({ rule }) =>
            rule.conditions.length === 1 &&
            rule.conditions.every(
              ({ op }) => op === "SCMP_CMP_EQ" || op === "SCMP_CMP_NE" || op === "SCMP_CMP_MASKED_EQ",
            ),
        ),
      );
    expect(disagreements(single, native)).toEqual([]);
  }, 300_000);

  test("libseccomp 2.5.4 compares the wrong half where two upper bounds meet", () => {
    const because = { type: "user", option: "--deny" } as const;
    const action = { action: "SCMP_ACT_ERRNO", errnoRet: 101 } as const;
    const upTo = (datum: bigint): ActionRule => ({
      action,
      because,
      rule: { conditions: [{ index: 0, op: "SCMP_CMP_LE", datum }] },
    });
    const rules = [upTo(0x1_0000_0002n), upTo(0x8942_be53_7642_6ef9n)].map((rule) => ({ syscall, rule }));
    const [outcome] = ask(oracle ?? "", [{ rules, calls: [{ nr: native.nr, args: callArgs({ 0: 0x1_ffff_fffdn }) }] }]);
    expect([{ answers: [100] }, { answers: [101] }]).toContainEqual(outcome);
  });

  test("a pinned socket leaves socketcall open, and complements on socket are refused beside x86", ({ skip }) => {
    skip(!compatCalls, noCompatCalls);
    const socket = (op: "SCMP_CMP_EQ" | "SCMP_CMP_NE", errnoRet: number): Experiment["rules"][number] => ({
      syscall: "socket",
      rule: {
        action: { action: "SCMP_ACT_ERRNO", errnoRet },
        because: { type: "user", option: "--deny" },
        rule: { conditions: [{ index: 0, op, datum: 2n }] },
      },
    });
    const socketcall = (number: bigint): Experiment["calls"][number] => ({
      nr: 102,
      compat: true,
      args: callArgs({ 0: number }),
    });
    const outcomes = ask(oracle ?? "", [
      { rules: [socket("SCMP_CMP_EQ", 101)], architectures: ["x86"], calls: [socketcall(1n), socketcall(2n)] },
      { rules: [socket("SCMP_CMP_EQ", 101), socket("SCMP_CMP_NE", 102)], architectures: ["x86"], calls: [] },
    ]);
    expect(outcomes).toEqual([{ answers: [101, 100] }, { refused: 1 }]);
  });
});
