import { expect, test } from "vitest";
import { createAggregator, type Aggregator, type SyscallRecord } from "../../../src/core/recording/index.ts";
import { createStraceParser, parseStraceSync } from "../../../src/strace-parser/index.ts";

function read(lines: readonly string[]): Aggregator {
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64" });
  for (const event of parseStraceSync([lines.map((line) => `${line}\n`).join("")])) aggregator.add(event);
  return aggregator;
}

const recordOf = (aggregator: Aggregator, name: string): SyscallRecord | undefined =>
  aggregator.finish().syscalls.SCMP_ARCH_X86_64?.[name];
const times = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/**
 * A log may contain anything. What a recording keeps of it has bounds. What exceeds them is counted or called unknown,
 * never lost in silence.
 */
test("a thousand results of a call are told apart", () => {
  expect(recordOf(read(times(1_500, (index) => `7 read(0, "", 1) = -1 EX${index} (?)`)), "read")?.results).toHaveLength(
    1_000,
  );
});

test("a thousand programs are told apart, and the others are unknown", () => {
  const processes = recordOf(
    read(times(1_500, (index) => [`7 execve("/bin/p${index}", ["p"], 0x1) = 0`, "7 getpid() = 7"]).flat()),
    "getpid",
  )?.processes;
  expect(processes).toHaveLength(1_001);
  expect(processes).toContain("?");
});

test("a recording keeps 4096 names of calls, and counts lines with further names as not read", () => {
  const counts = read(times(5_000, (index) => `7 call_${index}() = 0`)).counts();
  expect([counts.distinct, counts.unparsedTotal]).toEqual([4_096, 5_000 - 4_096]);
  expect(counts.unparsed[0]?.reason).toMatch(/more different calls/);
});

test("the parser gives up the oldest of too many open calls, in their order, and none twice", () => {
  const parser = createStraceParser();
  const early = parser.push(times(70_000, (index) => `${index + 1} read(0,  <unfinished ...>\n`).join(""));
  expect(early.map(({ tracee, kind }) => `${kind} ${tracee.pid}`)).toEqual(
    times(70_000 - 65_536, (index) => `syscall ${index + 1}`),
  );
  const late = [...parser.push('70000 <... read resumed>"", 1) = 0\n'), ...parser.end()];
  expect(late.map(({ tracee }) => tracee.pid)).toEqual([
    70_000,
    ...times(65_535, (index) => 70_000 - 65_536 + index + 1),
  ]);
  expect(parser.counts()).toEqual({ lines: 70_001, continuations: 1, shared: 0 });
});

test("the parser still knows an open call after 200,000 threads have come and gone", () => {
  const parser = createStraceParser();
  parser.push("1 pause( <unfinished ...>\n");
  for (let first = 2; first < 200_000; first += 10_000) {
    let calls = 0;
    parser.each(
      times(
        10_000,
        (index) => `${first + index} read(0,  <unfinished ...>\n${first + index} <... read resumed>"", 1) = 0\n`,
      ).join(""),
      () => void (calls += 1),
    );
    expect(calls).toBe(10_000);
  }
  expect(parser.push("1 <... pause resumed>) = ? ERESTARTNOHAND (To be restarted if no handler)\n")).toMatchObject([
    { name: "pause", result: { type: "restart" } },
  ]);
});

test("the reader is fast, even if the log never says that threads have ended", { timeout: 300_000 }, () => {
  const before = process.cpuUsage().user;
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64" });
  const parser = createStraceParser();
  for (let first = 1; first < 500_000; first += 10_000)
    parser.each(
      times(10_000, (index) => `${first + index} execve("/bin/a", ["a"], 0x1) = 0\n`).join(""),
      aggregator.add,
      aggregator.tally,
    );
  expect(recordOf(aggregator, "execve")).toMatchObject({ calls: 100_000, results: ["ok"], processes: ["a"] });
  expect((process.cpuUsage().user - before) / 1e6).toBeLessThan(25);
});

test("a thread that executes a program takes over its leader's id, and gives its own back", () => {
  const log = [
    '7 execve("/bin/a", ["a"], 0x1) = 0',
    "7 clone(child_stack=0x1, flags=CLONE_VM|CLONE_THREAD) = 8",
    "7 pause( <unfinished ...>",
    '8 execve("/bin/b", ["b"], 0x1 <unfinished ...>',
    "7 +++ superseded by execve in pid 8 +++",
    "7 <... execve resumed>) = 0",
    "7 getuid() = 0",
    "8 getgid() = 0",
  ];
  expect(recordOf(read(log), "getuid")?.processes).toEqual(["b"]);
  expect(recordOf(read(log), "getgid")?.processes).toEqual(["?"]);
  expect(recordOf(read(log), "execve")).toMatchObject({ results: ["ok"], processes: ["a", "b"] });
  expect(recordOf(read(log), "pause")).toMatchObject({ results: ["?"], processes: ["a"] });
});
