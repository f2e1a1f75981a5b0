import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { check } from "../../src/commands/check.ts";
import { diff } from "../../src/commands/diff.ts";
import { explain } from "../../src/commands/explain.ts";
import { generate } from "../../src/commands/generate.ts";
import { lint } from "../../src/commands/lint.ts";
import { openedElsewhere, profileChanges } from "../../src/core/diff/index.ts";
import { SeccompGenError } from "../../src/core/errors/index.ts";
import { assess } from "../../src/core/judgement/index.ts";
import { readProfile, resolve, type DockerProfile, type HostContext } from "../../src/core/profile/index.ts";
import { stringifyRecording } from "../../src/core/recording/index.ts";
import { evaluate, isAllowing, TooManyWays, type ActionRule, type Filter } from "../../src/core/seccomp/index.ts";
import { syscallNumber } from "../../src/core/tables/index.ts";
import { escapeTerminal, withoutCommands } from "../../src/core/text/index.ts";
import { readStream } from "../../src/logs/index.ts";
import type { Terminal } from "../../src/project/index.ts";
import { boundaryValues } from "../support/boundary.ts";
import { hostileDocument, hostileText } from "../support/hostile.ts";
import { generateOptions } from "../support/options.ts";

/** Every run has a few cases; `npm run test:fuzz` has SECCOMP_GEN_FUZZ_CASES. */
const cases = Number(process.env["SECCOMP_GEN_FUZZ_CASES"] ?? 250);
const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

let said: string[] = [];
const terminal: Terminal = {
  // The text as the terminal of the command line writes it.
  out: (text: string) => void said.push(withoutCommands(text)),
  note: (line: string) => void said.push(withoutCommands(escapeTerminal(line))),
  status: undefined,
  color: false,
  width: 80,
  interrupted: new AbortController().signal,
};

/** Expects 0, 1 or 2 within five seconds of processor time, and no line of ours that a runner would obey. */
async function expectTame(run: () => Promise<unknown>): Promise<void> {
  said = [];
  const begun = process.cpuUsage();
  const code = await run().catch((error: unknown) => {
    if (!(error instanceof SeccompGenError)) throw error;
    said.push(withoutCommands(escapeTerminal(`${error.message}\n${error.todo}`)));
    return 2;
  });
  expect([0, 1, 2]).toContain(code);
  const { user, system } = process.cpuUsage(begun);
  expect((user + system) / 1_000).toBeLessThan(5_000);
  expect(said.join("\n")).not.toMatch(/(?:^|[\r\n])\s*::/);
  // eslint-disable-next-line no-control-regex
  expect(said.join("\n")).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
}

const assertAll = <T>(arbitrary: fc.Arbitrary<T>, runs: number, property: (value: T) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(arbitrary, property), { numRuns: Math.max(20, Math.floor(runs)) });

/** Real lines of many versions of strace. */
const lines = readdirSync(new URL("../corpus/strace", import.meta.url))
  .filter((name) => name.endsWith(".txt"))
  .flatMap((name) => read(`test/corpus/strace/${name}`).split("\n"))
  .filter((line) => line !== "" && line.length < 400);

