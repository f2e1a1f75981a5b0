import { describe, expect, test } from "vitest";
import { checkRecording, type CheckFinding } from "../../../src/core/check/index.ts";
import { readProfile, resolve } from "../../../src/core/profile/index.ts";
import type { Recording, SyscallRecord } from "../../../src/core/recording/index.ts";

const host = { arch: "SCMP_ARCH_X86_64", capabilities: new Set<string>(), kernel: undefined, runtime: "crun" } as const;
const eperm = { action: "SCMP_ACT_ERRNO", errnoRet: 1 };

/** What a profile (default: EPERM) says about one recorded call. */
function check(
  syscall: string,
  record: Partial<SyscallRecord>,
  groups: readonly object[],
  arch = "SCMP_ARCH_X86_64",
): readonly CheckFinding[] {
  const recording: Recording = {
    version: 1,
    name: "app",
    runs: [],
    syscalls: { [arch]: { [syscall]: { calls: 10, results: ["ok"], processes: ["app"], ...record } } },
  };
  const text = JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 1, syscalls: groups });
  return checkRecording(recording, resolve(readProfile(text, "p.json"), host).filters);
}

const rule = (name: string, action: object, ...args: readonly (readonly [number, number])[]): object => ({
  names: [name],
  ...action,
  args: args.map(([index, value]) => ({ index, value, op: "SCMP_CMP_EQ" })),
});
const allow = { action: "SCMP_ACT_ALLOW" };
const enosys = { action: "SCMP_ACT_ERRNO", errnoRet: 38 };

describe("a finding", () => {
  test("says of a call that no rule allows what it was, what it got and what it would get", () => {
    expect(check("ptrace", { results: ["ok"], processes: ["gdb"] }, [])).toEqual([
      {
        kind: "denied",
        arch: "SCMP_ARCH_X86_64",
        syscall: "ptrace",
        calls: 10,
        results: ["ok"],
        processes: ["gdb"],
        args: [],
        seen: [],
        alreadyFailed: false,
        answer: eperm,
      },
    ]);
  });

  test("says that a call of an architecture without a filter is killed, whatever its values are", () => {
    const args = { indices: [0], values: [[1n]] };
    expect(check("personality", { args }, [rule("personality", allow)], "SCMP_ARCH_X86")).toEqual([
      {
        kind: "denied",
        arch: "SCMP_ARCH_X86",
        syscall: "personality",
        calls: 10,
        results: ["ok"],
        processes: ["app"],
        args: [],
        seen: [],
        alreadyFailed: false,
        answer: { action: "SCMP_ACT_KILL_THREAD" },
      },
    ]);
  });

  test("is undecided where more values were seen than the recording holds", () => {
    const args = { indices: [0], values: "many" } as const;
    expect(check("personality", { args }, [rule("personality", allow, [0, 8])])).toMatchObject([
      { kind: "undecided", args: [], seen: [], answer: eperm },
    ]);
    expect(check("personality", { args }, [rule("personality", allow)])).toEqual([]);
  });

  test("is undecided where the value that a rule asks for could not be read, and shows the others", () => {
    const args = { indices: [0, 2], values: [[2n, null]] };
    expect(check("socket", { args }, [rule("socket", allow, [2, 6])])).toMatchObject([
      { kind: "undecided", args: [{ index: 0, value: 2n }] },
    ]);
    expect(check("socket", { args }, [rule("socket", allow, [0, 2])])).toEqual([]);
  });

  test("is there for the denied values alone", () => {
    const args = { indices: [0], values: [[1n], [2n], [3n]] };
    expect(check("socket", { args }, [rule("socket", allow, [0, 2])]).map((found) => found.args)).toEqual([
      [{ index: 0, value: 1n }],
      [{ index: 0, value: 3n }],
    ]);
  });
});

describe("values that are denied", () => {
  const args = { indices: [0], values: [[1n], [2n]] };

  test("alike are one finding, with all of them", () => {
    expect(check("personality", { args }, [])).toMatchObject([
      { kind: "denied", args: [], seen: [[{ index: 0, value: 1n }], [{ index: 0, value: 2n }]] },
    ]);
  });

  test("with different answers are a finding each", () => {
    const findings = check("personality", { args }, [rule("personality", enosys, [0, 2])]);
    expect(findings.map(({ answer, args: values, seen }) => [answer, values, seen])).toEqual([
      [eperm, [{ index: 0, value: 1n }], []],
      [enosys, [{ index: 0, value: 2n }], []],
    ]);
  });

  test("only perhaps are a finding each", () => {
    const findings = check("socket", { args }, [rule("socket", allow, [1, 5])]);
    expect(findings.map(({ kind, args: values }) => [kind, values])).toEqual([
      ["undecided", [{ index: 0, value: 1n }]],
      ["undecided", [{ index: 0, value: 2n }]],
    ]);
  });

  test("in one case surely and in the other perhaps are told apart", () => {
    const findings = check("socket", { args }, [rule("socket", allow, [0, 1], [1, 5])]);
    expect(findings.map(({ kind, answer }) => [kind, answer])).toEqual([
      ["undecided", eperm],
      ["denied", eperm],
    ]);
  });

  test("are none if none was recorded", () => {
    expect(check("personality", { args: { indices: [0], values: [] } }, [])).toEqual([]);
  });
});

describe("a call failed already", () => {
  const failed = (results: readonly string[], ...groups: readonly object[]): readonly boolean[] =>
    check("socket", { results, args: { indices: [0], values: [[2n]] } }, groups).map(
      ({ alreadyFailed }) => alreadyFailed,
    );

  test("with the profile's answer, and with no other result", () => {
    expect(failed(["EPERM"])).toEqual([true]);
    expect(failed(["ENOSYS"])).toEqual([false]);
    expect(failed(["EPERM", "ok"])).toEqual([false]);
    expect(failed(["EACCES", "EPERM"])).toEqual([false]);
  });

  test("not where the profile ends the program", () => {
    expect(failed(["EPERM"], rule("socket", { action: "SCMP_ACT_KILL_PROCESS" }))).toEqual([false]);
  });

  test("not where only some of the profile's answers are that one", () => {
    expect(failed(["EPERM"], rule("socket", enosys, [1, 5]))).toEqual([false]);
  });

  test("and is no finding where the profile may allow it as well", () => {
    expect(failed(["EPERM"], rule("socket", allow, [1, 5]))).toEqual([]);
    expect(failed(["ok"], rule("socket", allow, [1, 5]))).toEqual([false]);
  });
});
