import { describe, expect, test } from "vitest";
import { loadDockerDefault } from "../../../src/project/index.ts";
import { readProfile, resolveFor } from "../../../src/core/profile/index.ts";
import { newestDockerDefault } from "../../../src/core/tables/index.ts";
import { DenialObserver } from "../../../src/run/verifier/denials.ts";
import { parseStraceSync } from "../../../src/strace-parser/index.ts";

const host = { arch: "SCMP_ARCH_X86_64", capabilities: new Set<string>(), kernel: undefined, runtime: "runc" } as const;
const allowed = ["execve", "openat", "rt_sigprocmask", "clone", "read", "close"];
const syscalls = [{ names: allowed, action: "SCMP_ACT_ALLOW" }];
const profileWith = (defaults: object): string =>
  JSON.stringify({ ...defaults, architectures: ["SCMP_ARCH_X86_64"], syscalls });
const enosys = profileWith({ defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 38 });
const kills = profileWith({ defaultAction: "SCMP_ACT_KILL_PROCESS" });

async function crashesIn(lines: readonly string[], profile = enosys) {
  const observer = new DenialObserver(
    "SCMP_ARCH_X86_64",
    resolveFor(readProfile(profile, "profile"), [host]),
    resolveFor(await loadDockerDefault(newestDockerDefault), [host]),
  );
  for (const event of parseStraceSync([Buffer.from(`${lines.join("\n")}\n`)])) observer.add(event);
  return observer.crashes();
}

const start = '7 execve("/usr/sbin/slapd", ["slapd"], 0x7ffd /* 9 vars */) = 0';
const denied = '7 pwrite64(5, "x", 1, 0) = -1 ENOSYS (Function not implemented)';
const fault = (pid = 7) => `${pid} --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL} ---`;
const end = (pid = 7, signal = "SIGSEGV") => `${pid} +++ killed by ${signal} +++`;
const crash = { process: "slapd", signal: "SIGSEGV", denied: "pwrite64", times: 1 };

describe("a crash is told with the call that was denied before it", () => {
  test.each<[string, readonly string[]]>([
    ["of a process that ends", [start, denied, '7 openat(AT_FDCWD, "/x", O_RDONLY) = 3', fault(), end()]],
    ["of a first process, which strace lets go before it ends", [start, denied, fault(), fault(), fault()]],
    [
      "in another thread than the denied call's",
      [start, "7 clone(child_stack=NULL, flags=CLONE_THREAD) = 8", denied].concat([
        '8 openat(AT_FDCWD, "/x", O_RDONLY) = 3',
        fault(8),
        end(8),
        end(),
      ]),
    ],
    [
      "that is denied again after another call",
      [start, denied, "7 mlock(NULL, 1) = -1 ENOSYS", denied, fault(), end()],
    ],
  ])("%s", async (_, lines) => expect(await crashesIn(lines)).toEqual([crash]));

  test("by a filter that kills, which sends no signal before the end", async () => {
    const lines = [start, '7 pwrite64(5, "x", 1, 0) = 18', end(7, "SIGSYS")];
    expect(await crashesIn(lines, kills)).toEqual([{ ...crash, signal: "SIGSYS" }]);
  });

  test("of a pool's workers once, with their number", async () => {
    const worker = (pid: number): readonly string[] => [
      `7 clone(child_stack=NULL, flags=SIGCHLD) = ${pid}`,
      denied.replace("7", `${pid}`),
      fault(pid),
      end(pid),
    ];
    expect(await crashesIn([start, ...worker(8), ...worker(9)])).toEqual([{ ...crash, times: 2 }]);
  });
});

describe("no call is told", () => {
  test("if Docker's default denies it too", async () =>
    expect(await crashesIn([start, "7 mount(NULL, NULL, NULL, 0, NULL) = -1 ENOSYS", fault(), end()])).toEqual([
      { ...crash, denied: undefined },
    ]));

  test("if only another program was denied something", async () => {
    const other = [start, "7 clone(child_stack=NULL, flags=SIGCHLD) = 8", denied].concat([
      '8 execve("/bin/sh", ["sh"], 0x7ffd /* 9 vars */) = 0',
      fault(8),
      end(8),
    ]);
    expect(await crashesIn(other)).toEqual([{ ...crash, process: "sh", denied: undefined }]);
  });
});

describe("no crash", () => {
  test.each<[string, readonly string[]]>([
    ["is a signal that the program handles", [start, denied, fault(), "7 close(3) = 0", "7 +++ exited with 0 +++"]],
    ["is an end by SIGKILL or SIGTERM", [start, denied, end(7, "SIGKILL")]],
    ["is the end of a thread whose process crashed", [start, denied, "7 +++ killed by SIGSEGV +++"]],
  ])("%s", async (_, lines) => expect(await crashesIn(lines)).toEqual([]));
});
