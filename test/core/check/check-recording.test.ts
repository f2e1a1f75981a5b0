import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { buildRecording, createAggregator, parseRecording } from "../../../src/core/recording/index.ts";
import { checkRecording, type CheckFinding } from "../../../src/core/check/index.ts";
import { readProfile, resolve } from "../../../src/core/profile/index.ts";
import { renderCheck } from "../../../src/words/index.ts";
import { parseStraceSync } from "../../../src/strace-parser/index.ts";
import { defaultCapabilities } from "../../../src/core/tables/index.ts";

const host = {
  arch: "SCMP_ARCH_X86_64",
  capabilities: new Set(defaultCapabilities),
  kernel: undefined,
  runtime: "runc",
} as const;

function check(log: readonly string[], groups: readonly object[]): readonly CheckFinding[] {
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64" });
  for (const event of parseStraceSync(log.join("\n"))) aggregator.add(event);
  const recording = buildRecording(
    "app",
    { source: "log", command: [], versions: {}, ended: "exited" },
    aggregator.finish(),
  );
  const profile = { defaultAction: "SCMP_ACT_ERRNO", architectures: ["SCMP_ARCH_X86_64"], syscalls: groups };
  return checkRecording(recording, resolve(readProfile(JSON.stringify(profile), "profile"), host).filters);
}

const allow = (names: readonly string[], ...args: readonly object[]): object => ({
  names,
  action: "SCMP_ACT_ALLOW",
  ...(args.length === 0 ? {} : { args }),
});
const equal = (index: number, value: number): object => ({
  index,
  value: 0xffff_ffff,
  valueTwo: value,
  op: "SCMP_CMP_MASKED_EQ",
});

describe("check", () => {
  test("finds what is not allowed, with who called it", () => {
    const findings = check(['7 execve("/bin/app", [], 0x1) = 0', "7 ptrace(PTRACE_TRACEME) = 0"], [allow(["execve"])]);
    expect(findings).toMatchObject([
      { kind: "denied", syscall: "ptrace", processes: ["app"], args: [], answer: { action: "SCMP_ACT_ERRNO" } },
    ]);
  });

  test("tells argument values apart", () => {
    const findings = check(
      ["7 socket(AF_UNIX, SOCK_STREAM, 0) = 3", "7 socket(AF_INET, SOCK_STREAM, 0) = 3"],
      [allow(["socket"], equal(0, 1))],
    );
    expect(findings).toMatchObject([
      {
        kind: "denied",
        syscall: "socket",
        args: [
          { index: 0, value: 2n },
          { index: 1, value: 1n },
          { index: 2, value: 0n },
        ],
      },
    ]);
    expect(renderCheck(findings, { format: "text", profile: "p.json", color: false, width: 80 })).toContain(
      "socket(AF_INET",
    );
  });

  test("says where the recording cannot tell", () => {
    expect(check(["7 read(3, 0x1, 4) = 4"], [allow(["read"], equal(2, 4))])).toMatchObject([
      { kind: "undecided", syscall: "read" },
    ]);
  });

  test("a call that failed the same way when it was recorded is denied, and said to have failed already", () => {
    const findings = check(["7 mount(0x1, 0x2, 0x3, 0, 0) = -1 EPERM (Operation not permitted)"], []);
    expect(findings).toMatchObject([{ kind: "denied", syscall: "mount", alreadyFailed: true }]);
    expect(renderCheck(findings, { format: "text", profile: "p.json", color: false, width: 80 })).toMatch(
      /denies 1 of the recorded calls, which already failed with the same error:\n {2}mount.*EPERM/,
    );
    expect(check(["7 mount(0x1, 0x2, 0x3, 0, 0) = -1 EBUSY (Device or resource busy)"], [])).toMatchObject([
      { syscall: "mount", alreadyFailed: false },
    ]);
  });

  test("a call that is denied whatever its arguments are is said once, with the values", () => {
    const findings = check(["7 personality(0x8) = 0", "7 personality(0x40000) = 0"], []);
    expect(findings).toHaveLength(1);
    expect(renderCheck(findings, { format: "text", profile: "p.json", color: false, width: 80 })).toContain(
      "personality(PER_LINUX32 or ADDR_NO_RANDOMIZE): EPERM",
    );
  });

  test("an architecture that the profile lacks kills", () => {
    expect(check(["[ Process PID=7 runs in 32 bit mode. ]", "getpid() = 7"], [allow(["getpid"])])).toMatchObject([
      { arch: "SCMP_ARCH_X86", answer: { action: expect.stringContaining("KILL") } },
    ]);
  });

  test.each(["nginx", "redis"])("the example %s is allowed by its own profile", async (name) => {
    const file = (path: string): Promise<string> =>
      readFile(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), "utf8");
    const recording = parseRecording(await file(`traces/${name}/recording.json`), name);
    const { filters } = resolve(readProfile(await file(`profiles/${name}.json`), name), host);
    // A call that already failed in the recording is denied on purpose.
    expect(checkRecording(recording, filters).filter(({ alreadyFailed }) => !alreadyFailed)).toEqual([]);
  });
});
