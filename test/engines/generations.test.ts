import { execa } from "execa";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { product, workplace } from "../support/product.ts";
import { workloads } from "../live/workloads.ts";

/**
 * A profile recorded on this machine's engine, on the engines of the next Debian releases: Docker
 * 26.1 with runc 1.1.15 and crun 1.21, Docker 28.5 with runc 1.3.6 and crun 1.28.
 */
const script = fileURLToPath(new URL("../../tools/engine/generation.sh", import.meta.url));
const suites = ["trixie", "sid"] as const;
const hosts = new Map<string, string>();
let folder = "";

beforeAll(async () => {
  folder = await workplace();
  const images = [...new Set(workloads.map(({ folder: image }) => `seccomp-gen-test-${image}`))];
  for (const suite of suites) {
    const host = (await execa("bash", [script, "start", suite], { stderr: "inherit" })).stdout;
    hosts.set(suite, host);
    await execa("docker", ["save", ...images], { encoding: "buffer", buffer: false }).pipe("docker", ["load"], {
      env: { DOCKER_HOST: host },
    });
  }
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

afterAll(async () => {
  for (const suite of suites) await execa("bash", [script, "stop", suite]);
});

describe.each(suites)("on %s", (suite) => {
  describe.each(["runc", "crun"])("with %s", (runtime) => {
    test.each(workloads)("$name runs under its profile", async ({ name, run, exercise, exitCode }) => {
      const words = [
        "verify",
        join("profiles", `${name}.json`),
        ...(exercise === undefined ? [] : ["--while", exercise]),
        "--times",
        "2",
        "--expect-exit",
        `${exitCode}`,
      ];
      const verified = await product(folder, [...words, "--", "docker", "run", "--runtime", runtime, ...run], {
        DOCKER_HOST: hosts.get(suite) ?? "",
      });
      expect(verified.exitCode, verified.stderr).toBe(0);
    });
  });
});
