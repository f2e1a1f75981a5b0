import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { cli, docker, product, workplace } from "../support/product.ts";

const image = "seccomp-gen-base:bookworm";

/** The containers with this label that are left. */
async function left(label: string): Promise<string> {
  return (await docker("ps", "-aq", "--filter", `label=${label}`)).stdout;
}

test("record --containers makes a recording of each container, sees exec, and passes the exit code on", async () => {
  const folder = await workplace();
  const label = `sg-containers-test-${process.pid}`;
  const options = `--network none -l ${label}`;
  await writeFile(
    join(folder, "script"),
    [
      `id=$(docker run -d ${options} -l com.docker.compose.service=first ${image} sleep 60)`,
      "docker exec $id chrt -m >/dev/null",
      "docker rm -f $id >/dev/null",
      `docker run --rm ${options} -l com.docker.compose.service=second ${image} chmod 600 /etc/issue`,
      "exit 5",
    ].join("\n"),
  );
  const { exitCode, stderr } = await product(folder, ["record", "--containers", "--", "sh", "script"]);
  expect(exitCode, stderr).toBe(5);
  const callsOf = async (name: string): Promise<Record<string, unknown>> => {
    const text = await readFile(join(folder, "traces", name, "recording.json"), "utf8");
    return (
      (JSON.parse(text) as { syscalls: Record<string, Record<string, unknown>> }).syscalls["SCMP_ARCH_X86_64"] ?? {}
    );
  };
  expect(await callsOf("first")).toHaveProperty("sched_get_priority_max");
  expect(await callsOf("second")).toHaveProperty("fchmodat");
  expect(await callsOf("second")).not.toHaveProperty("sched_get_priority_max");
  expect(await left(label)).toBe("");
});

