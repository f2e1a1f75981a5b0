import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  dangerousCalls,
  fixProfile,
  lintProfile,
  type Finding,
  type FindingKind,
} from "../../../src/core/lint/index.ts";
import { floorFor } from "../../../src/core/policy/index.ts";
import { readProfile, resolve } from "../../../src/core/profile/index.ts";
import { loadDockerDefault } from "../../../src/project/index.ts";
import { findingKinds, findingText } from "../../../src/words/index.ts";
import { defaultCapabilities, isSyscallName, newestDockerDefault } from "../../../src/core/tables/index.ts";

const host = {
  arch: "SCMP_ARCH_X86_64",
  capabilities: new Set(defaultCapabilities),
  kernel: undefined,
  runtime: "runc",
} as const;
const ceiling = resolve(await loadDockerDefault(newestDockerDefault), host).filters;

function lint(profile: object | string): readonly Finding[] {
  return lintProfile(readProfile(typeof profile === "string" ? profile : JSON.stringify(profile), "p.json"), {
    host,
    ceiling,
    ceilingName: "Docker's default",
  });
}

const allow = (names: readonly string[], ...args: readonly object[]): object => ({
  names,
  action: "SCMP_ACT_ALLOW",
  ...(args.length === 0 ? {} : { args }),
});
const floor = allow([
  ...new Set(floorFor("any", { noNewPrivileges: false, init: false }).flatMap(({ names }) => names)),
]);
/** A profile without findings, plus these groups. */
const clean = (...groups: readonly object[]): object => ({
  defaultAction: "SCMP_ACT_ERRNO",
  defaultErrnoRet: 38,
  architectures: ["SCMP_ARCH_X86_64"],
  syscalls: [floor, ...groups],
});
const kinds = (findings: readonly Finding[]): readonly FindingKind[] => [...new Set(findings.map(({ kind }) => kind))];

