import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  buildRecording,
  createAggregator,
  mergeRecordings,
  parseRecording,
  stringifyRecording,
} from "../../src/core/recording/index.ts";
import type { Recording } from "../../src/core/recording/types.ts";
import { assess } from "../../src/core/judgement/index.ts";
import { checkRecording } from "../../src/core/check/index.ts";
import { checkName, nameFromImage, profilePath, recordingPath } from "../../src/project/names.ts";
import { parseStoredPolicy } from "../../src/project/derivation/stored-policy.ts";
import { redactedSpec } from "../../src/run/session/spec-facts.ts";
import { diffFilters } from "../../src/core/diff/index.ts";
import { emitDocker } from "../../src/core/emitter/index.ts";
import { profilesIn } from "../../src/core/carrier/index.ts";
import { SeccompGenError } from "../../src/core/errors/error.ts";
import { lintProfile } from "../../src/core/lint/index.ts";
import { buildPolicy } from "../../src/core/policy/index.ts";
import { readProfile, resolve } from "../../src/core/profile/index.ts";
import type { HostContext } from "../../src/core/profile/types.ts";
import { renderCheck, renderDiff, renderLint } from "../../src/words/index.ts";
import { parseStraceSync } from "../../src/strace-parser/index.ts";
import { defaultCapabilities } from "../../src/core/tables/index.ts";
import { hostileDocument, hostileLog, hostileText } from "../support/hostile.ts";
import { policyOptions } from "../support/options.ts";

/** The number of cases for each target. Every run has a few; `npm run test:fuzz` has SECCOMP_GEN_FUZZ_CASES. */
const numRuns = Number(process.env["SECCOMP_GEN_FUZZ_CASES"] ?? 250);
const timeout = Math.max(120_000, numRuns * 100);

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const recordings = [read("traces/nginx/recording.json"), read("traces/redis/recording.json")];
const profiles = [
  read("profiles/nginx.json"),
  read("profiles/redis.json"),
  read("profiles/docker-default/29.4.3.json"),
  read("profiles/docker-default/1.12.0.json"),
];
const carriers = [
  ...profiles.slice(0, 1),
  `apiVersion: security-profiles-operator.x-k8s.io/v1beta1
kind: SeccompProfile
metadata: { name: web, namespace: prod }
spec: &spec
  defaultAction: SCMP_ACT_ERRNO
  architectures: [SCMP_ARCH_X86_64]
  syscalls:
  - { action: SCMP_ACT_ALLOW, names: [read, write] }
  - { action: SCMP_ACT_ERRNO, errnoRet: "38", names: [clone], args: [{ index: 0, value: 0x10, op: SCMP_CMP_EQ }] }
---
kind: List
items:
- <<: { kind: ConfigMap, metadata: { name: m } }
  data:
    web.json: |
      { "defaultAction": "SCMP_ACT_ERRNO",
        "syscalls": [ { "names": ["read", "write"], "action": "SCMP_ACT_ALLOW" } ] }
`,
  '// comment\n{ "defaultAction": "SCMP_ACT_ERRNO", ' +
    '/* x */ "syscalls": [{ "names": ["read",], "action": "SCMP_ACT_ALLOW" },], }',
];
/** One of the texts with parts left out, and with marks of YAML and JSON, or any text, put in. */
const mutated = (texts: readonly string[]): fc.Arbitrary<string> =>
  fc
    .record({
      text: fc.constantFrom(...texts),
      edits: fc.array(
        fc.record({
          at: fc.nat(1200),
          less: fc.nat(6),
          more: fc.oneof(
            fc.constantFrom(
              "&a ",
              "*a",
              "<<: ",
              "|",
              ">",
              "---\n",
              "\t",
              "- ",
              "? ",
              "{",
              "]",
              '"',
              "'",
              "!!x ",
              "#",
              "\n",
              "\r",
              "/*",
              "null",
            ),
            hostileText,
          ),
        }),
        { maxLength: 5 },
      ),
    })
    .map(({ text, edits }) =>
      edits.reduce((made, { at, less, more }) => made.slice(0, at) + more + made.slice(at + less), text),
    );
