import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ActionRule, ArgCondition, Rule, SeccompData } from "../../src/core/seccomp/index.ts";

/** One filter and the calls to try under it. All are native unless `compat`. */
export interface Experiment {
  readonly rules: readonly { readonly syscall: string; readonly rule: ActionRule }[];
  readonly architectures?: readonly string[];
  readonly calls: readonly { readonly nr: number; readonly compat?: boolean; readonly args: SeccompData["args"] }[];
}

/** "refused" with the index of the rule, or the answer to each call: an errno, 0, or "K" for killed. */
export type Outcome = { readonly refused: number } | { readonly answers: readonly (number | "K")[] };

export const defaultErrno = 100;

const operators = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
} as const;

export const noOracle =
  "the kernel's judge cannot be built (x86-64 Linux with Debian's gcc, libc6-dev and libseccomp-dev)";

/** Builds the C program against the installed libseccomp. `undefined` without a compiler, the header or Linux. */
export function buildOracle(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64" || !existsSync("/usr/include/seccomp.h")) return undefined;
  const binary = join(mkdtempSync(join(tmpdir(), "seccomp-oracle-")), "oracle");
  const source = fileURLToPath(new URL("seccomp-oracle.c", import.meta.url));
  return spawnSync("cc", ["-O1", "-o", binary, source, "-lseccomp"]).status === 0 ? binary : undefined;
}

/** The answers of libseccomp and the kernel to the experiments. */
export function ask(oracle: string, experiments: readonly Experiment[]): readonly Outcome[] {
  const input = experiments.map(script).join("");
  const output = execFileSync(oracle, { input, encoding: "utf8", maxBuffer: 1 << 28 });
  return output
    .trimEnd()
    .split("\n")
    .map((line): Outcome => {
      const refused = /^refused (\d+)/.exec(line)?.[1];
      return refused === undefined
        ? {
            answers: line
              .trim()
              .split(" ")
              .map((word) => (word === "K" ? "K" : Number(word))),
          }
        : { refused: Number(refused) };
    });
}

/** Rules by name, for all architectures at once, as a runtime gives them to libseccomp. */
export interface Program {
  readonly defaultErrno: number;
  readonly rules: Experiment["rules"];
  readonly architectures: readonly string[];
}

/** The number of instructions that libseccomp makes from them. `undefined` if it refuses them. */
export function sizes(oracle: string, programs: readonly Program[]): readonly (number | undefined)[] {
  const input = programs
    .map(
      ({ defaultErrno, rules, architectures }) =>
        `${[`F ${defaultErrno}`, ...architectures.map((name) => `A ${name}`), ...rules.map(ruleLine)].join("\n")}\nS\n`,
    )
    .join("");
  return execFileSync(oracle, { input, encoding: "utf8", maxBuffer: 1 << 28 })
    .trimEnd()
    .split("\n")
    .map((line) => (line.startsWith("refused") ? undefined : Number(line)));
}

/**
 * Not every virtual machine lets 64-bit programs make i386 calls (int 0x80). On the others these calls end with
 * SIGSEGV, whatever the filter says.
 */
export function makesCompatCalls(oracle: string): boolean {
  const [outcome] = ask(oracle, [
    { rules: [], architectures: ["x86"], calls: [{ nr: 96, compat: true, args: [0n, 0n, 0n, 0n, 0n, 0n] }] },
  ]);
  return outcome !== undefined && "answers" in outcome && outcome.answers[0] === defaultErrno;
}

function script({ rules, calls, architectures = [] }: Experiment): string {
  return [
    `F ${defaultErrno}`,
    ...architectures.map((name) => `A ${name}`),
    ...rules.map(ruleLine),
    ...calls.map(({ nr, args, compat }) => `${compat === true ? "C" : "T"} ${nr} ${args.join(" ")}`),
    ".\n",
  ].join("\n");
}

function ruleLine({ syscall, rule }: Experiment["rules"][number]): string {
  return `R ${errnoOf(rule)} ${syscall} ${conditions(rule.rule)}`;
}

function errnoOf({ action }: ActionRule): number {
  if (action.action !== "SCMP_ACT_ERRNO") throw new TypeError("the oracle tells actions apart by their errno");
  return action.errnoRet;
}

function conditions(rule: Rule): string {
  return [rule.conditions.length, ...rule.conditions.map(conditionWords)].join(" ");
}

function conditionWords(condition: ArgCondition): string {
  const values = condition.op === "SCMP_CMP_MASKED_EQ" ? [condition.mask, condition.datum] : [condition.datum, 0];
  return [condition.index, operators[condition.op], ...values].join(" ");
}
