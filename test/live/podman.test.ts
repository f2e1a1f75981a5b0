import { execa } from "execa";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { docker, product, workplace } from "../support/product.ts";

/**
 * Debian's podman with a storage of its own (tools/engine/podman.sh). It gets its images from the Docker engine,
 * because there may be no registry.
 */
const script = fileURLToPath(new URL("../../tools/engine/podman.sh", import.meta.url));
const image = "seccomp-gen-base:bookworm";
let path = "";
let unusable: string | undefined;

beforeAll(async () => {
  const folder = await workplace();
  await symlink(script, join(folder, "podman"));
  path = `${folder}:${process.env["PATH"] ?? ""}`;
  if (
    (
      await product(folder, [
        "record",
        "--name",
        "app",
        "--",
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        image,
        "true",
      ])
    ).exitCode !== 0
  )
    unusable = "docker records nothing here";
  // Each version of the keeper that was ever used has left one.
  const listed = await docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "seccomp-gen-tracer");
  const tracers = listed.stdout.replaceAll("\n", " ");
  const loaded = await execa("sh", ["-c", `docker save ${image} ${tracers} | podman load`], {
    env: { PATH: path },
    reject: false,
    timeout: 300_000,
  });
  const ran = await execa("podman", ["run", "--rm", "--network", "none", `localhost/${image}`, "true"], {
    env: { PATH: path },
    reject: false,
  });
  if (ran.exitCode !== 0) unusable = `podman does not run here: ${[loaded.stderr, ran.stderr].join("\n").slice(-500)}`;
});
afterAll(async () => {
  await execa("podman", ["let-go"], { env: { PATH: path }, reject: false });
});

test("podman run is recorded from beside, and runs under its profile", async ({ skip }) => {
  skip(unusable !== undefined, unusable);
  const folder = await workplace();
  const run = [
    "podman",
    "run",
    "--rm",
    "--network",
    "none",
    "--stop-timeout",
    "1",
    `localhost/${image}`,
    "sh",
    "-c",
    "echo out; exit 3",
  ];
  const recorded = await product(folder, ["record", "--name", "app", "--verify", "--", ...run], { PATH: path });
  expect(recorded, recorded.stderr).toMatchObject({ exitCode: 3, stdout: "out\nout" });
  expect(recorded.stderr).toContain("passed");
  expect((await execa("podman", ["ps", "-aq"], { env: { PATH: path } })).stdout).toBe("");
  expect((await execa("podman", ["volume", "ls", "-q"], { env: { PATH: path } })).stdout).not.toMatch(
    /seccomp-gen-out/,
  );
});

// Each container copies its image here (vfs), which takes long. Run it with SECCOMP_GEN_PODMAN=services.
if (process.env["SECCOMP_GEN_PODMAN"] === "services")
  test("a service of podman is verified several times with its exercise, and a call that it lacks is named", async ({
    skip,
  }) => {
    skip(unusable !== undefined, unusable);
    const folder = await workplace();
    const server =
      'use IO::Socket::INET; $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", ' +
      "LocalPort => 8080, ReuseAddr => 1) or die; $SIG{TERM} = sub { exit 0 }; while ($c = $s->accept) " +
      '{ print $c "served\\n"; close $c }';
    const client =
      'for (1 .. 50) { $c = IO::Socket::INET->new("127.0.0.1:8080") and print(<$c>), exit 0; select ' +
      "undef, undef, undef, 0.2 } exit 1";
    const exercise =
      `podman run --rm --network container:$SECCOMP_GEN_CONTAINER localhost/${image} perl ` +
      `-MIO::Socket::INET -e '${client}' | grep served`;
    const run = [
      "podman",
      "run",
      "--rm",
      "--network",
      "none",
      "--stop-timeout",
      "1",
      `localhost/${image}`,
      "perl",
      "-e",
      server,
    ];
    const recorded = await product(folder, ["record", "--name", "app", "--while", exercise, "--", ...run], {
      PATH: path,
    });
    expect(recorded.exitCode, recorded.stderr).toBe(0);
    const verified = await product(
      folder,
      ["verify", "profiles/app.json", "--times", "2", "--while", exercise, "--", ...run],
      { PATH: path },
    );
    expect(verified.stderr).toMatch(/2 of 2[^]*passed/);
    expect(verified.exitCode).toBe(0);
    const profile = JSON.parse(await readFile(join(folder, "profiles/app.json"), "utf8")) as {
      syscalls: { names: string[] }[];
    };
    for (const group of profile.syscalls) group.names = group.names.filter((name) => name !== "listen");
    await writeFile(
      join(folder, "broken.json"),
      JSON.stringify({ ...profile, syscalls: profile.syscalls.filter(({ names }) => names.length > 0) }),
    );
    const failed = await product(folder, ["verify", "broken.json", "--while", exercise, "--", ...run], { PATH: path });
    expect(failed.stderr).toMatch(/the cause: the profile denies .*\blisten\b/);
    expect(failed.exitCode).toBe(1);
  }, 1_800_000);

