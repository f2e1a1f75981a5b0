import { expect, test } from "vitest";
import { buildRecording, createAggregator } from "../../src/core/recording/index.ts";
import { toldApart } from "../../src/project/index.ts";
import { parseStraceSync } from "../../src/strace-parser/index.ts";

/** The digest that tells the run of these lines from others of the same command. */
function sawOf(...lines: readonly string[]): string | undefined {
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64" });
  for (const event of parseStraceSync(lines.map((line) => `${line}\n`).join(""))) aggregator.add(event);
  const run = { source: "log", command: ["app"], versions: {}, ended: "exited" } as const;
  return toldApart(buildRecording("app", run, aggregator.finish())).runs[0]?.saw;
}

const start = '7 execve("/bin/app", ["app"], 0x7ffd) = 0';

test("runs of one command that saw the same have one digest, in whatever order and however often", () => {
  expect(sawOf(start, "7 getpid() = 7", "7 getuid() = 0", "7 getpid() = 7")).toBe(
    sawOf(start, "7 getuid() = 0", "7 getpid() = 7"),
  );
});

test.each([
  ["another call", ["7 getpid() = 7"], ["7 getppid() = 1"]],
  ["another outcome", ['7 unlink("x") = 0'], ['7 unlink("x") = -1 ENOENT (No such file or directory)']],
  ["another argument", ["7 socket(AF_UNIX, SOCK_STREAM, 0) = 3"], ["7 socket(AF_INET, SOCK_STREAM, 0) = 3"]],
  ["another program", ["7 getpid() = 7"], ['7 execve("/bin/other", ["other"], 0x7ffd) = 0', "7 getpid() = 7"]],
])("%s makes another digest", (_, one, other) => {
  expect(sawOf(start, ...one)).toMatch(/^[0-9a-f]{12}$/);
  expect(sawOf(start, ...one)).not.toBe(sawOf(start, ...other));
});

test("a digest holds nothing of the workload's data", () => {
  expect(sawOf(start, '7 unlink("secret") = 0')).toBe(sawOf(start, '7 unlink("other") = 0'));
});
