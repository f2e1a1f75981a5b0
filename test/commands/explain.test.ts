import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { explain } from "../../src/commands/explain.ts";
import type { Terminal } from "../../src/project/terminal/terminal.ts";

const nginx = fileURLToPath(new URL("../../profiles/nginx.json", import.meta.url));
const options = {
  format: "text",
  recording: undefined,
  against: undefined,
  capAdd: [],
  capDrop: [],
  arch: "amd64",
  kernel: undefined,
  runtime: "runc",
} as const;

let out = "";
const terminal: Terminal = {
  out: (text) => (out += text),
  note: () => undefined,
  status: undefined,
  color: false,
  width: 80,
  interrupted: new AbortController().signal,
};
beforeEach(() => {
  out = "";
});

async function told(file: string, syscall?: string, more: object = {}): Promise<string> {
  out = "";
  expect(await explain(file, syscall, { ...options, ...more }, terminal)).toBe(0);
  return out;
}

describe("explain", () => {
  test("a whole profile fits 80 columns, says who called, and has totals", async () => {
    const text = await told(nginx);
    expect(
      text
        .split("\n")
        .slice(1)
        .filter((line) => line.length > 80),
    ).toEqual([]);
    expect(text).toMatch(/openat +opens a file by its path, from a directory\n +why: +recorded: made by nginx/);
    expect(text).toMatch(/out of reach +by this profile; \d+ by Docker's default/);
    expect(text).not.toContain("\u001b");
    expect(text).not.toMatch(/https?:/);
  });

  test("the totals name each action: what ends the program, what is logged, and what is traced", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "seccomp-gen-explain-")), "p.json");
    const group = (names: readonly string[], action: string): object => ({ names, action });
    const profile = (defaultAction: string): string =>
      JSON.stringify({
        defaultAction,
        architectures: ["SCMP_ARCH_X86_64"],
        syscalls: [
          group(["read", "write", "exit_group"], "SCMP_ACT_ALLOW"),
          group(["mount", "unshare"], "SCMP_ACT_LOG"),
          group(["mkdirat"], "SCMP_ACT_TRACE"),
          group(["openat"], "SCMP_ACT_NOTIFY"),
          group(["ptrace"], "SCMP_ACT_TRAP"),
          group(["swapon"], "SCMP_ACT_ERRNO"),
        ],
      });
    await writeFile(file, profile("SCMP_ACT_KILL_PROCESS"));
    const text = (await told(file)).replaceAll(/\s+/g, " ");
    expect(text).toMatch(/7 calls allowed/);
    expect(text).toMatch(/2 +of them logged/);
    expect(text).toMatch(/1 +of them handed on +an agent decides/);
    expect(text).toMatch(/1 +of them traced +a tracer decides; without one they fail with ENOSYS/);
    expect(text).toMatch(/not implemented”, 1 an error, \d{3} end the program or its thread, 1 raise SIGSYS/);
  });

  test("on a terminal a whole profile is its summary, --all adds the calls, and one call is told whole", async () => {
    const screen = { ...terminal, rows: 24 };
    const shown = async (syscall?: string, all = false): Promise<string> => {
      out = "";
      expect(await explain(nginx, syscall, { ...options, all }, screen)).toBe(0);
      return out;
    };
    const summary = await shown();
    expect(summary.split("\n").length).toBeLessThan(40);
    expect(summary).toMatch(/out of reach +by this profile.*--all lists every call/s);
    expect(await shown(undefined, true)).toBe(await told(nginx));
    expect(await shown("keyctl")).toBe(await told(nginx, "keyctl"));
  });

  test("a call that is denied: what the program gets, and what that keeps out", async () => {
    const text = await told(nginx, "keyctl");
    expect(text).toContain("keyrings are not namespaced");
    expect(text).toContain("EPERM: operation not permitted");
    expect(text).toMatch(/out of reach: .*CVE-2016-0728/s);
  });

  test("a call that is pinned: to what", async () => {
    expect(await told(nginx, "socket")).toMatch(
      /only: +arg0 = AF_UNIX; arg0 in\s+\{AF_INET, AF_INET6\} and arg1 with\s+SOCK_STREAM/,
    );
  });

  test.each([
    ["opennat", "openat"],
    ["gettime", "clock_gettime"],
    ["llseek", "_llseek"],
    ["accept5", "accept"],
    ["socketcal", "socketcall"],
    ["fstatat", "newfstatat"],
    ["MOUNT", "mount"],
  ])("a name that nobody has, %s: what may have been meant", async (name, meant) => {
    await expect(explain(nginx, name, options, terminal)).rejects.toMatchObject({ todo: `Did you mean ${meant}?` });
  });

  test.each([
    ["umount", "umount2"],
    ["sendfile64", "sendfile"],
    ["waitpid", "wait4"],
    ["recv", "recvfrom"],
    ["clock_gettime64", "clock_gettime"],
    ["semtimedop_time64", "semtimedop"],
  ])("a call of other architectures, %s: what programs make instead", async (name, instead) => {
    expect(await told(nginx, name)).toBe(`${name}: not a call of amd64; programs make ${instead} there\n`);
  });

  test("json holds the same, and one call of it where one is asked for", async () => {
    const whole = JSON.parse(await told(nginx, undefined, { format: "json" })) as {
      arches: { calls: object[] }[];
      vulnerabilities: object[];
    };
    expect(whole.arches[0]?.calls.length).toBeGreaterThan(300);
    const one = JSON.parse(await told(nginx, "bpf", { format: "json" })) as typeof whole;
    expect(one.arches[0]?.calls).toHaveLength(1);
    expect(one.vulnerabilities.length).toBeGreaterThan(3);
  });

  test("a foreign profile, without recording and with a hostile comment", async () => {
    const folder = await mkdtemp(join(tmpdir(), "seccomp-gen-test-"));
    await mkdir(join(folder, "profiles"));
    const file = join(folder, "profiles", "app.json");
    await writeFile(
      file,
      JSON.stringify({
        defaultAction: "SCMP_ACT_ERRNO",
        architectures: ["SCMP_ARCH_X86_64"],
        syscalls: [{ names: ["read"], action: "SCMP_ACT_ALLOW", comment: "\u001b[2Jgone\u202e\nx" }],
      }),
    );
    const text = await told(file);
    expect(text).toContain("There is no recording beside the profile");
    expect(text).toContain("the profile says: \\u{1b}[2Jgone\\u{202e}\\nx");
    expect(text).not.toMatch(/[\u001b\u202e]/);
  });
});
