import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cli } from "../support/product.ts";

const profile = '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}';

describe.skipIf(!existsSync(cli))("what lint reads", { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-lint-"));
  for (const place of ["a/profiles", "b/profiles"]) {
    mkdirSync(join(folder, place), { recursive: true });
    writeFileSync(join(folder, place, "web.json"), profile);
  }
  const lint = (args: readonly string[], input?: string): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, [cli, "lint", ...args], { cwd: folder, encoding: "utf8", input: input ?? "" });

  test("patterns, in every folder", () => {
    const { stdout, status } = lint(["**/profiles/*.json"]);
    expect([status, stdout]).toEqual([1, expect.stringMatching(/a\/profiles\/web\.json[^]*b\/profiles\/web\.json/)]);
  });

  test("standard input, which --fix cannot correct", () => {
    expect(lint(["-"], profile)).toMatchObject({ status: 1, stdout: expect.stringMatching(/^-:1:/) as string });
    expect(lint(["--fix", "-"], profile)).toMatchObject({ status: 2 });
  });

  test("a pattern that matches nothing is trouble", () => {
    expect(lint(["none/*.json"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("no file matches none/*.json") as string,
    });
  });

  test("a file that is no profile fails the command, and the others are linted all the same", () => {
    writeFileSync(join(folder, "cut.json"), '{"defaultAction": ');
    const { stdout, stderr, status } = lint([
      "cut.json",
      "missing.json",
      "a/profiles/web.json",
      "--cap-add",
      "SYS_ADMIN",
    ]);
    expect(status).toBe(2);
    expect(stdout).toMatch(/^a\/profiles\/web\.json:1:/);
    expect(stderr).toMatch(/error: cut\.json:1:[^]*error: cannot read missing\.json/);
    expect(lint(["cut.json", "--format", "json"])).toMatchObject({ status: 2, stdout: "" });
  });

  test("an option with a mistake fails once, whatever the number of files", () => {
    const { stderr } = lint(["a/profiles/web.json", "b/profiles/web.json", "--cap-add", "SYS_ADMN"]);
    expect(String(stderr).match(/there is no capability/g)).toHaveLength(1);
  });

  test("a profile for other machines is judged as on the first of them, and diff and explain say so", () => {
    const clone = { index: 1, value: 2114060288, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" };
    const file = join(folder, "s390x.json");
    writeFileSync(
      file,
      JSON.stringify({
        defaultAction: "SCMP_ACT_ERRNO",
        architectures: ["SCMP_ARCH_S390X", "SCMP_ARCH_S390"],
        syscalls: [{ names: ["clone"], action: "SCMP_ACT_ALLOW", args: [clone] }],
      }),
    );
    const said = (...args: readonly string[]): string => {
      const { stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { cwd: folder, encoding: "utf8" });
      return `${stdout}${stderr}`;
    };
    for (const command of [
      ["lint", file],
      ["diff", file],
      ["explain", file, "clone"],
    ])
      expect(said(...command)).toContain("judged for s390x, because it lists no architecture of this machine");
    expect(said("lint", file)).not.toMatch(/both byte orders|beyond-docker|amd64/);
    expect(said("diff", file)).not.toMatch(/^ *amd64: \d/m);
    expect(said("lint", "--arch", "amd64", file)).toMatch(/both byte orders[^]*does not deny on amd64[^]*clone/);
  });
});
