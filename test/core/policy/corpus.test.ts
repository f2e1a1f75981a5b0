import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import glob from "fast-glob";
import { expect, test } from "vitest";
import {
  buildPolicy,
  companionRows,
  complain,
  twinRows,
  type Policy,
  type PolicyNote,
  type PolicyOptions,
} from "../../../src/core/policy/index.ts";
import { companionsOf } from "../../../src/core/policy/companions.ts";
import { resolve } from "../../../src/core/profile/index.ts";
import type { CodeEvidence, Run } from "../../../src/core/recording/index.ts";
import {
  formatAction,
  formatRule,
  isAllowing,
  type ActionRule,
  type Because,
} from "../../../src/core/seccomp/index.ts";
import {
  allCapabilities,
  defaultCapabilities,
  dockerDefaultFor,
  type ScmpArch,
} from "../../../src/core/tables/index.ts";
import { loadDockerDefault } from "../../../src/project/index.ts";
import { policyOptions } from "../../support/options.ts";
import { recorded } from "../../support/recorded.ts";

/**
 * One file a kind of recording: what it is, how it is made into a policy, the lines of a log, and what the
 * policy says: what each reason allows or answers, and the notes. `SECCOMP_GEN_WRITE_CORPUS=1` writes the
 * policies anew, to be read.
 */
const folder = fileURLToPath(new URL("../../corpus/policy/", import.meta.url));
const divider = "\n=== policy ===\n";
const isWriting = process.env["SECCOMP_GEN_WRITE_CORPUS"] !== undefined;

interface Making {
  readonly arch?: ScmpArch;
  /** The container has every capability, so that the ceiling denies little. */
  readonly capable?: true;
  readonly engine?: string;
  readonly run?: Partial<Run>;
  readonly options?: Partial<PolicyOptions>;
  readonly complain?: true;
  /** Also shows what calls answer that are denied whatever their arguments. */
  readonly answers?: true;
  readonly code?: CodeEvidence;
}

test.each(glob.sync("*.txt", { cwd: folder }).sort())("the recording in %s gives the policy below it", async (file) => {
  const [head = ""] = readFileSync(folder + file, "utf8").split(divider);
  const [about = "", log = ""] = head.split("\n=== log ===\n");
  const making = JSON.parse(about.split("\n=== made with ===\n")[1] ?? "{}") as Making;
  const made = policyText(await policyOf(making, log), making.answers === true);
  if (isWriting) writeFileSync(folder + file, head + divider + made);
  expect(readFileSync(folder + file, "utf8")).toBe(head + divider + made);
});

async function policyOf(making: Making, log: string): Promise<Policy> {
  const { arch = "SCMP_ARCH_X86_64", capable, engine = "28.5.2", run, options, code } = making;
  const capabilities = new Set(capable === true ? allCapabilities : defaultCapabilities);
  const docker = await loadDockerDefault(dockerDefaultFor(engine).file);
  const ceiling = resolve(docker, { arch, capabilities, kernel: "6.18", runtime: "runc" }).filters;
  const recording = { ...recorded(log.split("\n"), run, arch), ...(code === undefined ? {} : { code }) };
  const policy = buildPolicy(recording, policyOptions(ceiling, options));
  return making.complain === true ? complain(policy, ceiling) : policy;
}

function policyText({ filters, notes, assumptions }: Policy, answers: boolean): string {
  return [
    ...Object.entries(assumptions).map(([name, value]) => `${name}: ${JSON.stringify(value) ?? "none"}`),
    ...filters.flatMap(({ arch, defaultAction, syscalls }) => {
      const reasons = new Map<string, string[]>();
      for (const [name, rules] of syscalls)
        for (const each of rules) {
          if (!answers && !isAllowing(each.action) && each.rule.conditions.length === 0) continue;
          const why = `${formatAction(each.action)}: ${whyText(each)}`;
          reasons.set(why, [...(reasons.get(why) ?? []), formRule(name, each, arch)]);
        }
      return [
        "",
        `${arch}: ${formatAction(defaultAction)}, but`,
        ...[...reasons].flatMap(([why, calls]) => [why, ...wrapped(calls)]),
      ];
    }),
    "",
    ...notes.map(noteText),
    "",
  ].join("\n");
}

function formRule(name: string, { rule }: ActionRule, arch: ScmpArch): string {
  return rule.conditions.length === 0 ? name : `${name} ${formatRule(rule, name, arch)}`;
}

function whyText({ because }: ActionRule): string {
  const { type, ...more } = because satisfies Because;
  return [type, ...Object.entries(more).map(([name, value]) => `${name} ${JSON.stringify(value)}`)].join(", ");
}

function noteText({ kind, arch, syscall, ...more }: PolicyNote): string {
  const shown = "rules" in more ? [`rules: ${more.rules.length}`] : Object.values(more).map((value) => json(value));
  return [`note: ${kind} ${syscall} (${arch})`, ...shown].join(" ");
}

function json(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? String(each) : each)) ?? "none";
}

/** Names alone share lines; a call with conditions has its own. */
function wrapped(calls: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const call of calls) {
    const last = lines.at(-1);
    if (last === undefined || `${last.trim()} ${call}`.includes(" arg") || last.length + call.length > 110)
      lines.push(`  ${call}`);
    else lines[lines.length - 1] = `${last} ${call}`;
  }
  return lines;
}

/** A question mark stands behind a guess, which code refutes that cannot make the call. */
test("what a call brings in, alone or with what its row asks for, stands in companions.list", () => {
  const bring = (calls: readonly string[], programs: readonly string[]): readonly string[] => {
    const [all, sure] = [false, true].map((isRefuted) =>
      companionsOf({ calls: new Set(calls), programs: new Set(programs), forks: true, isNotInCode: () => isRefuted }),
    );
    const isGuess = (name: string): boolean => sure?.every((other) => other.name !== name) === true;
    return (all ?? []).map(({ name }) => (isGuess(name) ? `${name}?` : name)).sort();
  };
  const everywhere = bring([], []);
  const situations = [
    ...companionRows.map(({ triggers, with: all = [], programs }) => ({ triggers, all, programs })),
    ...twinRows.map(({ names, older = [], glibc = [], programs }) => ({
      triggers: [...names, ...older, ...glibc],
      all: [],
      programs,
    })),
  ].flatMap(({ triggers, all, programs = [undefined] }) =>
    triggers.flatMap((trigger) =>
      programs.map((program) => ({ calls: [trigger, ...all], programs: program === undefined ? [] : [program] })),
    ),
  );
  const lines = situations.map(({ calls, programs }) => {
    const [musl, glibc] = [calls, ["set_robust_list", ...calls]].map((each) =>
      bring(each, programs)
        .filter((name) => !everywhere.includes(name))
        .join(" "),
    );
    const what = [...calls, ...programs.map((program) => `(${program})`)].join(" ");
    return musl === glibc ? `${what}: ${musl}\n` : `${what}: ${musl}\n    in programs of glibc: ${glibc}\n`;
  });
  const made = [`any program: ${everywhere.join(" ")}\n`, ...[...new Set(lines)].sort()].join("");
  const file = `${folder}companions.list`;
  if (isWriting) writeFileSync(file, made);
  expect(readFileSync(file, "utf8")).toBe(made);
});