describe("lint", () => {
  test("has nothing to say of a clean profile", () =>
    expect(kinds(lint(clean()).filter(({ kind }) => kind !== "beyond-docker"))).toEqual([]));

  test.each<[FindingKind, object]>([
    ["denylist", { defaultAction: "SCMP_ACT_ALLOW", syscalls: [] }],
    ["unknown-syscall", clean(allow(["opennat"]))],
    ["unknown-member", clean({ names: ["flock"], action: "SCMP_ACT_ALLOW", arg: [] })],
    ["ignored-bits", clean(allow(["personality"], { index: 0, value: 0, valueTwo: 8, op: "SCMP_CMP_MASKED_EQ" }))],
    ["shadowed-rule", clean(allow(["personality"], { index: 0, value: 0, op: "SCMP_CMP_LT" }))],
    ["refused", clean({ names: ["flock"], action: "SCMP_ACT_ERRNO", errnoRet: 4095 })],
    [
      "conflict",
      clean(
        {
          names: ["socket"],
          action: "SCMP_ACT_ERRNO",
          errnoRet: 97,
          args: [
            { index: 0, value: 2, op: "SCMP_CMP_EQ" },
            { index: 1, value: 1, op: "SCMP_CMP_EQ" },
          ],
        },
        allow(["socket"], { index: 0, value: 2, op: "SCMP_CMP_EQ" }),
      ),
    ],
    [
      "or-not-and",
      clean(
        allow(["setpriority"], { index: 0, value: 1, op: "SCMP_CMP_GE" }, { index: 0, value: 3, op: "SCMP_CMP_LE" }),
      ),
    ],
    ["wide-comparison", clean(allow(["socket"], { index: 0, value: 2, op: "SCMP_CMP_EQ" }))],
    ["beyond-docker", clean(allow(["mount"]))],
    ["dangerous-call", clean(allow(["bpf"]))],
    ["missing-floor", { ...clean(), syscalls: [allow(["read"])] }],
    ["enosys-trap", { ...clean(), defaultErrnoRet: 1 }],
    [
      "socketcall-open",
      {
        ...clean(
          allow(["socketcall"]),
          allow(["socket"], { index: 0, value: 0xffff_ffff, valueTwo: 1, op: "SCMP_CMP_MASKED_EQ" }),
        ),
        architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
      },
    ],
    ["compat-architecture", { ...clean(), architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32"] }],
    ["agent-needed", clean({ names: ["chroot"], action: "SCMP_ACT_NOTIFY" })],
    ["shadowed-rule", clean(allow(["flock"]), allow(["flock", "sync"]))],
    [
      "cut-conditions",
      clean(allow(["personality"], ...[...Array(7).keys()].map((value) => ({ index: 0, value, op: "SCMP_CMP_EQ" })))),
    ],
    ["old-format", clean({ name: "flock", action: "SCMP_ACT_ALLOW", args: null })],
    ["missing-architectures", { ...clean(), architectures: [] }],
    [
      "huge-profile",
      clean(...[...Array(4200).keys()].map((value) => allow(["personality"], { index: 0, value, op: "SCMP_CMP_EQ" }))),
    ],
  ])("row %$: finds %s, with a place and a whole sentence", (kind, profile) => {
    const findings = lint(profile).filter((finding) => finding.kind === kind);
    expect(findings.length).toBeGreaterThan(0);
    for (const finding of findings) {
      expect(finding.pointer).toMatch(/^$|^\//);
      expect(findingText(finding)).toMatch(/^(?!.*(?:undefined|\[object)).{20,}$/s);
    }
  });

  test("what passes a 64-bit comparison with an upper bit set is named; a mask leaves nothing", () => {
    const but = (...args: readonly object[]): string =>
      lint(clean(...args.map((arg) => allow(["socket"], arg))))
        .filter(({ kind }) => kind === "wide-comparison")
        .map(findingText)
        .join("\n");
    expect(but({ index: 0, value: 38, op: "SCMP_CMP_LT" }, { index: 0, value: 40, op: "SCMP_CMP_GT" })).toMatch(
      /pass with bit 32 set: socket with arg0 = AF_ALG as socket\(AF_ALG\|0x100000000\), .*AF_NFC as .*AF_VSOCK as/,
    );
    expect(but({ index: 0, value: 2, op: "SCMP_CMP_EQ" })).not.toMatch(/bit 32/);
    expect(but({ index: 0, value: 0xffff_ffff, valueTwo: 2, op: "SCMP_CMP_MASKED_EQ" })).toBe("");
  });

  test("a dangerous call that is pinned to what it was seen to do is none", () => {
    expect(
      kinds(lint(clean(allow(["keyctl"], { index: 0, value: 0xffff_ffff, valueTwo: 11, op: "SCMP_CMP_MASKED_EQ" })))),
    ).not.toContain("dangerous-call");
  });

  test.each(["nginx", "redis"])("our own profile of %s has no errors and no warnings", async (name) => {
    const text = await readFile(fileURLToPath(new URL(`../../../profiles/${name}.json`, import.meta.url)), "utf8");
    expect(lint(text).filter(({ severity }) => severity !== "note")).toEqual([]);
  });

  test("names only calls that exist", () =>
    expect(dangerousCalls.flatMap(({ names }) => names.filter((name) => !isSyscallName(name)))).toEqual([]));
});

describe("--fix", () => {
  const fix = (text: string): ReturnType<typeof fixProfile> => fixProfile(text, readProfile(text, "p.json"));
  const text = `{
\t"defaultAction": "SCMP_ACT_ERRNO",   "defaultErrnoRet": 38,
\t"syscalls": [
\t\t{"name": "flock", "action": "SCMP_ACT_ALLOW", "args": []},
\t\t{
\t\t\t"names": ["socket"], "action": "SCMP_ACT_ALLOW",
\t\t\t"args": [
\t\t\t\t{
\t\t\t\t\t"index": 0,
\t\t\t\t\t"op": "SCMP_CMP_EQ",
\t\t\t\t\t"value": 2
\t\t\t\t}, {"index": 1, "op": "SCMP_CMP_NE", "value": 3}
\t\t\t]
\t\t},
\t\t{"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]}
\t]
}
`;

  test("changes what has one safe answer, and no other byte", () => {
    const { text: fixed, fixes } = fix(text);
    expect(fixes.map(({ pointer }) => pointer)).toEqual(["/syscalls/0", "/syscalls/1/args/0", "/syscalls/2/args/0"]);
    const lines = fixed.split("\n");
    expect(lines[3]).toBe('\t\t{"names": ["flock"], "action": "SCMP_ACT_ALLOW", "args": []},');
    expect(lines.slice(7, 13)).toEqual([
      "\t\t\t\t{",
      '\t\t\t\t\t"index": 0,',
      '\t\t\t\t\t"value": 4294967295,',
      '\t\t\t\t\t"valueTwo": 2,',
      '\t\t\t\t\t"op": "SCMP_CMP_MASKED_EQ"',
      '\t\t\t\t}, {"index": 1, "op": "SCMP_CMP_NE", "value": 3}',
    ]);
    expect(lines.slice(13, 15)).toEqual(text.split("\n").slice(12, 14));
    expect(lines[15]).toContain(
      '"args": [{ "index": 0, "value": 4294967295, "valueTwo": 8, "op": "SCMP_CMP_MASKED_EQ" }]',
    );
    expect(lines.slice(16)).toEqual(text.split("\n").slice(15));
    expect(fix(fixed)).toEqual({ text: fixed, fixes: [] });
  });

  test("leaves what means something else when it is narrowed", () => {
    const wide = (value: string, ...names: readonly string[]): string =>
      `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ${JSON.stringify(names)}, "action": ` +
      `"SCMP_ACT_ALLOW", "args": [{"index": 0, "value": ${value}, "op": "SCMP_CMP_EQ"}]}]}`;
    expect(fix(wide("4294967298", "socket")).fixes).toEqual([]);
    expect(fix(wide("2", "socket", "mmap")).fixes).toEqual([]);
    expect(fix(wide("2", "socket", "socketpair")).fixes).toHaveLength(1);
  });
});

describe("a file's mode, of which the kernel takes 16 bits", () => {
  const deny = (names: readonly string[], arg: object): object => ({
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names, action: "SCMP_ACT_ERRNO", args: [{ index: 1, ...arg }] }],
  });
  const masked = (value: number): object => ({ value, valueTwo: 0o4755, op: "SCMP_CMP_MASKED_EQ" });
  const wide = (profile: object): readonly string[] =>
    lint(profile).flatMap((finding) => (finding.kind === "wide-comparison" ? [findingText(finding)] : []));

  test("passes a mask of 32 bits with bit 16 set, and no mask of 16", () => {
    expect(wide(deny(["chmod"], masked(0xffff_ffff)))).toEqual([
      expect.stringMatching(/looks at 16 bits .* pass with bit 16 set.* as chmod\(0, 0x109ed\); .* the mask 65535$/),
    ]);
    expect(wide(deny(["chmod"], masked(0xffff)))).toEqual([]);
    expect(wide(deny(["kill"], masked(0xffff_ffff)))).toEqual([]);
  });

  test("is compared as what all calls of a rule take", () => {
    const fixed = (...names: readonly string[]): string => {
      const text = JSON.stringify(deny(names, { value: 0o4755, op: "SCMP_CMP_EQ" }));
      return fixProfile(text, readProfile(text, "p.json")).text;
    };
    expect(fixed("chmod", "mkdir")).toContain('"value": 65535, "valueTwo": 2541');
    expect(fixed("chmod", "kill")).toContain('"value": 4294967295, "valueTwo": 2541');
  });
});

describe("a default action that asks another program", () => {
  test.each([
    ["SCMP_ACT_TRACE", "a program that traces the container; without one every call that is not named fails"],
    ["SCMP_ACT_NOTIFY", "an agent that answers every call that is not named"],
  ])("%s does not allow what no rule names", (defaultAction, words) => {
    const findings = lint({ defaultAction, architectures: ["SCMP_ARCH_X86_64"], syscalls: [floor] });
    expect(kinds(findings)).not.toContain("denylist");
    expect(findings.filter(({ pointer }) => pointer === "/defaultAction").map(findingText)).toEqual(
      expect.arrayContaining([expect.stringContaining(words)]),
    );
  });
});

describe("on a machine that numbers errors apart", () => {
  const mips = { ...host, arch: "SCMP_ARCH_MIPS64" } as const;
  const onMips = (profile: object): readonly Finding[] =>
    lintProfile(readProfile(JSON.stringify(profile), "p.json"), { host: mips, ceiling: new Map(), ceilingName: "x" });
  const deny = (errnoRet: number): object => ({ names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet });
  const profile = { ...clean(deny(38), deny(1), deny(89)), architectures: ["SCMP_ARCH_MIPS64"] };

  test("ENOSYS by the number of others is found, where it stands", () => {
    const found = onMips(profile).filter(({ kind }) => kind === "foreign-errno");
    expect(found.map(({ pointer, names }) => [pointer, names])).toEqual([
      ["/defaultErrnoRet", []],
      ["/syscalls/1/errnoRet", ["clone3"]],
    ]);
    expect(found.map(findingText)[0]).toBe("38 is ENOSYS on most architectures, but not on mips64, where ENOSYS is 89");
    expect(lint(profile).filter(({ kind }) => kind === "foreign-errno")).toEqual([]);
  });

  test("the advice names its own number of ENOSYS", () => {
    const traps = (findings: readonly Finding[]): readonly string[] =>
      findings.filter(({ kind }) => kind === "enosys-trap").map(findingText);
    const eperm = { ...clean(), defaultErrnoRet: 1 };
    expect(traps(onMips(eperm))).toEqual([expect.stringContaining('ENOSYS ("errnoRet": 89)')]);
    expect(traps(lint(eperm))).toEqual([expect.stringContaining('ENOSYS ("errnoRet": 38)')]);
  });
});

test("every kind of finding is explained in FINDINGS.md", async () => {
  const text = await readFile(fileURLToPath(new URL("../../../src/words/FINDINGS.md", import.meta.url)), "utf8");
  const sections = Object.entries(findingKinds).map(
    ([kind, { title, why, todo }]) => `## ${kind}\n\n**${title}.** ${why}\n\nWhat to do: ${todo}\n`,
  );
  expect(text).toBe(["# What lint finds\n", ...sections].join("\n"));
});
