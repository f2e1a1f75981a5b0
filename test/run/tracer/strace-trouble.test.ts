import { expect, test } from "vitest";
import { hearTrouble } from "../../../src/run/tracer/strace-trouble.ts";

function heard(text: string, size: number): readonly string[] {
  const all: string[] = [];
  const hear = hearTrouble((why) => all.push(why));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) hear(bytes.subarray(at, at + size));
  return all;
}

const full = "/.seccomp-gen/strace: /.seccomp-gen/out/main: No space left on device\n";

test.each([1, 7, 1000])("a log that cannot be written is heard once, in chunks of %i bytes", (size) => {
  expect(heard(`app: started\n${full.repeat(20)}`, size)).toEqual([
    "no space was left for it where the engine keeps its volumes",
  ]);
  expect(heard("/.seccomp-gen/strace: /.seccomp-gen/out/exec-1: Input/output error\r\n", size)).toEqual([
    "strace could not write it: Input/output error",
  ]);
});

test("what the workload says is no trouble of strace's", () => {
  expect(
    heard(
      "nginx: /var/log/x: No space left on device\nstrace: /tmp/log: No space left on " +
        "device\n/.seccomp-gen/strace: Process 7 attached\n",
      50,
    ),
  ).toEqual([]);
});
