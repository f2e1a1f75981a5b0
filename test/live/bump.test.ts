import { execa } from "execa";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { engine } from "../support/engine.ts";
import { type Ran, docker, product, workplace } from "../support/product.ts";

let folder = "";
beforeAll(async () => {
  folder = await workplace();
});

async function confined(profile: string, words: readonly string[], ...options: readonly string[]): Promise<Ran> {
  return docker("run", ...options, "--security-opt", `seccomp=${join(folder, profile)}`, ...words);
}

async function runtimes(): Promise<readonly string[]> {
  const known = (await docker("info", "--format", "{{json .Runtimes}}")).stdout;
  return ["runc", "crun"].filter((name) => known.includes(`"${name}"`));
}

/** A profile made on one release of Debian, with the same script on the next releases: newer glibc, coreutils, perl. */
describe("a base-image bump", () => {
  const script = fileURLToPath(new URL("workloads/everyday.sh", import.meta.url));
  const run = (suite: string): readonly string[] => [
    "--rm",
    "--network",
    "none",
    "-v",
    `${script}:/everyday.sh:ro`,
    `seccomp-gen-base:${suite}`,
    "bash",
    "/everyday.sh",
  ];
  const suites = ["trixie", "sid"];

  beforeAll(async () => {
    for (const suite of suites) await engine("base-image", suite);
    const recorded = await product(folder, ["record", "--name", "app", "--", "docker", "run", ...run("bookworm")]);
    expect(recorded.exitCode, recorded.stderr).toBe(0);
  }, 900_000);

  test.each(["bookworm", ...suites])(
    "to %s: it prints the same as without profile, and nothing on stderr",
    async (suite) => {
      const plain = await docker("run", ...run(suite));
      expect(plain.stderr).toBe("");
      for (const runtime of await runtimes())
        expect(await confined("profiles/app.json", run(suite), "--runtime", runtime)).toEqual(plain);
    },
  );

  test("programs fall back from ENOSYS, and report EPERM", async () => {
    const exact = await product(folder, ["generate", "traces/app/recording.json", "--exact", "-o", "exact.json"]);
    expect(exact.exitCode, exact.stderr).toBe(0);
    await writeFile(
      join(folder, "eperm.json"),
      (await readFile(join(folder, "exact.json"), "utf8")).replaceAll(/("(?:defaultErrnoRet|errnoRet)": )38/g, "$11"),
    );
    for (const suite of suites) {
      // ls of coreutils 9.6 lists the attributes of files. The recording has only lgetxattr and getxattr.
      expect((await confined("eperm.json", run(suite))).stderr, suite).toContain(
        "ls: /etc/passwd: Operation not permitted",
      );
      expect((await confined("exact.json", run(suite))).stderr, suite).not.toContain("ls:");
    }
  });
});

/** The same program, built with several libcs. One build is recorded, and the others run under its profile. */
describe("another libc", () => {
  const image = "seccomp-gen-test-libcs";
  const builds = ["glibc", "glibc-static", "musl", "musl-static"];
  const run = (build: string): readonly string[] => ["--rm", "--network", "none", image, `/libcs/${build}`];

  beforeAll(async () => {
    const context = fileURLToPath(new URL("workloads/libcs/", import.meta.url));
    await execa("docker", ["build", "-q", "--network", "host", "-t", image, context], {
      env: { DOCKER_BUILDKIT: "0" },
      timeout: 600_000,
      stdout: "ignore",
    });
  }, 600_000);

  test.each(["glibc", "musl"])("recorded with %s, run with all", async (recorded) => {
    const made = await product(folder, ["record", "--name", recorded, "--", "docker", "run", ...run(recorded)]);
    expect(made.exitCode, made.stderr).toBe(0);
    for (const build of builds) {
      const plain = await docker("run", ...run(build));
      expect(plain.stdout.split("\n").filter((line) => !line.endsWith(" works"))).toEqual([]);
      expect(await confined(`profiles/${recorded}.json`, run(build)), build).toEqual(plain);
    }
    const exact = await product(folder, [
      "generate",
      `traces/${recorded}/recording.json`,
      "--exact",
      "-o",
      `${recorded}-exact.json`,
    ]);
    expect(exact.exitCode, exact.stderr).toBe(0);
    expect(await confined(`${recorded}-exact.json`, run(recorded === "glibc" ? "musl" : "glibc"))).not.toMatchObject({
      exitCode: 0,
      stdout: made.stdout,
    });
  });
});
