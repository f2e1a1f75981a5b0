import { describe, expect, test } from "vitest";
import { stringifyRecording } from "../../src/core/recording/index.ts";
import type { Run } from "../../src/core/recording/types.ts";
import { diffFilters } from "../../src/core/diff/index.ts";
import { emitOci } from "../../src/core/emitter/index.ts";
import { explain } from "../../src/core/explain/index.ts";
import { readProfile, resolve, stringifyProfile } from "../../src/core/profile/index.ts";
import { renderCheck, renderDiff, renderExplanation, renderLint, type PlacedFinding } from "../../src/words/index.ts";
import { renderReview } from "../../src/words/review.ts";
import type { JudgedProfile, ReviewModel } from "../../src/words/review-model.ts";
import { defaultCapabilities } from "../../src/core/tables/index.ts";

/** Characters that would command a terminal, reverse text, or not show. */
const odd = "a\u009b2J\u202eb\u2066c\u200bd\u007fe\u2028f\u001bg";
const raw = /(?!\n)[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/u;

const host = {
  arch: "SCMP_ARCH_X86_64",
  capabilities: new Set(defaultCapabilities),
  kernel: undefined,
  runtime: "runc",
} as const;
const document = readProfile(
  JSON.stringify({
    defaultAction: "SCMP_ACT_ERRNO",
    architectures: ["SCMP_ARCH_X86_64"],
    syscalls: [{ names: ["read", odd], action: "SCMP_ACT_ALLOW", comment: odd }],
  }),
  "x",
);
const { filters } = resolve(document, host);
const diff = diffFilters(resolve({ ...document, syscalls: [] }, host).filters, filters);
const run: Run = { source: "container", command: [odd], versions: { engine: odd }, ended: "exited" };
const finding: PlacedFinding = {
  kind: "unknown-syscall",
  severity: "warning",
  pointer: `/${odd}`,
  names: [odd],
  meant: odd,
  file: odd,
  line: 1,
  column: 1,
};
const [change] = diff.syscalls;
if (change === undefined) throw new Error("no change");

function judged(more: Partial<JudgedProfile> = {}): JudgedProfile {
  const opening = {
    change,
    level: "ordinary",
    exposes: odd,
    backing: { type: "nothing", others: false },
    claim: { type: "profile", pointer: `/${odd}`, comment: odd },
    beyondDocker: false,
    byClaims: false,
    values: [],
    made: undefined,
  } as const;
  return {
    type: "changed",
    assessment: {
      diff,
      openings: [{ ...opening, change: change as NonNullable<typeof change> }],
      closings: [],
      pretended: [],
      otherAnswers: [],
      profile: [],
      open: false,
      dangerousUnnamed: [],
    },
    elsewhere: [],
    closedElsewhere: [],
    places: [{ line: 1, column: 1 }],
    inCode: [{ type: "open", places: [odd] }],
    source: "different",
    recording: odd,
    keeps: [odd],
    newRuns: [run],
    findings: [finding],
    failures: ["unbacked"],
    ...more,
  };
}
const changedBy = { commits: [{ id: odd, author: odd }], uncommitted: true };
const model: ReviewModel = {
  base: odd,
  ceilingName: odd,
  profiles: [
    { path: odd, file: odd, formerPath: odd, state: judged() },
    { path: odd, file: odd, formerPath: undefined, state: { type: "unreadable", reason: odd } },
  ],
  recordings: [{ path: odd, formerPath: odd, changedBy, state: { type: "unreadable", reason: odd } }],
  options: [{ path: odd, before: odd, after: odd }],
  skipped: [{ path: odd, reason: odd, alarming: true }],
  stops: ["any"],
};

describe("JSON shows what it holds, and holds what it was given", () => {
  const explanation = explain({
    profile: odd,
    filters,
    ceiling: filters,
    ceilingName: odd,
    capabilities: new Set([odd]),
    runs: [run],
    recorded: {},
  });
  const view = { color: false, width: 80, version: odd };
  test.each<[string, () => string]>([
    ["lint", () => renderLint([finding], { ...view, format: "json" })],
    ["lint, SARIF", () => renderLint([finding], { ...view, format: "sarif" })],
    [
      "check",
      () =>
        renderCheck(
          [
            {
              kind: "denied",
              arch: "SCMP_ARCH_X86_64",
              syscall: "read",
              results: [odd],
              processes: [odd],
              calls: 1,
              args: [],
              seen: [],
              alreadyFailed: false,
              answer: { action: "SCMP_ACT_KILL_PROCESS" },
            },
          ],
          { ...view, format: "json", profile: odd },
        ),
    ],
    ["diff", () => renderDiff(diff, { format: "json", before: odd, after: odd, color: false, width: 80 })],
    ["explain", () => renderExplanation(explanation, undefined, { format: "json", color: false, width: 80 })],
    ["explain, one call", () => renderExplanation(explanation, "read", { format: "json", color: false, width: 80 })],
    ["review", () => renderReview(model, { ...view, format: "json" })],
    ["review, SARIF", () => renderReview(model, { ...view, format: "sarif" })],
    ["review, code quality", () => renderReview(model, { ...view, format: "codeclimate" })],
    ["OCI", () => emitOci({ profile: document, arches: ["SCMP_ARCH_X86_64"], name: odd, file: odd })],
    ["a profile", () => stringifyProfile(document)],
    [
      "a recording",
      () =>
        stringifyRecording({
          version: 1,
          name: odd,
          runs: [run],
          syscalls: { SCMP_ARCH_X86_64: { read: { calls: 1, results: ["ok"], processes: [odd] } } },
        }),
    ],
  ])("%s", (_, text) => {
    const written = text();
    expect(raw.exec(written)?.[0]).toBeUndefined();
    const values: unknown[] = [];
    JSON.parse(written, (name, value: unknown) => (values.push(name, value), value));
    expect(values.some((value) => typeof value === "string" && value.includes(odd))).toBe(true);
  });
});

test("of more than a code scanning service takes, the least dangerous is left out", () => {
  const [opening] = judged().assessment.openings;
  if (opening === undefined) throw new Error("no opening");
  const many = judged({
    assessment: {
      ...judged().assessment,
      openings: Array.from({ length: 5001 }, (_, at) => ({
        ...opening,
        change: { ...opening.change, syscall: `call_${at}` },
      })),
    },
    failures: [],
    findings: Array.from({ length: 5001 }, () => finding),
  });
  const last = judged({
    assessment: { ...judged().assessment, openings: [{ ...opening, level: "danger" }] },
    failures: [],
    findings: [{ ...finding, severity: "error" }],
  });
  const text = renderReview(
    {
      ...model,
      skipped: [],
      profiles: [
        { path: "a", file: "a", formerPath: undefined, state: many },
        { path: "b", file: "b", formerPath: undefined, state: last },
      ],
    },
    { color: false, width: 80, version: "0", format: "sarif" },
  );
  const { runs } = JSON.parse(text) as { runs: { results: { ruleId: string; level: string }[] }[] };
  const results = runs[0]?.results ?? [];
  expect(results).toHaveLength(10_000);
  expect(results.filter(({ level }) => level === "error").map(({ ruleId }) => ruleId)).toEqual([
    "newly-possible",
    "unknown-syscall",
  ]);
});

test.each([
  ["host", "a program on a host"],
  ["log", "a strace log"],
  ["audit", "the kernel's log"],
] as const)("a new run of the source %s is named", (source, words) => {
  const state = {
    type: "changed",
    newRuns: [{ ...run, source, command: [] }],
    goneRuns: 0,
    added: [],
    removed: [],
    otherArguments: [],
    deniedByDocker: [],
    denied: [],
    capabilities: [],
    lostNoNewPrivileges: false,
    coverage: [],
    doubts: [],
  } as const;
  const text = renderReview(
    { ...model, recordings: [{ path: "r", formerPath: undefined, changedBy, state }] },
    { color: false, width: Infinity, version: "0", format: "text" },
  );
  expect(text).toContain(`1 new run: ${words}`);
});
