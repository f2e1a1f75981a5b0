import { execa } from "execa";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { wantsColor } from "../../src/project/terminal/terminal.ts";
import { runs } from "../support/machine.ts";

const cli = fileURLToPath(new URL("../../dist/cli.cjs", import.meta.url));

async function scriptFor(shell: string): Promise<string> {
  const { stdout } = await execa(process.execPath, [cli, "completion", shell]);
  const path = join(await mkdtemp(join(tmpdir(), "seccomp-gen-completion-")), `_seccomp-gen`);
  await writeFile(path, stdout);
  return path;
}

describe("completion", () => {
  test.each([
    [["re"], ["record", "review"]],
    [
      ["generate", "--args", "st"],
      ["standard", "strict"],
    ],
    [["record", "--wh"], ["--while"]],
    [["help", "li"], ["lint"]],
  ])("bash completes %j", async (words, expected) => {
    const script = await scriptFor("bash");
    const line = ["seccomp-gen", ...words].map((word) => `'${word}'`).join(" ");
    const { stdout } = await execa("bash", [
      "--norc",
      "-c",
      `source ${script}; COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _seccomp_gen; printf ` +
        `'%s\\n' "\${COMPREPLY[@]}"`,
    ]);
    expect(stdout.split("\n")).toEqual(expected);
  });

  test("bash leaves what follows -- to the program it names", async () => {
    const script = await scriptFor("bash");
    const { stdout } = await execa("bash", [
      "--norc",
      "-c",
      `_command_offset() { echo "from word $1"; }; source ${script}; COMP_WORDS=(seccomp-gen record ` +
        "--append -- docker ru); COMP_CWORD=5; _seccomp_gen",
    ]);
    expect(stdout).toBe("from word 4");
  });

  test.for(["zsh", "fish"])("%s understands its script", async (shell, { skip }) => {
    skip(!runs(shell, "--version"), `${shell} is not installed`);
    const script = await scriptFor(shell);
    expect((await execa(shell, ["-n", script])).exitCode).toBe(0);
    if (shell === "fish")
      expect(
        (await execa(shell, ["--no-config", "-c", `source ${script}; complete -C'seccomp-gen generate --args st'`]))
          .stdout,
      ).toMatch(/^standard\t.*\nstrict\t/);
  });
});

test("the manual page has a section for each command, and troff has nothing to complain of", async ({ skip }) => {
  const { stdout: page } = await execa(process.execPath, [cli, "manual"]);
  const { stdout: help } = await execa(process.execPath, [cli, "--help"]);
  const commands = [...help.matchAll(/^ {2}([a-z][a-z-]+) .*\S {2,}\S/gm)]
    .map(([, name = ""]) => name)
    .filter((name) => name !== "help" && name !== "seccomp-gen" && name !== "docker");
  expect(commands.length).toBeGreaterThan(8);
  for (const name of commands) expect(page).toContain(`.SS seccomp\\-gen ${name.replaceAll("-", "\\-")} `);
  skip(!runs("groff", "--version"), "groff is not installed (Debian's groff-base)");
  expect((await execa("groff", ["-man", "-ww", "-Tutf8"], { input: page })).stderr).toBe("");
});

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: "1" }, false],
  [true, { NO_COLOR: "" }, true],
  [false, { FORCE_COLOR: "1" }, true],
  [true, { FORCE_COLOR: "0" }, false],
  [false, { FORCE_COLOR: "1", NO_COLOR: "1" }, false],
  [true, { TERM: "dumb" }, false],
])("output is in color (is a terminal: %s, environment: %j): %s", (isTerminal, env, expected) =>
  expect(wantsColor(isTerminal, env)).toBe(expected),
);
