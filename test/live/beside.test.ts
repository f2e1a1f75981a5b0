import { execa } from "execa";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { docker, product, workplace } from "../support/product.ts";

/**
 * Processes that the profile binds although they are not children of the workload's first process, and the effects of
 * tracing.
 */
const image = "seccomp-gen-test-beside";

beforeAll(async () => {
  const folder = await workplace();
  await writeFile(
    join(folder, "Dockerfile"),
    [
      "FROM seccomp-gen-base:bookworm",
      'SHELL ["/bin/bash", "-c"]',
      "HEALTHCHECK --interval=1s --retries=2 CMD nice -n 1 true | cat",
      'CMD ["sleep", "60"]',
    ].join("\n"),
  );
  await execa("docker", ["build", "-q", "-t", image, folder], { env: { DOCKER_BUILDKIT: "0" } });
});

describe("a health check and a command run with docker exec", () => {
  const run = ["--network", "none", "--stop-timeout", "1", image];

  test("are recorded, and work under the profile", async () => {
    const folder = await workplace();
    const recorded = await product(folder, [
      "record",
      "--name",
      "app",
      "--stop-after",
      "1",
      "--exec",
      "chrt -m",
      "--verify",
      "--",
      "docker",
      "run",
      "--rm",
      ...run,
    ]);
    expect(recorded.exitCode, recorded.stderr).toBe(0);
    expect(recorded.stderr).toContain("passed");
    const { syscalls } = JSON.parse(await readFile(join(folder, "traces/app/recording.json"), "utf8")) as {
      syscalls: Record<string, Record<string, { processes: string[] }>>;
    };
    expect(syscalls["SCMP_ARCH_X86_64"]?.["sched_get_priority_max"]?.processes).toEqual(["chrt"]);
    expect(syscalls["SCMP_ARCH_X86_64"]?.["setpriority"]?.processes).toEqual(["nice"]);

    const id = (await docker("run", "-d", "--security-opt", `seccomp=${folder}/profiles/app.json`, ...run)).stdout;
    try {
      let health = "starting";
      for (let tries = 0; health === "starting" && tries < 60; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        health = (await docker("inspect", "--format", "{{.State.Health.Status}}", id)).stdout;
      }
      expect(health).toBe("healthy");
      expect((await docker("exec", id, "chrt", "-m")).exitCode).toBe(0);
    } finally {
      await docker("rm", "-f", id);
    }
  });

  test("fail verify when the profile does not know them", async () => {
    const folder = await workplace();
    const recorded = await product(folder, [
      "record",
      "--name",
      "app",
      "--stop-after",
      "1",
      "--",
      "docker",
      "run",
      "--rm",
      ...run,
    ]);
    expect(recorded.exitCode, recorded.stderr).toBe(0);
    const verified = await product(folder, [
      "verify",
      "profiles/app.json",
      "--stop-after",
      "1",
      "--exec",
      "chrt -m",
      "--",
      "docker",
      "run",
      "--rm",
      ...run,
    ]);
    expect(verified.stderr).toMatch(/FAILED: --exec chrt -m/);
    expect(verified.exitCode).toBe(1);
  });
});

describe("a setuid program started by another user", () => {
  const unprivileged = [
    "docker",
    "run",
    "--rm",
    "--network",
    "none",
    "--user",
    "65534",
    "--entrypoint",
    "passwd",
    "seccomp-gen-base:bookworm",
    "-S",
  ];

  test("keeps its privilege, for the tracer stands beside the container", async () => {
    const folder = await workplace();
    const recorded = await product(folder, ["record", "--name", "app", "--verify", "--", ...unprivileged]);
    expect(recorded.exitCode, recorded.stderr).toBe(0);
    expect(recorded.stdout).toMatch(/^nobody L /);
    expect(recorded.stderr).toContain("passed");
    expect(recorded.stderr).not.toContain("setuid");
  });
});