const policies = [
  JSON.stringify({
    args: "strict",
    exact: true,
    reach: true,
    floor: "runc",
    allow: ["ptrace"],
    deny: ["mount"],
    against: "28.5.2",
  }),
];
const host: HostContext = {
  arch: "SCMP_ARCH_X86_64",
  capabilities: new Set(defaultCapabilities),
  kernel: undefined,
  runtime: "runc",
};
const ceiling = resolve(readProfile(read("profiles/docker-default/29.4.3.json"), "Docker's default"), host).filters;

/** The value, or `undefined` if the input was refused as it should be. Any other error fails the case. */
function refusedOr<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof SeccompGenError)) throw error;
    expect(error.message).not.toBe("");
    expect(error.todo).not.toBe("");
    return undefined;
  }
}

/** Expects no character that a terminal would obey. */
function expectPlain(text: string): void {
  expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
}

/** Expects that Markdown shows everything as text, except the marks that we write ourselves. */
function expectQuietMarkdown(text: string): void {
  expectPlain(text);
  expect(text.replace(/<\/?(?:details|summary)>/g, "")).not.toMatch(/[<>]/);
  expect(text).not.toMatch(/@[a-z]/i);
  expect(text).not.toMatch(/\]\(/);
}

/** Expects unchanged prototypes. */
function expectUnpolluted(): void {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
}

const check = <T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void | Promise<void>): Promise<void> =>
  fc.assert(
    fc.asyncProperty(arbitrary, async (value) => property(value)),
    { numRuns },
  );

function recordingOf(log: Uint8Array): Recording {
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64" });
  for (const event of parseStraceSync([log])) aggregator.add(event);
  const aggregate = aggregator.finish();
  return buildRecording(
    "fuzz",
    { source: "log", command: [], versions: {}, ended: aggregate.cut ? "cut" : "exited" },
    aggregate,
  );
}