test("of an image that the command removes the code is read, and one container's health check counts", async () => {
  const folder = await workplace();
  const own = `sg-removed-${process.pid}`;
  const script = [
    `printf 'FROM ${image}\\nHEALTHCHECK --interval=1s CMD test -e /etc/passwd\\n' >Dockerfile`,
    `docker build -q -t ${own} . >/dev/null`,
    `docker run --rm --network none ${own} true`,
    `id=$(docker run -d --network none ${own} sleep 60)`,
    "while [ $(docker inspect -f '{{.State.Health.Status}}' $id) != healthy ]; do sleep 0.2; done",
    "docker rm -f $id >/dev/null",
    `docker rmi ${own} >/dev/null && docker image inspect ${own} >/dev/null 2>&1 || echo removed`,
  ].join("\n");
  const env = { DOCKER_BUILDKIT: "0" };
  const ran = await product(folder, ["record", "--containers", "--", "sh", "-c", script], env);
  expect(ran, ran.stderr).toMatchObject({ exitCode: 0, stdout: "removed" });
  expect(ran.stderr).toMatch(/recorded \d+ of \d+ calls that the programs' code can make/);
  expect(ran.stderr).not.toContain("the health check (");
});

test("a command that starts no container ends with exit code 2 and says so", async () => {
  const { exitCode, stderr } = await product(await workplace(), ["record", "--containers", "--", "true"]);
  expect(exitCode, stderr).toBe(2);
  expect(stderr).toContain("true started no container");
});

test("a command that fails before it starts a container is not blamed for how it starts them", async () => {
  const { exitCode, stderr } = await product(await workplace(), ["record", "--containers", "--", "sh", "-c", "exit 4"]);
  expect(exitCode, stderr).toBe(2);
  expect(stderr).toContain("sh ended with exit code 4 before it started a container");
});

test.each([
  ["a script", ["sh", "script"]],
  ["make", ["make", "-s", "up"]],
  ["sudo with its options together", ["sudo", "-Eu", "root", "sh", "script"]],
])("%s that starts containers has them recorded without --containers", async (_, words) => {
  const folder = await workplace();
  await writeFile(join(folder, "script"), `docker run --rm --network none ${image} chmod 600 /etc/issue\n`);
  await writeFile(join(folder, "Makefile"), "up:\n\tsh script\n");
  const { exitCode, stderr } = await product(folder, ["record", "--", ...words]);
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain("started containers; they are recorded instead of the program");
  expect(await readFile(join(folder, "traces/seccomp-gen-base/recording.json"), "utf8")).toContain('"fchmodat"');
});

test.each([
  ["asks an engine, and starts nothing", "docker ps", /sh ran docker, but started no container that could be recorded/],
  ["goes past the gateway", `docker -H $DIRECT run --rm --network none ${image} true`, /-H bypass it/],
  ["runs kubectl", "PATH=$PWD:$PATH kubectl get pods", /sh ran kubectl[^]*cluster's nodes/],
])("a program that %s is no workload", async (_, script, told) => {
  const folder = await workplace();
  await writeFile(join(folder, "kubectl"), "#!/bin/sh\n", { mode: 0o755 });
  const ran = await product(folder, ["record", "--", "sh", "-c", script], { DIRECT: process.env["DOCKER_HOST"] ?? "" });
  expect(ran.exitCode, ran.stderr).toBe(2);
  expect(ran.stderr).toMatch(told);
  await expect(readFile(join(folder, "traces/sh/recording.json"))).rejects.toThrow("ENOENT");
});

test("a program that was recorded without an init runs under its profile with one", async () => {
  const folder = await workplace();
  const words = ["docker", "run", "--rm", "--network", "none"];
  const recorded = await product(folder, ["record", "--name", "app", "--exact", "--", ...words, image, "true"]);
  expect(recorded.exitCode, recorded.stderr).toBe(0);
  const verified = await product(folder, ["verify", "profiles/app.json", "--", ...words, "--init", image, "true"]);
  expect(verified.exitCode, verified.stderr).toBe(0);
  const path = join(folder, "profiles/app.json");
  const profile = JSON.parse(await readFile(path, "utf8")) as { syscalls: { names: readonly string[] }[] };
  for (const rule of profile.syscalls) rule.names = rule.names.filter((name) => name !== "setpgid");
  profile.syscalls = profile.syscalls.filter(({ names }) => names.length > 0);
  await writeFile(path, JSON.stringify(profile));
  const told = await product(folder, ["verify", "profiles/app.json", "--", ...words, "--init", image, "true"]);
  expect(told.exitCode, told.stderr).toBe(1);
  expect(told.stderr).toMatch(
    /setpgid[^]*tini, which --init, Compose's init or the engine's configuration puts before/,
  );
});

test("--cidfile goes with --verify, and what the user's own command leaves is left", async () => {
  const folder = await workplace();
  const words = ["docker", "run", "--rm", "--network", "none", "--cidfile", "id", image, "true"];
  const ran = await product(folder, ["record", "--name", "app", "--rounds", "2", "--verify", "--", ...words]);
  expect(ran.exitCode, ran.stderr).toBe(0);
  expect(await readFile(join(folder, "id"), "utf8")).toMatch(/^[0-9a-f]{64}$/);
  const again = await product(folder, ["record", "--name", "app", "--", ...words]);
  expect(again.stderr).toContain("did not start");
});

test("what --allow takes in beyond Docker's default is allowed while recording, verifying and comparing", async () => {
  const folder = await workplace();
  const script = "chrt --version >/dev/null; unshare -U true && echo made";
  const words = ["docker", "run", "--rm", "--network", "none", image, "sh", "-c", script];
  const recorded = await product(folder, ["record", "--name", "app", "--allow", "unshare", "--verify", "--", ...words]);
  expect(recorded, recorded.stderr).toMatchObject({ exitCode: 0, stdout: "made\nmade" });
  const path = join(folder, "profiles/app.json");
  const profile = JSON.parse(await readFile(path, "utf8")) as { syscalls: { names: readonly string[] }[] };
  for (const rule of profile.syscalls) rule.names = rule.names.filter((name) => name !== "wait4");
  profile.syscalls = profile.syscalls.filter(({ names }) => names.length > 0);
  await writeFile(path, JSON.stringify(profile));
  const told = await product(folder, ["verify", "profiles/app.json", "--expect-exit", "0", "--", ...words]);
  expect(told.exitCode, told.stderr).toBe(1);
  expect(told.stderr).not.toContain("without it the workload fails too");
});

test("--while may leave a program in the background, and a verified recording ends with its use", async () => {
  const folder = await workplace();
  const words = ["docker", "run", "--rm", "--init", "--network", "none", image, "sleep", "50"];
  const begun = performance.now();
  const ran = await product(folder, ["record", "--verify", "--name", "app", "--while", "sleep 60 &", "--", ...words]);
  expect(performance.now() - begun).toBeLessThan(50_000);
  expect(ran.exitCode, ran.stderr).toBe(0);
  expect(ran.stderr).toMatch(
    /verify profiles\/app.json: passed.*\nseccomp-gen: next: commit .* --security-opt seccomp=profiles\/app.json$/,
  );
  expect(ran.stderr).not.toContain("next: seccomp-gen verify");
});

test("Ctrl-C during --while leaves a partial recording, and --exec that was not run is told", async () => {
  const folder = await workplace();
  const words = ["--", "docker", "run", "--rm", "--network", "none", image];
  const child = execa(
    process.execPath,
    [cli, "record", "--name", "app", "--while", "sleep 60", ...words, "sleep", "50"],
    {
      cwd: folder,
      reject: false,
      stdin: "ignore",
      forceKillAfterDelay: 60_000,
    },
  );
  await new Promise((resolve) => setTimeout(resolve, 8_000));
  child.kill("SIGINT");
  const ran = await child;
  expect(ran.exitCode, ran.stderr).toBe(2);
  expect(ran.stderr).toContain("interrupted before the --while command had ended");
  await expect(readFile(join(folder, "profiles/app.json"))).rejects.toThrow("ENOENT");
  const early = execa(process.execPath, [cli, "record", "--containers", "--", "sleep", "50"], {
    cwd: folder,
    reject: false,
    stdin: "ignore",
  });
  early.stderr.once("data", () => early.kill("SIGINT"));
  expect((await early).stderr).toContain("interrupted before a container had started");
  const short = await product(folder, ["record", "--name", "b", "--exec", "date", ...words, "true"]);
  expect(short.stderr).toContain("--exec date was not run, because the container ended before");
  const verified = await product(folder, ["verify", "profiles/b.json", "--exec", "date", ...words, "true"]);
  expect(verified.exitCode, verified.stderr).toBe(0);
  expect(verified.stderr).toContain("--exec date was not run, because the container ended before");
});

test("a --while command ends soon after its container has died, whose exit code comes first", async () => {
  const folder = await workplace();
  const words = ["docker", "run", "--rm", "--network", "none", image, "sh", "-c", "sleep 1; exit 3"];
  const begun = performance.now();
  const exercise = "printf unfinished; sleep 100; exit 7";
  const ran = await product(folder, ["record", "--name", "app", "--while", exercise, "--", ...words]);
  expect(performance.now() - begun).toBeLessThan(25_000);
  expect(ran.exitCode, ran.stderr).toBe(2);
  expect(ran.stderr).toMatch(
    /the container ended by itself with exit code 3 before the --while command did\n.*Look at the/,
  );
  expect(ran.stderr).toMatch(/^unfinished$/m);
});
