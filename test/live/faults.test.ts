import { execa } from "execa";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("../../tools/faults/faults.mjs", import.meta.url));

/** `npm run test:faults` is the long run with all faults. */
test("a few kills, full disks and two recordings at once do no harm", async () => {
  const { exitCode, stdout } = await execa(
    process.execPath,
    [
      script,
      "--short",
      "--only",
      "kill -9 of seccomp-gen|two recordings|no space where|read-only|rename|reader of our output",
    ],
    { reject: false, stdin: "ignore" },
  );
  expect(exitCode, stdout).toBe(0);
});
