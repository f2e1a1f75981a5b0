import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { docker, leftovers, product, workplace } from "../support/product.ts";
import { workloads } from "./workloads.ts";

let before = "";
beforeAll(async () => {
  before = await leftovers();
});
afterAll(async () => {
  expect(await leftovers()).toBe(before);
});

async function hasRuntime(runtime: string): Promise<boolean> {
  return (await docker("info", "--format", "{{json .Runtimes}}")).stdout.includes(`"${runtime}"`);
}

describe.each(workloads)("the workload $name", ({ name, run, exercise, exitCode, essential, deterministic }) => {
  const during = exercise === undefined ? [] : ["--while", exercise];
  const profile = join("profiles", `${name}.json`);
  let folder = "";
  let plain = "";

  beforeAll(async () => {
    folder = await workplace();
    if (exercise === undefined) plain = (await docker("run", ...run)).stdout;
    const recorded = await product(folder, ["record", "--name", name, ...during, "--", "docker", "run", ...run]);
    expect(recorded.exitCode, recorded.stderr).toBe(exitCode);
    if (exercise === undefined) expect(recorded.stdout).toBe(plain);
    expect(recorded.stderr).toMatch(/keeps \d+ of \d+ syscalls of Docker/);
  });

  test.for(["runc", "crun"])("runs three times under its profile on %s", async (runtime, { skip }) => {
    skip(!(await hasRuntime(runtime)), `this engine has no runtime ${runtime}`);
    const verified = await product(folder, [
      "verify",
      profile,
      ...during,
      "--times",
      "3",
      "--expect-exit",
      `${exitCode}`,
      "--",
      "docker",
      "run",
      "--runtime",
      runtime,
      ...run,
    ]);
    expect(verified.stderr).toContain("passed");
    expect(verified.exitCode, verified.stderr).toBe(0);
  });

  // A service does not end by itself.
  test.for(exercise === undefined ? ["runc", "crun"] : [])(
    "prints the same under it on %s",
    async (runtime, { skip }) => {
      skip(!(await hasRuntime(runtime)), `this engine has no runtime ${runtime}`);
      const confined = await docker(
        "run",
        "--runtime",
        runtime,
        "--security-opt",
        `seccomp=${join(folder, profile)}`,
        ...run,
      );
      expect(confined).toMatchObject({ exitCode, stdout: plain });
    },
  );

  test("fails without an essential call", async () => {
    const text = await readFile(join(folder, profile), "utf8");
    const without = JSON.parse(text) as { syscalls: { names: string[]; action: string }[] };
    for (const group of without.syscalls)
      if (group.action === "SCMP_ACT_ALLOW") group.names = group.names.filter((call) => call !== essential);
    without.syscalls = without.syscalls.filter(({ names }) => names.length > 0);
    await writeFile(join(folder, "broken.json"), JSON.stringify(without));
    // redis's exercise waits long for a server that is gone, so the other workloads ask why it fails.
    const why = name !== "redis";
    const verified = await product(folder, [
      "verify",
      "broken.json",
      ...during,
      ...(why ? [] : ["--max-runs", "0"]),
      "--expect-exit",
      `${exitCode}`,
      "--",
      "docker",
      "run",
      ...run,
    ]);
    expect(verified.stderr).toContain("FAILED");
    if (why) expect(verified.stderr).toMatch(new RegExp(`the cause: the profile denies .*\\b${essential}\\b`));
    expect(verified.exitCode).toBe(1);
  });

  if (deterministic)
    test("recorded again, the profile has the same bytes", async () => {
      const again = await workplace();
      await product(again, ["record", "--name", name, ...during, "--", "docker", "run", ...run]);
      expect(await readFile(join(again, profile), "utf8")).toBe(await readFile(join(folder, profile), "utf8"));
      expect(await readFile(join(again, "traces", name, "recording.json"), "utf8")).toBe(
        await readFile(join(folder, "traces", name, "recording.json"), "utf8"),
      );
    });

  test("never allows more than Docker's default", async () => {
    const compared = await product(folder, ["diff", "--against", "20.10.24", profile, "--format", "json"]);
    const { syscalls } = JSON.parse(compared.stdout) as { syscalls: { kind: string; syscall: string }[] };
    expect(syscalls.filter(({ kind }) => kind === "newly-allowed" || kind === "widened" || kind === "changed")).toEqual(
      [],
    );
    expect(compared.exitCode).toBe(1);
  });
});
