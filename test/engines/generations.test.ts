import { execa } from "execa";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { product, workplace } from "../support/product.ts";
import { workloads } from "../live/workloads.ts";

/**
 * A profile recorded on this machine's engine, tried on the engines of other Debian releases: Docker 20.10.5 with runc
 * 1.0.0-rc93, Docker 26.1 with runc 1.1.15 and crun 1.21, Docker 28.5 with runc 1.3.6 and crun 1.28. The oldest engine
 * refuses the usual form of a profile, so it gets the form that is made for it.
 */
const script = fileURLToPath(new URL("../../tools/engine/generation.sh", import.meta.url));
const generations = [
  { suite: "bullseye", runtimes: ["runc"], floor: "old-runc" },
  { suite: "trixie", runtimes: ["runc", "crun"], floor: "any" },
  { suite: "sid", runtimes: ["runc", "crun"], floor: "any" },
] as const;
let folder = "";

beforeAll(async () => {
  folder = await workplace();
  for (const { name, run, exercise, exitCode } of workloads) {
    const recorded = await product(folder, [
      "record",
      "--name",
      name,
      ...(exercise === undefined ? [] : ["--while", exercise]),
      "--",
      "docker",
      "run",
      ...run,
    ]);
    expect(recorded.exitCode, recorded.stderr).toBe(exitCode);
  }
}, 1_200_000);

describe.each(generations)("on $suite", ({ suite, runtimes, floor }) => {
  const profiles = `profiles-${suite}`;
  let host = "";

  beforeAll(async () => {
    const images = [...new Set(workloads.map(({ folder: image }) => `seccomp-gen-test-${image}`))];
    host = (await execa("bash", [script, "start", suite], { stderr: "inherit" })).stdout;
    await execa("docker", ["save", ...images], { encoding: "buffer", buffer: false }).pipe("docker", ["load"], {
      env: { DOCKER_HOST: host },
    });
    await mkdir(join(folder, profiles), { recursive: true });
    for (const { name } of workloads) {
      const recording = join("traces", name, "recording.json");
      const file = join(profiles, `${name}.json`);
      const made = await product(folder, ["generate", recording, "--floor", floor, "-o", file]);
      expect(made.exitCode, made.stderr).toBe(0);
    }
  }, 600_000);

  afterAll(async () => {
    await execa("bash", [script, "stop", suite]);
  });

  describe.each(runtimes)("with %s", (runtime) => {
    test.each(workloads)("$name runs under its profile", async ({ name, run, exercise, exitCode }) => {
      const words = [
        "verify",
        join(profiles, `${name}.json`),
        ...(exercise === undefined ? [] : ["--while", exercise]),
        "--times",
        "2",
        "--expect-exit",
        `${exitCode}`,
      ];
      const verified = await product(folder, [...words, "--", "docker", "run", "--runtime", runtime, ...run], {
        DOCKER_HOST: host,
      });
      expect(verified.exitCode, verified.stderr).toBe(0);
    });
  });
});
