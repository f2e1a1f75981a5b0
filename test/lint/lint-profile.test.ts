import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { dangerousCalls, lintProfile } from "../../src/lint/index.ts";
import type { Finding, FindingKind } from "../../src/lint/index.ts";
import { floorFor } from "../../src/policy/index.ts";
import { loadDockerDefault, readProfile, resolve } from "../../src/profile/index.ts";
import { defaultCapabilities, isSyscallName, newestDockerDefault } from "../../src/tables/index.ts";

const host = { arch: "SCMP_ARCH_X86_64", capabilities: new Set(defaultCapabilities), kernel: undefined, runtime: "runc" } as const;
const ceiling = resolve(await loadDockerDefault(newestDockerDefault), host).filters;

function lint(profile: object | string): readonly Finding[] {
  return lintProfile(readProfile(typeof profile === "string" ? profile : JSON.stringify(profile), "p.json"), { host, ceiling, ceilingName: "Docker's default" });
}

const allow = (names: readonly string[], ...args: readonly object[]): object => ({ names, action: "SCMP_ACT_ALLOW", ...(args.length === 0 ? {} : { args }) });
const floor = allow(floorFor("any", { noNewPrivileges: false, init: false }).flatMap(({ names }) => names));
/** A profile that nothing can be said of, and groups more. */
const clean = (...groups: readonly object[]): object => ({ defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 38, architectures: ["SCMP_ARCH_X86_64"], syscalls: [floor, ...groups] });
const kinds = (findings: readonly Finding[]): readonly FindingKind[] => [...new Set(findings.map(({ kind }) => kind))];

describe("lint", () => {
  test("has nothing to say of a clean profile", () => expect(kinds(lint(clean()).filter(({ kind }) => kind !== "beyond-docker"))).toEqual([]));

  test.each<[FindingKind, object]>([
    ["denylist", { defaultAction: "SCMP_ACT_ALLOW", syscalls: [] }],
    ["unknown-syscall", clean(allow(["opennat"]))],
    ["conflict", clean({ names: ["socket"], action: "SCMP_ACT_ERRNO", errnoRet: 97, args: [{ index: 0, value: 2, op: "SCMP_CMP_EQ" }, { index: 1, value: 1, op: "SCMP_CMP_EQ" }] }, allow(["socket"], { index: 0, value: 2, op: "SCMP_CMP_EQ" }))],
    ["or-not-and", clean(allow(["setpriority"], { index: 0, value: 1, op: "SCMP_CMP_GE" }, { index: 0, value: 3, op: "SCMP_CMP_LE" }))],
    ["wide-comparison", clean(allow(["socket"], { index: 0, value: 2, op: "SCMP_CMP_EQ" }))],
    ["beyond-docker", clean(allow(["mount"]))],
    ["dangerous-call", clean(allow(["bpf"]))],
    ["missing-floor", { ...clean(), syscalls: [allow(["read"])] }],
    ["enosys-trap", { ...clean(), defaultErrnoRet: 1 }],
    ["socketcall-open", { ...clean(allow(["socketcall"]), allow(["socket"], { index: 0, value: 0xffff_ffff, valueTwo: 1, op: "SCMP_CMP_MASKED_EQ" })), architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"] }],
    ["compat-architecture", { ...clean(), architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32"] }],
    ["agent-needed", clean({ names: ["chroot"], action: "SCMP_ACT_NOTIFY" })],
  ])("finds %s, and where it is", (kind, profile) => {
    const findings = lint(profile).filter((finding) => finding.kind === kind);
    expect(findings.length).toBeGreaterThan(0);
    for (const { pointer, what } of findings) {
      expect(pointer).toMatch(/^$|^\//);
      expect(what.length).toBeGreaterThan(20);
    }
  });

  test("a dangerous call that is pinned to what it was seen to do is none", () => {
    expect(kinds(lint(clean(allow(["keyctl"], { index: 0, value: 0xffff_ffff, valueTwo: 11, op: "SCMP_CMP_MASKED_EQ" }))))).not.toContain("dangerous-call");
  });

  test.each(["nginx", "redis"])("our own profile of %s has no errors and no warnings", async (name) => {
    const text = await readFile(fileURLToPath(new URL(`../../profiles/${name}.json`, import.meta.url)), "utf8");
    expect(lint(text).filter(({ severity }) => severity !== "note")).toEqual([]);
  });

  test("names only calls that exist", () => expect(dangerousCalls.flatMap(({ names }) => names.filter((name) => !isSyscallName(name)))).toEqual([]));
});
