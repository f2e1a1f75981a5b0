import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ActionRule, ArgCondition, SeccompData } from "../../src/core/seccomp/index.ts";
import type { Experiment, Outcome } from "./oracle.ts";

/** The kernel's answers to calls under random rules. kernel.test.ts writes them (SECCOMP_KERNEL_WRITE=1). */
export const recordedAnswers = fileURLToPath(new URL("../corpus/kernel-answers.ndjson", import.meta.url));

/** Rules of one syscall, and what libseccomp and the kernel made from them. */
export interface KernelAnswers {
  /** True if arguments have 64 bits. */
  readonly wide: boolean;
  readonly rules: readonly ActionRule[];
  /** The index of the rule that libseccomp refused. */
  readonly refused: number | undefined;
  /** Calls, each with its errno. */
  readonly answers: readonly { readonly args: SeccompData["args"]; readonly errno: number }[];
}

/** One line of the file. 64-bit numbers are hexadecimal, and arguments end with the last one that is not zero. */
export function writeAnswers(asked: {
  readonly wide: boolean;
  readonly rules: readonly ActionRule[];
  readonly calls: Experiment["calls"];
  readonly outcome: Outcome;
}): string {
  const { wide, rules, calls, outcome } = asked;
  return JSON.stringify({
    wide,
    rules: rules.map(({ action, rule }) => [
      "errnoRet" in action ? action.errnoRet : 0,
      ...rule.conditions.map((condition) => [
        condition.index,
        condition.op.slice("SCMP_CMP_".length),
        hex(condition.datum),
        ...(condition.op === "SCMP_CMP_MASKED_EQ" ? [hex(condition.mask)] : []),
      ]),
    ]),
    ...("refused" in outcome
      ? { refused: outcome.refused }
      : {
          answers: outcome.answers.map((errno, at) => {
            const args = (calls[at]?.args ?? []).map(hex);
            return [errno, ...args.slice(0, args.findLastIndex((value) => value !== "0") + 1)];
          }),
        }),
  });
}

const hex = (value: bigint): string => value.toString(16);
const unhex = (text: string): bigint => BigInt(`0x${text}`);

type Written = readonly [number, string, string, string?];

/** All lines of the file. */
export function readAnswers(): readonly KernelAnswers[] {
  return readFileSync(recordedAnswers, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => {
      const {
        wide,
        rules,
        refused,
        answers = [],
      } = JSON.parse(line) as {
        readonly wide: boolean;
        readonly rules: readonly (readonly [number, ...Written[]])[];
        readonly refused?: number;
        readonly answers?: readonly (readonly [number, ...string[]])[];
      };
      return {
        wide,
        refused,
        rules: rules.map(([errnoRet, ...conditions]) => ({
          action: { action: "SCMP_ACT_ERRNO", errnoRet },
          rule: { conditions: conditions.map(conditionOf) },
          because: { type: "user", option: "--deny" },
        })),
        answers: answers.map(([errno, ...args]) => ({
          errno,
          args: [0, 1, 2, 3, 4, 5].map((at) => unhex(args[at] ?? "0")) as unknown as SeccompData["args"],
        })),
      };
    });
}

function conditionOf([index, name, datum, mask]: Written): ArgCondition {
  const test = {
    index,
    op: `SCMP_CMP_${name}`,
    datum: unhex(datum),
    ...(mask === undefined ? {} : { mask: unhex(mask) }),
  };
  return test as ArgCondition;
}
