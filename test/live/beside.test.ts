import { execa } from "execa";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { docker, product, workplace } from "../support/product.ts";

/**
 * What the profile binds although it is no child of the workload's first process, and what tracing
 * changes.
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
  const script = ["--entrypoint", "sh", "seccomp-gen-base:bookworm", "-c", "su -s /bin/sh nobody -c 'passwd -S; true'"];
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

  test("loses it where strace runs inside, and that is announced", async () => {
    const recorded = await product(await workplace(), [
      "record",
      "--tracer",
      "inside",
      "--name",
      "app",
      "--",
      "docker",
      "run",
      "--rm",
      "--network",
      "none",
      ...script,
    ]);
    expect(recorded.stderr).toMatch(/passwd: setuid.*--tracer sidecar/);
  });

  test("is not announced where the tracer keeps its privilege, or nothing can gain one", async () => {
    for (const option of [
      ["--cap-add", "SYS_PTRACE"],
      ["--security-opt", "no-new-privileges"],
    ]) {
      const recorded = await product(await workplace(), [
        "record",
        "--tracer",
        "inside",
        "--name",
        "app",
        "--",
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        ...option,
        ...script,
      ]);
      expect(recorded.stderr).toContain("profile made");
      expect(recorded.stderr).not.toContain("setuid");
    }
  });
});

describe("a tracer that does not see the program", () => {
  test("gives up in time, and strace runs inside", async () => {
    const folder = await workplace();
    await mkdir(join(folder, "bin"));
    // The real CLI; the tracer's container gets a process namespace of its own, as where /proc
    // hides other users' processes.
    await writeFile(
      join(folder, "bin/docker"),
      '#!/bin/bash\nPATH=${PATH#*:}\nwords=()\nwhile [ $# -gt 0 ]; do case "$1 $2" in "--pid ' +
        'container:"*) shift 2;; *) words+=("$1"); shift;; esac; done\nexec docker "${words[@]}"\n',
    );
    await chmod(join(folder, "bin/docker"), 0o755);
    const begun = performance.now();
    const ran = await product(
      folder,
      [
        "record",
        "--name",
        "app",
        "--",
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        "seccomp-gen-base:bookworm",
        "echo",
        "once",
      ],
      { PATH: `${folder}/bin:${process.env["PATH"] ?? ""}` },
    );
    expect(ran).toMatchObject({ exitCode: 0, stdout: "once" });
    expect(ran.stderr).toMatch(
      /no process that waits for it can be seen[^]*started again with strace inside[^]*profile made/,
    );
    expect(performance.now() - begun).toBeLessThan(60_000); // what it may take to start the tracer at all
  });
});

describe("an engine that refuses a container with CAP_SYS_PTRACE, as authorization plugins do", () => {
  /**
   * The real CLI behind a script that refuses such a container, from the moment on that the file
   * `refuse` is there.
   */
  async function refusing(folder: string): Promise<Record<string, string>> {
    await mkdir(join(folder, "bin"));
    const script =
      `#!/bin/sh\ncase "$*" in *SYS_PTRACE*) [ ! -e ${folder}/refuse ] || { echo "authorization ` +
      `denied" >&2; exit 126; } ;; esac\nPATH=\${PATH#*:} exec docker "$@"\n`;
    await writeFile(join(folder, "bin/docker"), script);
    await chmod(join(folder, "bin/docker"), 0o755);
    return { PATH: `${folder}/bin:${process.env["PATH"] ?? ""}` };
  }
  const base = "seccomp-gen-base:bookworm";

  test("gets strace inside the container, and the program runs once", async () => {
    const folder = await workplace();
    await writeFile(join(folder, "refuse"), "");
    const ran = await product(
      folder,
      [
        "record",
        "--name",
        "app",
        "--",
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        base,
        "sh",
        "-c",
        "echo once; exit 4",
      ],
      await refusing(folder),
    );
    expect(ran).toMatchObject({ exitCode: 4, stdout: "once" });
    expect(ran.stderr).toMatch(/authorization denied[^]*started again with strace inside[^]*profile made/);
  });

  test("also in the background, and only the id of the container that stays is printed", async () => {
    const folder = await workplace();
    await writeFile(join(folder, "refuse"), "");
    const ran = await product(
      folder,
      [
        "record",
        "--name",
        "app",
        "--stop-after",
        "1",
        "--",
        "docker",
        "run",
        "-d",
        "--network",
        "none",
        "--stop-timeout",
        "1",
        base,
        "sleep",
        "60",
      ],
      await refusing(folder),
    );
    expect(ran).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  });

  test("is told of where a stdin may have been read already", async () => {
    const folder = await workplace();
    await writeFile(join(folder, "refuse"), "");
    const ran = await product(
      folder,
      ["record", "--name", "app", "--", "docker", "run", "--rm", "-i", "--network", "none", base, "cat"],
      await refusing(folder),
    );
    expect(ran).toMatchObject({ exitCode: 2, stdout: "" });
    expect(ran.stderr).toMatch(/could not be attached[^]*--tracer inside/);
  });

  test("does not leave a later start of the container waiting in silence", async () => {
    const folder = await workplace();
    const kill = `touch ${folder}/refuse; docker exec $SECCOMP_GEN_CONTAINER bash -c "kill -INT 1"; sleep 60`;
    const script = 'trap "exit 1" INT; while :; do sleep 0.1; done';
    const run = ["docker", "run", "--restart", "always", "--network", "none", base, "bash", "-c", script];
    const ran = await product(
      folder,
      ["record", "--name", "app", "--while", `sleep 1; ${kill}`, "--", ...run],
      await refusing(folder),
    );
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toMatch(
      /started once more, and the tracer beside it could not be attached again: .*authorization denied/,
    );
  });
});

test("a container that ends by itself is checked in time, and verify checks it too", async () => {
  const folder = await workplace();
  const checked = (...more: readonly string[]): readonly string[] => [
    "docker",
    "run",
    "--rm",
    "--network",
    "none",
    "--health-cmd",
    "ls /",
    ...more,
    "seccomp-gen-base:bookworm",
    "sleep",
    "5",
  ];
  const often = checked("--health-interval", "1s");
  const unchecked = await product(folder, ["record", "--name", "unchecked", "--", ...checked()]);
  expect(unchecked.stderr).toContain("not exercised: the health check");
  const denied = await product(folder, ["verify", "profiles/unchecked.json", "--max-runs", "0", "--", ...often]);
  expect(denied.exitCode, denied.stderr).toBe(1);
  expect(denied.stderr).toContain("HEALTHCHECK");
  const recorded = await product(folder, ["record", "--name", "checked", "--verify", "--", ...often]);
  expect(recorded.exitCode, recorded.stderr).toBe(0);
  expect(recorded.stderr).not.toContain("not exercised");
  expect(await readFile(join(folder, "traces/checked/recording.json"), "utf8")).toContain("getdents64");
});
