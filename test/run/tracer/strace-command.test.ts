import { expect, test } from "vitest";
import { straceSignal, straceWords } from "../../../src/run/tracer/strace-command.ts";

test.each([
  ["TERM", "SIGTERM"],
  ["sigquit", "SIGQUIT"],
  ["SIGWINCH", "SIGWINCH"],
  ["15", "SIGTERM"],
  ["37", "SIGRT_5"],
  ["RTMIN", "SIGRT_2"],
  ["SIGRTMIN+3", "SIGRT_5"],
])("the stop signal %s is %s to strace", (given, shown) => {
  expect(straceSignal(given)).toBe(shown);
});

test("known calls are left out by name and mode, so that the other modes are traced whole", () => {
  const untraced = {
    calls: new Map([
      ["SCMP_ARCH_X86_64", ["read", "write"]],
      ["SCMP_ARCH_X86", ["close"]],
      ["SCMP_ARCH_MIPS", ["read"]],
    ] as const),
  };
  expect(straceWords(["strace"], "log", ["app"], untraced)).toEqual([
    "strace",
    "-f",
    "-n",
    "-X",
    "verbose",
    "--quiet=attach",
    "--seccomp-bpf",
    "-e",
    "trace=!?read@64,?write@64,?close@32",
    "-D",
    "-A",
    "-o",
    "log",
    "--",
    "app",
  ]);
  expect(straceWords(["strace"], "log", ["app"], { calls: new Map([["SCMP_ARCH_X86_64", []]]) })).not.toContain(
    "--seccomp-bpf",
  );
});