const lineMutation = fc.oneof(
  fc.constantFrom<((line: string) => string)[]>(
    (line) => line,
    (line) => `web-1  | ${line}`,
    (line) => `2026-11-30T11:00:00.123456789Z ${line}`,
    (line) => `{"log":${JSON.stringify(`${line}\n`)},"stream":"stderr"}`,
    (line) => `${line}\r`,
    (line) => `\u001b[31m${line}`,
    (line) => line.slice(0, line.length / 2),
    (line) => line + line,
    (line) => line.replaceAll(/\d+/g, "18446744073709551616"),
    (line) => line.replace("(", `(${"/".repeat(4_000)}`),
    (line) => line.replace("(", `("${'\\"'.repeat(2_000)}`),
    (line) => line.replace(")", "}".repeat(900)),
    (line) => line.replace(/\w+(?=\()/, (name) => `${name}_${"x".repeat(70)}`),
    (line) => `${line.replace(/\).*/, "")}../strace: Process 9 attached`,
    (line) => line.replace(/=.*/, "= ? ERESTARTSYS (To be restarted if SA_RESTART is set)"),
    (line) => `[pid 4294967296] ${line}`,
  ),
  hostileText.map((text) => (line: string) => `${line.slice(0, 20)}${text}${line.slice(20)}`),
);
const brokenLog = fc
  .array(fc.tuple(fc.nat(lines.length - 1), lineMutation), { minLength: 1, maxLength: 40 })
  .map((picked) => picked.map(([at, change]) => `${change(lines[at] ?? "")}\n`).join(""));

const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-fuzz-"));
const hostOptions = { capAdd: [], capDrop: [], arch: undefined, kernel: undefined, runtime: "runc" } as const;
const startedIn = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => process.chdir(startedIn));

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const via = { program: "nginx", rank: "few-imports", imports: ["fsync"], object: "libc.so.6", function: "fsync" };
const withCode = ["nginx", "redis"].map((name) => {
  const recording = JSON.parse(read(`traces/${name}/recording.json`)) as { code?: object };
  return JSON.stringify({
    ...recording,
    code: recording.code ?? {
      programs: { nginx: { objects: ["nginx 51d2"], open: ["libc.so.6 syscall"], starts: ["execve"] } },
      calls: { SCMP_ARCH_X86_64: { fsync: via, socket: via } },
      operations: { SCMP_ARCH_X86_64: { socket: { "arg0=16 arg1=524291 arg2=0": "__check_pf in libc.so.6" } } },
    },
  });
});
const profiles = [read("profiles/nginx.json"), read("profiles/docker-default/1.12.0.json")];
const carriers = (text: string): readonly (readonly [string, string])[] => [
  ["p.json", text],
  ["p.jsonc", `// a\n${text}`],
  ["p.yaml", `kind: SeccompProfile\nmetadata: { name: a }\nspec: ${text.replaceAll("\n", " ")}\n`],
  ["m.yaml", `kind: ConfigMap\nmetadata: { name: a }\ndata:\n  p.json: ${JSON.stringify(text)}\n`],
  ["b.yaml", `kind: ConfigMap\nmetadata: {}\nbinaryData: { p: ${Buffer.from(text).toString("base64")} }\n`],
  ["l.yaml", `- &a {k: v}\n- <<: [*a, *a]\n---\n${text}\n`],
];

describe("a stranger's file", () => {
  const patient = { timeout: Math.max(60_000, cases * 100) };

  test("a log is read, or refused in words of ours", patient, () =>
    assertAll(brokenLog, cases / 5, (log) =>
      expectTame(async () => {
        async function* chunks(): AsyncGenerator<Uint8Array> {
          for (let at = 0; at < log.length; at += 700) yield Buffer.from(log.slice(at, at + 700));
        }
        stringifyRecording(await readStream(chunks(), "a log", { name: "a", arch: "SCMP_ARCH_X86_64" }, terminal));
        return 0;
      }),
    ),
  );

  test("a recording with code makes a profile, and is checked", patient, () =>
    assertAll(hostileDocument(withCode), cases / 10, async (text) => {
      const recording = file("recording.json", text);
      await expectTame(() => generate([recording], { ...generateOptions, name: "a" }, terminal));
      await expectTame(() => check("27.5.1", [recording], { format: "text", arch: undefined }, terminal));
      await expectTame(() =>
        explain(
          file("p.json", profiles[0] ?? ""),
          "socket",
          { ...hostOptions, format: "text", recording, against: undefined },
          terminal,
        ),
      );
    }),
  );

  test("a profile is linted, compared and explained, whatever carries it", patient, () =>
    assertAll(fc.tuple(hostileDocument(profiles), fc.nat(5)), cases / 10, async ([text, at]) => {
      const [name, content] = carriers(text)[at] ?? ["p.json", text];
      const path = file(name, content);
      const options = { ...hostOptions, format: "text", against: undefined } as const;
      await expectTame(() => lint([path], { ...options, fix: false }, terminal));
      await expectTame(() => diff([path], { ...options, format: "markdown" }, terminal));
      await expectTame(() => explain(path, undefined, { ...options, recording: undefined }, terminal));
    }),
  );
});

const names = ["socket", "clone", "ptrace", "chroot"] as const;
const capabilities = ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE"] as const;
const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });
const condition = fc.record(
  {
    caps: fc.subarray([...capabilities], { minLength: 1 }),
    minKernel: fc.constantFrom("3.0", "4.8"),
    arches: fc.constantFrom(["amd64"], ["arm64"]),
  },
  { requiredKeys: [] },
);
const small = fc.constantFrom(0n, 1n, 2n, 16n, 0x10000000n, 0x7e020000n, 0xffffffffn);
const argument = fc.record({
  index: fc.constantFrom(0, 1),
  op: fc.constantFrom("SCMP_CMP_EQ", "SCMP_CMP_NE", "SCMP_CMP_LE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ"),
  value: small,
  valueTwo: small,
});
const group = fc
  .record({
    names: fc.subarray([...names], { minLength: 1 }),
    action: fc.constantFrom("SCMP_ACT_ALLOW", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_ERRNO"),
    args: some(fc.array(argument, { minLength: 1, maxLength: 2 })),
    includes: some(condition),
    excludes: some(condition),
  })
  .map((made) => Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined)));
