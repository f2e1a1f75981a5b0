import { execa } from "execa";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { docker, product, workplace, type Ran } from "../support/product.ts";

/** Docker's own plug-in (tools/engine/compose.sh). */
const script = fileURLToPath(new URL("../../tools/engine/compose.sh", import.meta.url));
const image = "seccomp-gen-base:bookworm";
let folder = "";
let config = "";
/** Why the tests are skipped. */
let missing: string | undefined;

const server =
  "use IO::Socket::INET; $s = IO::Socket::INET->new(Listen => 5, LocalPort => 8080, ReuseAddr => " +
  '1) or die; $SIG{TERM} = sub { exit 0 }; while ($c = $s->accept) { print $c "$ENV{GREETING}\\n"; ' +
  "close $c }";
const client =
  'use IO::Socket::INET; for (1 .. 40) { last if $s = IO::Socket::INET->new("back:8080"); select ' +
  "undef, undef, undef, 0.25 } print <$s> or die; $| = 1; sleep 60";

beforeAll(async () => {
  folder = await workplace();
  const made = await execa("bash", [script, await workplace()], { reject: false, timeout: 120_000 });
  if (made.exitCode === 0) config = made.stdout;
  else missing = `Compose could not be installed: ${made.stderr.slice(-300)}`;
  const services = {
    back: {
      image,
      command: ["perl", "-e", server.replaceAll("$", "$$$$")],
      environment: { GREETING: "cost: $$5" },
      stop_grace_period: "2s",
      cap_drop: ["NET_RAW"],
      networks: ["inner", "default"],
    },
    front: {
      image,
      command: ["perl", "-e", client.replaceAll("$", "$$$$")],
      depends_on: ["back"],
      stop_grace_period: "1s",
      restart: "on-failure",
      networks: ["inner", "default"],
    },
  };
  const project = { name: "seccomp-gen-live", services, networks: { inner: {}, default: {} } };
  await writeFile(join(folder, "compose.yaml"), JSON.stringify(project));
});

beforeEach(({ skip }) => skip(missing !== undefined, missing));

const run = (...args: readonly string[]): Promise<Ran> => product(folder, args, { DOCKER_CONFIG: config });
/** The project's containers and networks on the engine. */
const there = async (): Promise<string> =>
  (await docker("ps", "-aq", "--filter", "label=com.docker.compose.project=seccomp-gen-live")).stdout +
  (await docker("network", "ls", "-q", "--filter", "name=seccomp-gen-live")).stdout;

test("docker compose up: a recording for each service, each runs under its profile, nothing is left", async () => {
  const recorded = await run("record", "--stop-after", "4", "--", "docker", "compose", "up");
  expect(recorded.exitCode, recorded.stderr).toBe(0);
  expect(recorded.stderr).toContain("2 profiles made");
  expect(recorded.stdout).toContain("cost: $5");
  expect(await readFile(join(folder, "traces/back/recording.json"), "utf8")).not.toContain("cost");
  expect(await readFile(join(folder, "traces/back/recording.json"), "utf8")).toContain('"listen"');
  expect(await readFile(join(folder, "traces/front/recording.json"), "utf8")).toContain('"connect"');
  const verified = await run(
    "verify",
    "profiles/front.json",
    "--stop-after",
    "4",
    "--",
    "docker",
    "compose",
    "up",
    "front",
  );
  expect(verified.exitCode, verified.stderr).toBe(0);
  expect(await there()).toBe("");
});

test("docker compose run: the service's container with other words, once", async () => {
  const recorded = await run(
    "record",
    "--name",
    "once",
    "--verify",
    "--",
    "docker",
    "compose",
    "run",
    "--no-deps",
    "-e",
    "MORE=a b",
    "front",
    "sh",
    "-c",
    "echo $MORE; exit 3",
  );
  expect(recorded, recorded.stderr).toMatchObject({ exitCode: 3, stdout: "a b\na b" });
  expect(await there()).toBe("");
});

test("every service under its own profile at once, and a call that is missing is found for its service", async () => {
  const verify = ["verify", "--containers", "--stop-after", "3", "--", "docker", "compose", "up"];
  expect((await run(...verify)).stderr).toContain("passed: the command succeeds with");
  const once = [
    "docker",
    "compose",
    "run",
    "--rm",
    "--no-deps",
    "front",
    "perl",
    "-e",
    "exit(symlink('/a', '/b') ? 0 : 5)",
  ];
  const profile = join(folder, "profiles/front.json");
  const document = JSON.parse(await readFile(profile, "utf8")) as { syscalls: { names: readonly string[] }[] };
  for (const rule of document.syscalls) rule.names = rule.names.filter((name) => name !== "symlink");
  document.syscalls = document.syscalls.filter(({ names }) => names.length > 0);
  await writeFile(profile, JSON.stringify(document));
  const failed = await run("verify", "--containers", "--max-runs", "8", "--", ...once);
  expect(failed.exitCode, failed.stderr).toBe(1);
  expect(failed.stderr).toMatch(/FAILED: the command ended with exit code 5[\s\S]*the profile denies symlink/);
  expect(await there()).toBe("");
});

test("what starts no new container is told, and a project that runs is let be", async () => {
  const told = async (...words: readonly string[]): Promise<string> =>
    (await run("record", "--", "docker", "compose", ...words)).stderr;
  expect(await told("up", "side")).toContain("no such service: side");
  const up = await execa("docker", ["compose", "up", "-d", "back"], {
    cwd: folder,
    env: { DOCKER_CONFIG: config },
    reject: false,
  });
  expect(up.exitCode, up.stderr).toBe(0);
  const before = await there();
  expect(await told("exec", "back", "true")).toContain("started no container through DOCKER_HOST");
  expect(await told("up", "-d", "back")).toContain("started no container through DOCKER_HOST");
  expect(await there()).toBe(before);
  await execa("docker", ["compose", "down", "-t", "1"], { cwd: folder, env: { DOCKER_CONFIG: config } });
});

test("init: true of the Compose file is in the recording, and the profile allows the init", async () => {
  const own = await workplace();
  const app = { image, init: true, network_mode: "none", command: ["id", "-u"] };
  const project = { name: `seccomp-gen-init-${process.pid}`, services: { app } };
  await writeFile(join(own, "compose.yaml"), JSON.stringify(project));
  const up = ["--", "docker", "compose", "up"];
  const recorded = await product(own, ["record", "--exact", ...up], { DOCKER_CONFIG: config });
  expect(recorded.exitCode, recorded.stderr).toBe(0);
  expect(recorded.stderr).toMatch(
    /services:\n {2} {2}app:\n {6}security_opt:\n {8}- "seccomp=\.\/profiles\/app\.json"/,
  );
  expect(await readFile(join(own, "traces/app/recording.json"), "utf8")).toMatch(/"init": ?true/);
  const verified = await product(own, ["verify", "profiles/app.json", ...up], { DOCKER_CONFIG: config });
  expect(verified.exitCode, verified.stderr).toBe(0);
});
