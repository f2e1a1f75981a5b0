import { execa } from "execa";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { inColor, wantsColor, type Terminal } from "../../../src/project/terminal/terminal.ts";

/** What a script with a `terminal` writes to stderr, which is a pipe. */
async function written(script: string): Promise<string> {
  const path = fileURLToPath(new URL("../../../dist/project/terminal/terminal.js", import.meta.url));
  const before = `import { processTerminal } from ${JSON.stringify(path)}; const terminal = processTerminal(); `;
  return (await execa(process.execPath, ["--input-type=module", "-e", before + script])).stderr;
}

test("a note never continues the line that another program has begun", async () => {
  expect(await written(`terminal.others.write("cut"); terminal.note("a"); terminal.note("b");`)).toBe(
    "cut\nseccomp-gen: a\nseccomp-gen: b",
  );
  expect(await written(`terminal.others.write("whole\\n"); terminal.note("a"); terminal.others.write("::x");`)).toBe(
    "whole\nseccomp-gen: a\n::x",
  );
});

test("nothing of a file reaches the terminal but text", async () => {
  const stderr = await written(`terminal.note("a\\u001b]0;title\\u0007\\u202eb\\nc");`);
  expect(stderr).toBe("seccomp-gen: a\\u{1b}]0;title\\u{7}\\u{202e}b\nc");
});

test("colors: --color over NO_COLOR over FORCE_COLOR over what the output is", () => {
  expect([wantsColor(true, {}), wantsColor(false, {}), wantsColor(true, { TERM: "dumb" })]).toEqual([
    true,
    false,
    false,
  ]);
  expect([
    wantsColor(true, { NO_COLOR: "1", FORCE_COLOR: "1" }),
    wantsColor(false, { FORCE_COLOR: "1" }),
    wantsColor(true, { NO_COLOR: "" }),
  ]).toEqual([false, true, true]);
  const terminal: Terminal = {
    out: () => undefined,
    note: () => undefined,
    status: undefined,
    color: false,
    width: 80,
    interrupted: new AbortController().signal,
  };
  expect((["auto", "always", "never"] as const).map((when) => inColor(terminal, when).color)).toEqual([
    false,
    true,
    false,
  ]);
  expect(inColor({ ...terminal, color: true }, "never").color).toBe(false);
});
