import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { call, ordinary, Repository } from "../support/repository.ts";
import { cli } from "../support/product.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const recording = "traces/web/recording.json";
const profile = "profiles/web.json";
let repository: Repository;
const more = { calls: { ...ordinary, flock: call("lock") } };

describe.skipIf(!existsSync(cli))("the hook and the checks", { timeout: 120_000 }, () => {
  beforeEach(async () => {
    repository = new Repository();
    await repository.put("web", { calls: ordinary });
    expect(repository.tool("git-setup", "--hook").status).toBe(0);
    repository.commit("first");
  });

  test("judge what will be committed, not what is in the working tree", async () => {
    const before = repository.read(profile);
    await repository.put("web", more);
    repository.must("add", recording);
    const refused = repository.git("commit", "-q", "-m", "only the recording");
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringContaining(`${profile} does not match ${recording}`),
    ]);
    repository.must("add", profile);
    repository.write(profile, before); // the working tree does not fit; the index does
    expect(repository.git("commit", "-q", "-m", "both")).toMatchObject({ status: 0 });
  });

  test("find profiles in any folder", async () => {
    await repository.put("api", { calls: ordinary }, "services/a/");
    repository.must("add", "-A");
    expect(repository.git("commit", "-q", "-m", "api")).toMatchObject({ status: 0 });
    repository.write(
      "services/a/profiles/api.json",
      repository.read("services/a/profiles/api.json").replace("flock", "flock "),
    );
    repository.must("add", "-A");
    expect(repository.git("commit", "-q", "-m", "edited")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("services/a/profiles/api.json does not match") as string,
    });
    expect(repository.tool("generate", "--all")).toMatchObject({
      stderr: expect.stringContaining("services/a/profiles/api.json: written") as string,
    });
    repository.must("add", "-A");
    expect(repository.tool("generate", "--all", "--check").status).toBe(0);
  });

  test("name a profile whose recording was deleted, and a recording whose profile was, with what to do", () => {
    repository.must("rm", "-q", recording);
    const orphan = repository.git("commit", "-q", "-m", "no recording");
    expect([orphan.status, orphan.stderr]).toEqual([
      1,
      expect.stringMatching(/profiles\/web\.json stays, but its recording .* is deleted[^]*git rm profiles\/web\.json/),
    ]);
    repository.must("rm", "-q", profile);
    expect(repository.git("commit", "-q", "-m", "neither")).toMatchObject({ status: 0 });
    repository.must("reset", "-q", "--hard", "HEAD~1");
    repository.must("rm", "-q", profile);
    expect(repository.git("commit", "-q", "-m", "no profile")).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/profiles\/web\.json is missing; .*git rm -r traces\/web/) as string,
    });
  });

  test("read files with the line ends of Windows, and git-setup keeps them from becoming so", () => {
    for (const path of [recording, profile]) repository.write(path, repository.read(path).replaceAll("\n", "\r\n"));
    expect(repository.tool("generate", "--all", "--check")).toMatchObject({ status: 0 });
    expect(repository.tool("generate", recording, "-o", profile, "--check")).toMatchObject({ status: 0 });
    expect(repository.must("check-attr", "eol", "--", profile, recording, "traces/web/policy.json")).toBe(
      [profile, recording, "traces/web/policy.json"].map((path) => `${path}: eol: lf`).join("\n"),
    );
    const clone = mkdtempSync(join(tmpdir(), "seccomp-gen-git-"));
    repository.must("-c", "core.autocrlf=true", "clone", "-q", repository.folder, join(clone, "x"));
    expect(repository.run("grep", ["-c", "\r", join(clone, "x", profile)]).stdout).toBe("0\n");
  });

  test("a program that has moved, or is gone, is a word and not a stack trace", async () => {
    const place = mkdtempSync(join(tmpdir(), "seccomp-gen-place-"));
    for (const link of ["node_modules", "profiles"]) symlinkSync(join(root, link), join(place, link));
    cpSync(join(root, "package.json"), join(place, "package.json"));
    cpSync(join(root, "dist"), join(place, "dist"), { recursive: true });
    const program = join(place, "dist/cli.cjs");
    expect(repository.run(process.execPath, [program, "git-setup", "--hook"]).status).toBe(0);
    rmSync(program);
    await repository.put("web", more);
    repository.must("add", recording);
    const passed = repository.git("commit", "-q", "-m", "unchecked");
    expect(passed).toMatchObject({
      status: 0,
      stderr: expect.stringContaining("profiles are not checked: seccomp-gen is not installed here") as string,
    });
    expect(passed.stderr).not.toMatch(/at .*\.(?:js|cjs):\d+|MODULE_NOT_FOUND/);
    const bin = mkdtempSync(join(tmpdir(), "seccomp-gen-bin-"));
    // The hook was installed from another place.
    writeFileSync(join(bin, "seccomp-gen"), `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`, { mode: 0o755 });
    repository.must("commit", "-q", "--amend", "--no-verify", "--allow-empty", "-m", "x");
    repository.write(profile, repository.read(profile).replace("flock", "flock "));
    repository.must("add", "-A");
    const checked = repository.run("git", ["commit", "-q", "-m", "edited"], {
      PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    });
    expect(checked).toMatchObject({ status: 1, stderr: expect.stringContaining("does not match") as string });
  });
});
