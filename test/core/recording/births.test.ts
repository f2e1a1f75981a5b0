import { expect, test } from "vitest";
import { createAggregator } from "../../../src/core/recording/index.ts";
import { createStraceParser } from "../../../src/strace-parser/index.ts";

/** The programs that made each call, in a log that strace wrote from outside the container. */
function programsOf(log: string): Record<string, readonly string[]> {
  const aggregator = createAggregator({
    arch: "SCMP_ARCH_X86_64",
    life: { stopSignal: "SIGTERM", withoutConnections: false },
    outside: true,
  });
  const parser = createStraceParser({ file: "log" });
  parser.each(Buffer.from(log), (event) => aggregator.add(event), undefined);
  for (const event of parser.end()) aggregator.add(event);
  const calls = aggregator.finish().syscalls["SCMP_ARCH_X86_64"] ?? {};
  return Object.fromEntries(Object.entries(calls).map(([name, { processes }]) => [name, processes]));
}

test("a child whose id in the log is not the one that its maker got runs its maker's program", () => {
  const programs = programsOf(
    [
      '4100 execve("/bin/sh", ["sh"], 0x7ffd /* 3 vars */) = 0',
      "4100 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD) = 7",
      "4107 umask(022) = 022",
      "4107 +++ exited with 0 +++",
      "4100 vfork( <unfinished ...>",
      '4111 execve("/bin/ls", ["ls"], 0x7ffd /* 3 vars */) = 0',
      "4100 <... vfork resumed>) = 8",
      '4111 getcwd("/", 4096) = 2',
      "",
    ].join("\n"),
  );
  expect(programs).toMatchObject({ umask: ["sh"], getcwd: ["ls"], vfork: ["sh"] });
});

test("of several children the lower id in one namespace is the lower one in the other", () => {
  const programs = programsOf(
    [
      '50 execve("/bin/a", ["a"], 0x7ffd /* 3 vars */) = 0',
      "50 fork() = 2",
      '51 execve("/bin/b", ["b"], 0x7ffd /* 3 vars */) = 0',
      "50 fork( <unfinished ...>",
      "51 fork( <unfinished ...>",
      "61 umask(022) = 022",
      '60 getcwd("/", 4096) = 2',
      "51 <... fork resumed>) = 4",
      "50 <... fork resumed>) = 3",
      "",
    ].join("\n"),
  );
  expect(programs).toMatchObject({ getcwd: ["a"], umask: ["b"] });
});

test("a child that ends without a call, and one that strace never sees, lead no other astray", () => {
  const programs = programsOf(
    [
      '50 execve("/bin/a", ["a"], 0x7ffd /* 3 vars */) = 0',
      "50 fork() = 2",
      "51 +++ killed by SIGKILL +++",
      "50 clone(child_stack=NULL, flags=CLONE_UNTRACED|SIGCHLD) = 3",
      "50 fork() = 4",
      "53 umask(022) = 022",
      "",
    ].join("\n"),
  );
  expect(programs).toMatchObject({ umask: ["a"] });
});
