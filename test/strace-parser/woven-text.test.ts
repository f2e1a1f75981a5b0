import { expect, test } from "vitest";
import { messageWithin } from "../../src/strace-parser/woven-text.ts";

const within = (line: string): string | undefined => {
  const bytes = Buffer.from(line);
  return messageWithin(bytes, 0, 0, bytes.length)?.words;
};

test.each([
  ["read(3, strace: Process 9 attached", "strace: Process 9 attached"],
  ["read(3, Process 9 suspended", "Process 9 suspended"],
  ["clone(0, flags=CLONE_VMstrace: Process 9 attached", "strace: Process 9 attached"],
  ["clone(0, flags=CLONE_VM../bin/strace-4.9: Process 9 attached", "../bin/strace-4.9: Process 9 attached"],
  ["clone(0, flags=CLONE_VM|bin/strace: Process 9 attached", "bin/strace: Process 9 attached"],
  ["clone(0, flags=0x12/usr/bin/tracer: Process 9 attached", "/usr/bin/tracer: Process 9 attached"],
  ["write(1, a//strace: Exit of unknown pid 3 ignored", "//strace: Exit of unknown pid 3 ignored"],
  ["write(1, a: Exit of unknown pid 3 ignored", undefined],
])("strace's message in %s", (line, words) => {
  expect(within(line)).toBe(words);
});

test.each(["/", "../", "strace", "strace/", "a/", "Process 9 ", "strace: Process 9 attached ", "WARNING: "])(
  "a program that repeats %j in its lines does not slow the reader down",
  { timeout: 10_000 },
  (unit) => {
    const line = `${unit.repeat(4400 / unit.length)}x!: Exit of unknown pid 3 ignored`;
    const found = within(line);
    for (let times = 0; times < 500; times += 1) expect(within(line)).toBe(found);
  },
);