describe("whatever comes in", () => {
  test(
    "a log: events with positions, all arguments decoded, a recording that reads back to the same bytes",
    { timeout },
    () =>
      check(hostileLog, (log) => {
        for (const event of parseStraceSync([log]))
          if (event.kind === "syscall") for (const arg of event.args) expect(arg.type).toBeTypeOf("string");
        const recording = recordingOf(log);
        const text = stringifyRecording(recording);
        expectPlain(text);
        const back =
          Object.keys(recording.syscalls).length === 0 ? undefined : refusedOr(() => parseRecording(text, "fuzz"));
        if (back === undefined) return;
        expect(stringifyRecording(back)).toBe(text);
        expect(stringifyRecording(mergeRecordings(back, back))).toBe(text);
      }),
  );

  test("a file of any name: profiles with places in it, or a refusal in one line", { timeout }, () =>
    check(fc.tuple(mutated(carriers), fc.constantFrom("a.yaml", "a.jsonc", "a", "a.json")), async ([text, name]) => {
      const held = await profilesIn(text, name).catch((error: unknown) => {
        if (!(error instanceof SeccompGenError)) throw error;
        expect(error.message).not.toContain("\n");
        return [];
      });
      const lines = text.split("\n").length;
      for (const { read: readHeld, place } of held) {
        const profile = refusedOr(readHeld);
        if (profile === undefined) continue;
        for (const pointer of ["", "/syscalls/0/names/1", "/nowhere"]) {
          const { line, column } = place(pointer);
          expect(line >= 1 && column >= 1 && line <= Math.max(lines, 1)).toBe(true);
        }
        resolve(profile, host);
      }
      expectUnpolluted();
    }),
  );

  test("a log: a profile that is read, never wider than the ceiling, and compared in plain words", { timeout }, () =>
    check(hostileLog, (log) => {
      const recording = recordingOf(log);
      if (Object.keys(recording.syscalls).length === 0) return;
      const profile = emitDocker(buildPolicy(recording, policyOptions(ceiling, { args: "strict" })));
      expectPlain(profile);
      const filters = resolve(readProfile(profile, "fuzz"), host).filters;
      const diff = diffFilters(ceiling, filters);
      expect(
        diff.syscalls.filter(({ kind }) => kind === "newly-allowed" || kind === "widened" || kind === "changed"),
      ).toEqual([]);
      expectPlain(
        renderCheck(checkRecording(recording, filters), { format: "text", profile: "fuzz", color: false, width: 80 }),
      );
    }),
  );

  test("a recording: refused with a reason, or a profile", { timeout }, () =>
    check(hostileDocument(recordings), (text) => {
      const recording = refusedOr(() => parseRecording(text, "fuzz"));
      if (recording !== undefined && Object.keys(recording.syscalls).length > 0) {
        expectPlain(stringifyRecording(recording));
        const profile = emitDocker(buildPolicy(recording, policyOptions(ceiling)));
        expectPlain(profile);
      }
      expectUnpolluted();
    }),
  );

  test("a profile: refused with a reason, or resolved, compared, linted and shown in every format", { timeout }, () =>
    check(hostileDocument(profiles), (text) => {
      const profile = refusedOr(() => readProfile(text, "fuzz"));
      if (profile !== undefined) {
        const filters = resolve(profile, host).filters;
        const diff = diffFilters(ceiling, filters);
        const view = { before: "before <b>", after: "after\u001b", color: false, width: 80 };
        expectPlain(renderDiff(diff, { ...view, format: "text" }));
        expectQuietMarkdown(renderDiff(diff, { ...view, format: "markdown" }));
        JSON.parse(renderDiff(diff, { ...view, format: "json" }));
        const findings = lintProfile(profile, { host, ceiling, ceilingName: "the default" }).map((finding) => ({
          ...finding,
          file: "fuzz",
          line: 1,
          column: 1,
        }));
        expectPlain(renderLint(findings, { ...view, format: "text", version: "1.0.0" }));
        JSON.parse(renderLint(findings, { ...view, format: "sarif", version: "1.0.0" }));
        assess(ceiling, filters, { ceiling, derived: undefined });
      }
      expectUnpolluted();
    }),
  );

  test("stored options: refused with a reason, or options", { timeout }, () =>
    check(hostileDocument(policies), (text) => {
      refusedOr(() => parseStoredPolicy(text, "policy.json"));
      expectUnpolluted();
    }),
  );

  test("a name: a path below traces/ and profiles/, or refused", { timeout }, () =>
    check(hostileText, (text) => {
      for (const name of [refusedOr(() => checkName(text)), refusedOr(() => checkName(nameFromImage(text)))]) {
        if (name === undefined) continue;
        expect(recordingPath(name)).toMatch(/^traces\/[A-Za-z0-9_][A-Za-z0-9._-]*\/recording\.json$/);
        expect(profilePath(name)).toMatch(/^profiles\/[A-Za-z0-9_][A-Za-z0-9._-]*\.json$/);
      }
    }),
  );

  test("a request: no value of it in what is kept but those that bear on seccomp", { timeout }, () =>
    check(fc.array(hostileText, { maxLength: 8 }), async (words) => {
      const secret = "s3cret-value";
      const spec = {
        Image: secret,
        Cmd: [secret, ...words],
        Entrypoint: words,
        Env: [`A=${secret}`, ...words],
        Labels: { [secret]: secret },
        HostConfig: {
          Binds: [secret],
          NetworkMode: secret,
          PidMode: `container:${secret}`,
          SecurityOpt: [`seccomp={${secret}`, `label=${secret}`],
        },
      };
      expect(redactedSpec("docker", spec).join(" ")).not.toContain(secret);
    }),
  );
});
