import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { cli, docker, leftovers, product, workplace } from "../support/product.ts";

const image = "seccomp-gen-base:bookworm";
const run = ["docker", "run", "--rm", "--network", "none", "--stop-timeout", "1", image];
/** The gateway hides the keeper from a --while command, so this talks to the engine itself. */
const engine = `docker -H ${process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock"}`;
/** The keeper of this recording. Its name has the number of the volume that its container mounts. */
const keeper =
  `$(${engine} inspect --format '{{range .Mounts}}{{.Name}}{{end}}' $SECCOMP_GEN_CONTAINER | ` +
  "sed s/seccomp-gen-gate-/seccomp-gen-keeper-/)";

test.each([
  ["strace", `${engine} top ${keeper} | awk '/strace -f/ { print $2 }' | xargs kill -9; sleep 2`],
  ["the container that traces", `${engine} kill ${keeper}; sleep 2`],
])("%s is killed: the workload goes on, the recording is partial, nothing is left", async (_, kill) => {
  const folder = await workplace();
  const script = "while sleep 0.2; do echo alive; done";
  const ran = await product(folder, [
    "record",
    "--name",
    "app",
    "--while",
    `sleep 1; ${kill}`,
    "--",
    ...run,
    "sh",
    "-c",
    script,
  ]);
  expect(ran.exitCode, ran.stderr).toBe(2);
  expect(ran.stderr).toMatch(/the trace broke off: .*ended before the workload did/);
  expect(ran.stdout.split("\n").length).toBeGreaterThan(10);
  expect(await readFile(join(folder, "traces/app/recording.partial.json"), "utf8")).toContain('"execve"');
  expect(await leftovers()).toBe("");
});

test("a killed recording lets the program go untraced within a second, and clean recovers what was seen", async () => {
  const folder = await workplace();
  const name = `sg-killed-${process.pid}`;
  const words = ["record", "--name", "app", "--", "docker", "run", "--name", name, "--rm", "--network", "none", image];
  const child = spawn(process.execPath, [cli, ...words, "sh", "-c", "ls /; sleep 30"], {
    cwd: folder,
    stdio: "ignore",
  });
  await expect
    .poll(async () => (await docker("inspect", "--format", "{{.State.Running}}", name)).stdout, { timeout: 20_000 })
    .toBe("true");
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  child.kill("SIGKILL");
  const pid = (await docker("inspect", "--format", "{{.State.Pid}}", name)).stdout;
  await expect.poll(async () => readFile(`/proc/${pid}/status`, "utf8"), { timeout: 3_000 }).toContain("TracerPid:\t0");
  const cleaned = await product(folder, ["clean"]);
  expect(cleaned.stderr).toContain("calls of the killed recording of app are in");
  expect(await readFile(join(folder, "traces/app/recording.partial.json"), "utf8")).toContain('"getdents64"');
  expect(await leftovers()).toBe("");
});

test("programs that are killed while they are held leave the recording whole", async () => {
  const folder = await workplace();
  const name = `sg-held-${process.pid}`;
  const script = [
    "for n in 1 2 3 4 5 6; do",
    `docker create --name ${name}-$n --network none ${image} sleep 60 >/dev/null`,
    `docker start ${name}-$n >/dev/null 2>&1 &`,
    `while pid=$(docker inspect -f '{{.State.Pid}}' ${name}-$n); [ "$pid" = 0 ]; do :; done`,
    `kill -9 $pid; docker rm -f ${name}-$n >/dev/null`,
    "done; wait",
    `docker run --rm --network none ${image} sh -c 'unlink /none 2>/dev/null; echo end'`,
  ].join("\n");
  const ran = await product(folder, ["record", "--containers", "--name", "app", "--", "sh", "-c", script]);
  expect(ran, ran.stderr).toMatchObject({ exitCode: 0, stdout: "end" });
  expect(await readFile(join(folder, "traces/app/recording.json"), "utf8")).toContain('"unlink"');
  expect(await leftovers()).toBe("");
});

test("an image with links at our place leads no write elsewhere, and the workload cannot reach the trace", async () => {
  const folder = await workplace();
  const bait =
    "RUN mkdir /opt/bait && ln -s /opt/bait /.seccomp-gen && ln -s /opt/bait /trace && ln -s /opt/bait /gate";
  await execa("docker", ["build", "-q", "-t", "seccomp-gen-bait", "-"], {
    input: `FROM ${image}\n${bait}\n`,
    env: { DOCKER_BUILDKIT: "0" },
  });
  const script = "echo forged >/.seccomp-gen/x 2>/dev/null || rm -f /.seccomp-gen/gate 2>/dev/null || echo refused";
  for (const more of [[], ["--pid", "host"]]) {
    const ran = await product(folder, [
      "record",
      "--name",
      "app",
      "--force",
      "--",
      ...run.slice(0, -1),
      ...more,
      "seccomp-gen-bait",
      "sh",
      "-c",
      script,
    ]);
    expect(ran, ran.stderr).toMatchObject({ exitCode: 0, stdout: "refused" });
  }
  expect(await readFile(join(folder, "traces/app/recording.json"), "utf8")).toContain('"openat"');
  await docker("rmi", "seccomp-gen-bait");
});

test("a crash of the first process does not hang, and is whole", async () => {
  const folder = await workplace();
  const real = await product(folder, [
    "record",
    "--name",
    "real",
    "--",
    ...run,
    "perl",
    "-e",
    'unpack "p", pack "Q", 16',
  ]);
  expect(real.exitCode, real.stderr).toBe(139);
  expect(real.stderr).toContain("the container's first process crashed (SIGSEGV)");
});

/** rt_sigqueueinfo(2) to itself: a signal that pretends to come from the kernel (si_code 1, SEGV_MAPERR). */
const claim = 'my $info = pack("iiix4QQx96", 11, 0, 1, 0, 0); syscall(129, $$ + 0, 11, $info) for 1 .. 40';

test.each([
  ["made a process that strace cannot see", "syscall(56, 0x800011, 0, 0, 0, 0) or exec 'true'; wait", /CLONE_UNTRACED/],
  ["only claims that it crashed", `${claim}; sleep 8`, /seemed to crash \(SIGSEGV\), but the process went on/],
])("a recording of a program that %s is partial", async (_, script, told) => {
  const folder = await workplace();
  const ran = await product(folder, ["record", "--name", "app", "--", ...run, "perl", "-e", script]);
  expect(ran.exitCode, ran.stderr).toBe(2);
  expect(ran.stderr).toMatch(told);
  expect(await readFile(join(folder, "traces/app/recording.partial.json"), "utf8")).toContain('"execve"');
});

test.each([
  ["ignores", "$SIG{SEGV} = 'IGNORE'"],
  ["handles", "$SIG{SEGV} = sub { }"],
  ["sends itself, as the first process that the kernel keeps alive,", "1"],
])("a SIGSEGV that a program %s is no crash, and the recording is whole", async (_, setting) => {
  const folder = await workplace();
  const script = `${setting}; kill SEGV => $$; unlink "/none"`;
  const ran = await product(folder, ["record", "--name", "app", "--", ...run, "perl", "-e", script]);
  expect(ran.exitCode, ran.stderr).toBe(0);
  expect(await readFile(join(folder, "traces/app/recording.json"), "utf8")).toContain('"unlink"');
});
