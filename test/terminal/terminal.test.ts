import { execa } from "execa";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("nothing of a file reaches the terminal but text", async () => {
  const script = `import { processTerminal } from ${JSON.stringify(fileURLToPath(new URL("../../dist/terminal/terminal.js", import.meta.url)))}; processTerminal().note("a\\u001b]0;title\\u0007\\u202eb\\nc");`;
  const { stderr } = await execa(process.execPath, ["--input-type=module", "-e", script]);
  expect(stderr).toBe("seccomp-gen: a\\u{1b}]0;title\\u{7}\\u{202e}b\nc");
});
