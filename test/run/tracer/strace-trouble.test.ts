import { expect, test } from "vitest";
import { StraceTrouble } from "../../../src/run/tracer/strace-trouble.ts";

function heard(text: string, size: number): string | undefined {
  const trouble = new StraceTrouble();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) trouble.hear(bytes.subarray(at, at + size));
  return trouble.reason;
}

const full = "/.seccomp-gen/strace: /.seccomp-gen/out/main: No space left on device\n";

test.each([1, 7, 1000])(
  "StraceTrouble hears the first reason why a log cannot be written, in chunks of %i bytes",
  (size) => {
    expect(heard(`app: started\n${full.repeat(20)}`, size)).toBe(
      "no space was left for it where the engine keeps its volumes",
    );
    expect(heard("/.seccomp-gen/strace: /.seccomp-gen/out/exec-1: Input/output error\r\n", size)).toBe(
      "strace could not write it: Input/output error",
    );
  },
);

test("StraceTrouble ignores what the workload writes", () => {
  expect(
    heard(
      "nginx: /var/log/x: No space left on device\nstrace: /tmp/log: No space left on " +
        "device\n/.seccomp-gen/strace: Process 7 attached\n",
      50,
    ),
  ).toBeUndefined();
});
