import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createAggregator, type Aggregator } from "../../../src/core/recording/index.ts";
import { showProgress } from "../../../src/project/terminal/progress.ts";
import { untilStable } from "../../../src/run/recorder/stability.ts";
import { parseStraceSync } from "../../../src/strace-parser/index.ts";

beforeEach(
  () =>
    void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout", "performance"] }),
);
afterEach(() => void vi.useRealTimers());

const read = (aggregator: Aggregator, log: string): void => {
  for (const event of parseStraceSync(log)) aggregator.add(event);
};
const begin = '7 execve("/usr/bin/app", ["app"], 0x1 /* 0 vars */) = 0\n7 getpid() = 7\n';

test("without a terminal a line comes for each new call, the newest first, with the program that made it", () => {
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64" });
  const lines: string[] = [];
  const end = showProgress({ aggregators: [aggregator] }, { note: (line) => lines.push(line) });
  read(aggregator, begin);
  vi.advanceTimersByTime(2_000);
  read(aggregator, "7 uname(0x1) = 0\n");
  vi.advanceTimersByTime(6_000);
  end();
  vi.advanceTimersByTime(60_000);
  expect(lines).toEqual([
    "recording: 2 calls, 2 distinct syscalls, new: getpid (app), execve (app)",
    "recording: 3 calls, 3 distinct syscalls, new: uname (app)",
  ]);
});

test("a second container that does what the first did brings nothing new, and counts no syscall twice", () => {
  const aggregators = [1, 2, 3].map(() => createAggregator({ arch: "SCMP_ARCH_X86_64" }));
  const lines: string[] = [];
  const end = showProgress({ aggregators }, { note: (line) => lines.push(line) });
  for (const aggregator of aggregators.slice(0, 2)) read(aggregator, begin);
  vi.advanceTimersByTime(2_000);
  for (const aggregator of aggregators.slice(2)) read(aggregator, begin);
  vi.advanceTimersByTime(4_000);
  for (const aggregator of aggregators) read(aggregator, "7 uname(0x1) = 0\n");
  vi.advanceTimersByTime(2_000);
  end();
  expect(lines).toEqual([
    "recording: 4 calls, 2 distinct syscalls, new: getpid (app), execve (app)",
    "recording: 9 calls, 3 distinct syscalls, new: uname (app)",
  ]);
});

test("without anything new a line comes less and less often", () => {
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64" });
  read(aggregator, begin);
  const lines: string[] = [];
  const end = showProgress({ aggregators: [aggregator] }, { note: (line) => lines.push(line) });
  vi.advanceTimersByTime(250_000);
  end();
  const quiet = lines.slice(1).map((line) => {
    const [, span = "", unit] = /last new one (\d+) (s|min) ago/.exec(line) ?? [];
    return Number(span) * (unit === "min" ? 60 : 1);
  });
  expect(quiet.length).toBeGreaterThan(2);
  expect(quiet.length).toBeLessThan(8);
  expect(
    quiet.every((seconds, index) => index === 0 || seconds - (quiet[index - 1] ?? 0) > (quiet[index - 1] ?? 0) / 3),
  ).toBe(true);
});

test("on a terminal a recording has a line that says what is new, then how long it is quiet", () => {
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64" });
  const states: (readonly string[])[] = [];
  const notes: string[] = [];
  const end = showProgress(
    { aggregators: [aggregator] },
    { note: (line) => notes.push(line), board: (lines) => states.push(lines) },
  );
  read(aggregator, begin);
  vi.advanceTimersByTime(500);
  vi.advanceTimersByTime(9_000);
  end();
  expect(states[0]).toEqual(["recording: 2 calls, 2 distinct syscalls, new: getpid (app)"]);
  expect(states.at(-2)).toEqual(["recording: 2 calls, 2 distinct syscalls, quiet for 9 s, newest: getpid (app)"]);
  expect(states.at(-1)).toEqual([]);
  expect(notes).toEqual([]);
});

test("on a terminal each of several recordings has its own line, whatever the others do", () => {
  const [back, front] = [1, 2].map(() => createAggregator({ arch: "SCMP_ARCH_X86_64" })) as [Aggregator, Aggregator];
  const states: (readonly string[])[] = [];
  const end = showProgress(
    { aggregators: [back, front], nameOf: (aggregator) => (aggregator === back ? "back" : "front") },
    { note: () => undefined, board: (lines) => states.push(lines) },
  );
  read(back, begin);
  read(front, begin);
  vi.advanceTimersByTime(8_000);
  read(front, "7 uname(0x1) = 0\n");
  vi.advanceTimersByTime(500);
  end();
  expect(states.at(-2)).toEqual([
    "back: 2 calls, 2 distinct syscalls, quiet for 8 s, newest: getpid (app)",
    "front: 3 calls, 3 distinct syscalls, new: uname (app)",
  ]);
});

test("a recording is stable when nothing new came for long enough since the workload began", async () => {
  vi.useRealTimers();
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64" });
  const calls = ["getuid", "getgid", "uname", "umask"];
  let looks = 0;
  const looked: Aggregator = {
    ...aggregator,
    counts() {
      looks += 1;
      if (looks === 5) read(aggregator, begin);
      if (looks > 5 && calls.length > 0) read(aggregator, `7 ${calls.shift() ?? ""}() = 0\n`);
      return aggregator.counts();
    },
  };
  await untilStable([looked], 0.05, new AbortController().signal);
  expect(looks, "neither before it began nor while new calls came").toBeGreaterThan(5 + 4);
});

test("at the end it is said when the last new call came, and how much may be unseen", () => {
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64" });
  const lines: string[] = [];
  const end = showProgress({ aggregators: [aggregator] }, { note: (line) => lines.push(line) });
  read(aggregator, begin);
  for (let second = 0; second < 300; second += 1) {
    read(aggregator, "7 read(3, 0x1, 1) = 1\n".repeat(50));
    vi.advanceTimersByTime(1_000);
  }
  end();
  expect(lines.at(-1)).toBe(
    "recorded; last new syscall 4 min before the end; about 0.01 % of activity like this may be " +
      "unseen; another 5 s would show a new syscall in about 3 % of cases",
  );
});
