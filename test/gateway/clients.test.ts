import { execa } from "execa";
import { cp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseRecording } from "../../src/core/recording/index.ts";
import { docker, leftovers, product, workplace, type Ran } from "../support/product.ts";

/** A name for this run only. The test ignores everything else on the engine. */
const name = `sg-clients-${process.pid}`;
const image = `${name}:1`;
const env = { IMAGE: image, TESTCONTAINERS_RYUK_DISABLED: "true" };
let clients: string;

/** The clients' own packages, at fixed versions. They are too large to be dependencies. */
beforeAll(async () => {
  await docker("tag", "seccomp-gen-base:bookworm", image);
  clients = await workplace();
  await cp(fileURLToPath(new URL("clients", import.meta.url)), clients, { recursive: true });
  const npm = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", clients];
  await execa("npm", [...npm, "dockerode@4.0.2", "testcontainers@10.13.2"], { timeout: 300_000 });
  const packages = fileURLToPath(new URL("../../tools/engine/packages.sh", import.meta.url));
  await execa("bash", [packages, "python3-docker"], { timeout: 400_000 });
});

afterAll(async () => {
  await docker("rmi", image);
  await rm(clients, { recursive: true, force: true });
});

/** The containers of this test's image, and what our ended sessions have left. */
async function left(): Promise<string> {
  const { stdout } = await docker("ps", "-a", "--format", "{{.Image}} {{.ID}}");
  const own = stdout.split("\n").filter((line) => line.startsWith(name));
  const ours = (await leftovers()).split("; ").filter((line) => /^seccomp-gen-(?:gate|out|tracer)/.test(line));
  return [...own, ...ours].join("; ");
}

async function direct(command: readonly string[]): Promise<Ran> {
  const [file = "", ...args] = command;
  const { exitCode, stdout, stderr } = await execa(file, args, {
    env,
    reject: false,
    timeout: 120_000,
    stdin: "ignore",
  });
  return { exitCode, stdout, stderr };
}

async function callsOf(folder: string): Promise<readonly string[]> {
  const recording = parseRecording(
    await readFile(join(folder, "traces", name, "recording.json"), "utf8"),
    "recording.json",
  );
  return Object.values(recording.syscalls).flatMap((calls) => Object.keys(calls));
}

test.each([
  { client: "dockerode", command: ["node", "dockerode.cjs"], code: 5, calls: ["mkdir", "rmdir"] },
  { client: "Testcontainers", command: ["node", "testcontainers.cjs"], code: 0, calls: ["listen", "accept4", "mkdir"] },
  { client: "docker-py", command: ["python3", "with-docker.py"], code: 6, calls: ["mkdir", "rmdir", "uname"] },
])("$client sees what it sees without us, and its containers and execs are recorded", async (row) => {
  const [program = "", script = ""] = row.command;
  const command = [program, join(clients, script)];
  const without = await direct(command);
  expect(without).toMatchObject({ exitCode: row.code, stderr: "" });
  const folder = await workplace();
  const { exitCode, stdout, stderr } = await product(folder, ["record", "--containers", "--", ...command], env);
  expect({ exitCode, stdout }, stderr).toEqual({ exitCode: without.exitCode, stdout: without.stdout });
  expect(await callsOf(folder)).toEqual(expect.arrayContaining(row.calls));
  expect(await readdir(join(folder, "profiles"))).toEqual([`${name}.json`]);
  expect(await left()).toBe("");
});

test("fifty containers at once are recorded, each whole", async () => {
  const folder = await workplace();
  // Each makes a call with its own argument. The recording has the argument only if that program was traced.
  const script =
    `for n in $(seq 50); do docker run --rm --network none ${image} ` +
    `perl -e "ioctl(STDIN, 4096 + $n, my \\$x = 0); print qq($n\\n)" & done; wait`;
  const { exitCode, stdout, stderr } = await product(folder, ["record", "--containers", "--", "sh", "-c", script]);
  expect(
    {
      exitCode,
      numbers: stdout
        .split("\n")
        .map(Number)
        .sort((a, b) => a - b),
    },
    stderr,
  ).toEqual({
    exitCode: 0,
    numbers: Array.from({ length: 50 }, (_, index) => index + 1),
  });
  const recording = parseRecording(
    await readFile(join(folder, "traces", name, "recording.json"), "utf8"),
    "recording.json",
  );
  const values = Object.values(recording.syscalls).flatMap(({ ioctl }) =>
    ioctl?.args === undefined || ioctl.args.values === "many" ? [] : ioctl.args.values.flat(),
  );
  const own = values.filter((value) => value !== null && value > 4096n && value <= 4146n);
  expect(own, stderr).toHaveLength(50);
  // Making the same calls fifty times does not make fifty times as many syscalls.
  const distinct = [...stderr.matchAll(/(\d+) distinct syscalls/g)].map(([, count]) => Number(count));
  expect(Math.max(...distinct)).toBeLessThan(100);
  expect(await left()).toBe("");
});

test("a pull that fails says what it says without us", async () => {
  const command = ["docker", "run", "--rm", "127.0.0.1:1/not/there:1", "true"];
  const without = await direct(command);
  expect(without).toMatchObject({ exitCode: 125, stdout: "" });
  expect(without.stderr).toContain("connection refused");
  const folder = await workplace();
  const { exitCode, stdout, stderr } = await product(folder, ["record", "--", ...command]);
  expect(exitCode).toBe(2);
  expect(stdout).toBe("");
  const message = without.stderr.split("\n").find((line) => line.includes("connection refused")) ?? "";
  expect(stderr).toContain(message);
  expect(await readdir(folder)).toEqual([]);
  expect((await docker("ps", "-aq", "--filter", "ancestor=127.0.0.1:1/not/there:1")).stdout).toBe("");
  expect(await left()).toBe("");
});
