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
});