const edit = fc.oneof(
  group.map((made) => () => [made]),
  fc.constant(() => []),
  // Another condition: a small change that a reviewer may overlook.
  fc
    .tuple(fc.constantFrom("includes", "excludes"), some(condition))
    .map(([side, made]) => (old: object) => [Object.fromEntries([...Object.entries(old), [side, made]])]),
);
/** A profile, and the same profile after a pull request. */
const change = fc
  .tuple(
    fc.array(group, { minLength: 1, maxLength: 3 }),
    fc.array(fc.tuple(fc.nat(2), edit), { minLength: 1, maxLength: 2 }),
  )
  .map(([before, edits]) => {
    const after: object[] = [...before];
    for (const [at, make] of edits) after.splice(at, 1, ...make(after[at] ?? before[0] ?? {}));
    return [before, after].map((syscalls) =>
      readProfile(
        JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO", syscalls }, (_, value: unknown) =>
          typeof value === "bigint" ? Number(value) : value,
        ),
        "p",
      ),
    ) as [DockerProfile, DockerProfile];
  });

const here: HostContext = { arch: "SCMP_ARCH_X86_64", capabilities: new Set(), kernel: "6.1", runtime: "runc" };
const hosts: readonly HostContext[] = (["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"] as const).flatMap((arch) =>
  ["2.6", "4.0", "6.1"].flatMap((kernel) =>
    [[], ["CAP_SYS_ADMIN"], ["CAP_SYS_PTRACE"], [...capabilities]].flatMap((held): HostContext[] => {
      const host: HostContext = { ...here, arch, kernel, capabilities: new Set(held), runtime: "crun" };
      return [host, { ...host, skips: "kernels" }, { ...host, skips: "conditions" }];
    }),
  ),
);
const docker = readProfile(read("profiles/docker-default/29.4.3.json"), "Docker's default");

/** A call that `after` allows and `before` does not. Arguments have 32 bits. */
function widening(before: Filter | undefined, after: Filter, name: string): readonly bigint[] | undefined {
  const rules: readonly ActionRule[] = [before, after].flatMap((filter) => filter?.syscalls.get(name) ?? []);
  const edges = [0, 1].map((index) =>
    boundaryValues(rules.flatMap(({ rule }) => rule.conditions.filter((each) => each.index === index))).filter(
      (value) => value <= 0xffff_ffffn,
    ),
  );
  const nr = syscallNumber(after.arch, name) ?? -1;
  for (const first of edges[0] ?? [])
    for (const second of edges[1] ?? []) {
      const call = { arch: after.arch, nr, name, args: [first, second, 0n, 0n, 0n, 0n] as const };
      if (isAllowing(evaluate(after, call)) && (before === undefined || !isAllowing(evaluate(before, call))))
        return [first, second];
    }
  return undefined;
}

describe("what review calls fine", () => {
  test("opens no call on any host, as trying them shows", { timeout: Math.max(120_000, cases * 20) }, () =>
    assertAll(change, cases / 20, async ([before, after]) => {
      const [former, served] = [resolve(before, here).filters, resolve(after, here).filters];
      let named: ReadonlySet<string>;
      try {
        const assessment = assess(former, served, { ceiling: resolve(docker, here).filters, derived: undefined });
        if (assessment.open || profileChanges(before, after, [here.arch]).length > 0) return;
        const elsewhere = openedElsewhere(before, after, { hosts: [here], ceiling: docker, sameProfile: true });
        named = new Set([
          ...assessment.openings.map((opening) => opening.change.syscall),
          ...elsewhere.map(({ syscall }) => syscall),
        ]);
      } catch (error) {
        if (error instanceof TooManyWays) return; // review says that it cannot judge, and stops
        throw error;
      }
      for (const host of [here, ...hosts]) {
        // Rules that name no machine mean the same on all machines.
        const others = [...before.syscalls, ...after.syscalls].some(
          ({ includes, excludes }) => includes?.arches !== undefined || excludes?.arches !== undefined,
        );
        if (host.arch !== here.arch && !others) continue;
        const was = resolve(before, host).filters;
        for (const [arch, filter] of resolve(after, host).filters)
          for (const name of names) {
            if (named.has(name) || syscallNumber(arch, name) === undefined) continue;
            const args = widening(was.get(arch), filter, name);
            expect(args && { name, args, host: { ...host, capabilities: [...host.capabilities] } }).toBeUndefined();
          }
      }
    }),
  );
});