test("what a killed recording of podman left behind is found", async ({ skip }) => {
  skip(unusable !== undefined, unusable);
  const label = `seccomp-gen.session=${spawnSync("true").pid}@${hostname()}`;
  await execa("podman", ["create", "--label", label, `localhost/${image}`, "true"], { env: { PATH: path } });
  await execa("podman", ["volume", "create", "--label", label, "seccomp-gen-out-000000000000"], {
    env: { PATH: path },
  });
  const cleaned = await product(await workplace(), ["clean", "--", "podman"], { PATH: path });
  expect(cleaned.stderr).toMatch(/found [1-9]\d* containers, [1-9]\d* trace volumes; all removed/);
  expect(cleaned.exitCode).toBe(0);
});

test("podman starts a container under what export writes for it", async ({ skip }) => {
  skip(unusable !== undefined, unusable);
  const oci = join(await workplace(), "oci.json");
  const exported = await product(await workplace(), [
    "export",
    fileURLToPath(new URL("../../profiles/nginx.json", import.meta.url)),
    "--format",
    "oci",
    "-o",
    oci,
  ]);
  expect(exported, exported.stderr).toMatchObject({ exitCode: 0 });
  const under = async (
    entrypoint: string,
  ): Promise<{ readonly exitCode?: number | undefined; readonly stderr: string }> =>
    execa(
      "podman",
      [
        "run",
        "--rm",
        "--network",
        "none",
        "--security-opt",
        `seccomp=${oci}`,
        "--entrypoint",
        entrypoint,
        `localhost/${image}`,
      ],
      { env: { PATH: path }, reject: false },
    );
  const ran = await under("true");
  expect(ran.exitCode, ran.stderr).toBe(0);
  const denied = await under('["chroot", "/", "true"]');
  expect([denied.exitCode === 0, String(denied.stderr)]).toEqual([
    false,
    expect.stringMatching(/not permitted|not implemented/) as string,
  ]);
});

test("podman in a script is told the way to go, and that way records it", async ({ skip }) => {
  skip(unusable !== undefined, unusable);
  const folder = await workplace();
  const script = `podman run --rm --network none localhost/${image} sh -c 'echo in podman'`;
  const told = await product(folder, ["record", "--", "sh", "-c", script.replace(/run .*/, "version")], { PATH: path });
  expect(told.exitCode, told.stderr).toBe(2);
  expect(told.stderr).toMatch(/sh ran podman[^]*start its service first: podman system service[^]*DOCKER_HOST=unix:/);
  const socket = join(folder, "podman.sock");
  const words = ["system", "service", "--time", "120", `unix://${socket}`];
  const service = execa("podman", words, { env: { PATH: path }, reject: false, stdio: "ignore" });
  await expect.poll(() => existsSync(socket), { timeout: 60_000 }).toBe(true);
  // A client of the service does not have the wrapper's options for its own storage.
  const client = script.replace("podman", "/usr/bin/podman");
  const ran = await product(folder, ["record", "--name", "app", "--containers", "--", "sh", "-c", client], {
    PATH: path,
    DOCKER_HOST: `unix://${socket}`,
  });
  service.kill();
  expect(ran, ran.stderr).toMatchObject({ exitCode: 0, stdout: "in podman" });
  expect(ran.stderr).toMatch(/next: seccomp-gen verify --containers -- sh -c …/);
});

test("a script's podman is recorded where no Docker is", async ({ skip }) => {
  skip(unusable !== undefined, unusable);
  skip(existsSync("/var/run/docker.sock"), "Docker's own socket is here");
  const folder = await workplace();
  const script = `podman run --rm --network none localhost/${image} sh -c 'echo in podman; unlink /none 2>/dev/null'`;
  const ran = await product(folder, ["record", "--", "sh", "-c", `${script}; exit 4`], { PATH: path, DOCKER_HOST: "" });
  expect(ran, ran.stderr).toMatchObject({ exitCode: 4, stdout: "in podman" });
  expect(await readFile(join(folder, "traces/seccomp-gen-base/recording.json"), "utf8")).toContain('"unlink"');
  expect((await execa("podman", ["ps", "-aq"], { env: { PATH: path } })).stdout).toBe("");
});
