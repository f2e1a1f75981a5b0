import { describe, expect, test } from "vitest";
import { createAggregator } from "../../../src/core/recording/index.ts";
import { parseStraceSync } from "../../../src/strace-parser/index.ts";

/** The programs that made each call of the log. */
function processesOf(log: readonly string[]): { readonly [call: string]: readonly string[] } {
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64" });
  for (const event of parseStraceSync(log.map((line) => `${line}\n`))) aggregator.add(event);
  const calls = aggregator.finish().syscalls.SCMP_ARCH_X86_64 ?? {};
  return Object.fromEntries(Object.entries(calls).map(([name, { processes }]) => [name, processes]));
}

const fork = (child: number): string => `clone(child_stack=NULL, flags=SIGCHLD) = ${child}`;
const execute = (program: string): string => `execve("/bin/${program}", ["${program}"], 0x1) = 0`;

describe("calls of a program that the log does not name at first", () => {
  test("belong to the program that the thread executes later", () => {
    expect(processesOf(["7 getpid() = 7", `7 ${execute("a")}`])["getpid"]).toEqual(["a"]);
  });

  test("are joined with those of the process that it makes, and of that one's", () => {
    const log = [
      `7 ${fork(8)}`,
      `8 ${fork(9)}`,
      "8 getpid() = 8",
      "9 getppid() = 8",
      "9 +++ exited with 0 +++",
      `7 ${execute("a")}`,
    ];
    expect(processesOf(log)).toMatchObject({ getpid: ["a"], getppid: ["a"] });
  });

  test("are those of the program that forked, where the child calls before clone returns", () => {
    const log = [
      `7 ${execute("a")}`,
      "7 vfork( <unfinished ...>",
      "9 getppid() = 7",
      `9 ${execute("c")}`,
      "9 close(3) = 0",
      "7 <... vfork resumed>) = 9",
      "9 +++ exited with 0 +++",
    ];
    expect(processesOf(log)).toMatchObject({ getppid: ["a"], close: ["c"] });
  });

  test("are those of what the child executes, where it ends before clone returns", () => {
    const log = [
      `7 ${execute("a")}`,
      "7 vfork( <unfinished ...>",
      "9 getppid() = 7",
      `9 ${execute("c")}`,
      "9 +++ exited with 0 +++",
      "7 <... vfork resumed>) = 9",
    ];
    expect(processesOf(log)["getppid"]).toEqual(["c"]);
  });

  test("stay apart from those of a thread that has taken over the id of one that ended", () => {
    const log = ["9 getppid() = 7", "9 +++ exited with 0 +++", `7 ${execute("a")}`, `7 ${fork(9)}`, "9 getpid() = 9"];
    expect(processesOf(log)).toMatchObject({ getppid: ["?"], getpid: ["a"] });
  });

  test("are joined also where ids go round and a thread makes its own maker", () => {
    const log = [`5 ${fork(6)}`, `6 ${fork(5)}`, "6 getpid() = 6", `5 ${execute("c")}`, "6 getppid() = 5"];
    expect(processesOf(log)).toMatchObject({ getpid: ["c"], getppid: ["c"] });
  });
});

test("many threads of one program are one program", () => {
  const threads = Array.from({ length: 1500 }, (_, index) => 100 + index);
  const log = [`7 ${execute("a")}`];
  for (const pid of threads) log.push(`7 ${fork(pid)}`);
  for (const pid of threads) log.push(`${pid} close(3) = 0`);
  expect(processesOf(log)["close"]).toEqual(["a"]);
});
