// Counts both errors of profiles on real workloads: one half of what a workload does is recorded, the other half runs under profiles made from that.
//
// Usage: npm run evaluate -- [--only NAME] [--jobs N]          DOCKER_HOST names the engine; needs npm run build and `npm run engine -- base-image`
// Output: a Markdown table on stdout. Exit code: 0 the default profile breaks nothing, 1 it breaks something, 2 trouble.
//
// Broken: exit codes or output of the second half differ from the same run under Docker's own default profile. Excess: calls allowed that neither half makes,
// the container runtime's among them.
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { workloads } from "./workloads.mjs";

const { values: options } = parseArgs({ options: { only: { type: "string" }, jobs: { type: "string", default: "1" } } });
const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-evaluate-"));

/** What a naive tool adds to every profile: what some version of runc was once seen calling. No policy, EPERM for all else. */
const fixedFloor = ["capget", "capset", "chdir", "execve", "fchown", "futex", "getdents64", "getpid", "getppid", "lstat", "openat", "prctl", "setgid", "setgroups", "setuid", "stat"];

const kinds = [
  { name: "baseline", make: ({ recordingA }) => ({ defaultAction: "SCMP_ACT_ERRNO", architectures: ["SCMP_ARCH_X86_64"], syscalls: [{ names: [...new Set([...called(recordingA), ...fixedFloor])].sort(), action: "SCMP_ACT_ALLOW" }] }) },
  { name: "names-only", make: generated("--args", "none", "--exact") },
  { name: "--exact", make: generated("--exact") },
  { name: "default", make: generated() },
];

function generated(...words) {
  return async ({ recordingA }) => {
    const made = await run(process.execPath, [cli, "generate", recordingA, ...words]);
    if (made.exitCode !== 0) throw new Error(`generate ${words.join(" ")}: ${made.stderr}`);
    return JSON.parse(made.stdout);
  };
}

function run(program, words, { env = {}, timeout = 170_000 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env }, timeout });
    const output = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"]) child[stream].on("data", (bytes) => { output[stream] += bytes; });
    child.on("error", (error) => resolve({ exitCode: -1, stdout: "", stderr: error.message }));
    child.on("close", (exitCode, signal) => resolve({ exitCode: exitCode ?? signal, ...output }));
  });
}

const docker = (...words) => run("docker", words);
const client = (image) => `docker run --rm --network container:$SECCOMP_GEN_CONTAINER --pid container:$SECCOMP_GEN_CONTAINER --volumes-from $SECCOMP_GEN_CONTAINER --entrypoint bash ${image} -c "$EXERCISE"`;
const called = (recording) => Object.values(JSON.parse(readFileSync(recording, "utf8")).syscalls).flatMap((calls) => Object.keys(calls));
const allowed = ({ syscalls }) => new Set(syscalls.filter(({ action }) => action === "SCMP_ACT_ALLOW").flatMap(({ names }) => names));

async function record(workload, half, name) {
  const { exercise, words = workload.words, options: own } = workload[half];
  const during = exercise === undefined ? [] : ["--while", client(workload.image)];
  const recorded = await run(process.execPath, [cli, "record", "--name", name, "--force", ...during, "--", "docker", "run", "--rm", ...workload.options, ...own, workload.image, ...words], { env: { EXERCISE: exercise ?? "" } });
  const path = join(folder, "traces", name, "recording.json");
  try {
    readFileSync(path);
  } catch {
    throw new Error(`${workload.name}, half ${half}, could not be recorded: ${recorded.stderr}`);
  }
  return path;
}

/** Runs the second half, under a profile or the engine's own: what its user sees. */
async function second(workload, profile) {
  const { exercise, words = workload.words, options: own } = workload.b;
  const security = profile === undefined ? [] : ["--security-opt", `seccomp=${profile}`];
  if (exercise === undefined) return JSON.stringify(await docker("run", "--rm", ...security, ...workload.options, ...own, workload.image, ...words));
  const started = await docker("run", "-d", ...security, ...workload.options, ...own, workload.image, ...words);
  const id = started.stdout.trim().split("\n").at(-1);
  if (started.exitCode !== 0) {
    if (id !== "") await docker("rm", "-fv", id);
    return `does not start: ${started.stderr}`;
  }
  const seen = await run("sh", ["-c", client(workload.image)], { env: { SECCOMP_GEN_CONTAINER: id, EXERCISE: exercise } });
  await docker("stop", "-t", "15", id);
  const exitCode = (await docker("inspect", "-f", "{{.State.ExitCode}}", id)).stdout.trim();
  await docker("rm", "-fv", id);
  return JSON.stringify({ exitCode, client: seen.exitCode, stdout: seen.stdout });
}

async function evaluate(workload) {
  const slug = workload.name.replaceAll(/[^a-z0-9]+/g, "-");
  const recordingA = await record(workload, "a", `${slug}-a`);
  const used = new Set([...called(recordingA), ...called(await record(workload, "b", `${slug}-b`))]);
  const plain = await second(workload);
  const again = await second(workload);
  if (plain !== again) process.stderr.write(`evaluate: ${workload.name} is not the same twice without our profile:\n  ${plain}\n  ${again}\n`);
  const row = { name: workload.name, a: called(recordingA).length, used: used.size, cells: [] };
  for (const { name, make } of kinds) {
    const profile = await make({ recordingA });
    const file = join(folder, `${slug}-${name}.json`);
    writeFileSync(file, JSON.stringify(profile));
    const result = await second(workload, file);
    const names = allowed(profile);
    const broken = result !== plain && result !== again;
    if (broken) process.stderr.write(`evaluate: ${workload.name} under ${name}:\n  expected ${plain}\n  got      ${result}\n`);
    row.cells.push({ kind: name, broken, allowed: names.size, excess: [...names].filter((call) => !used.has(call)).length, missing: [...used].filter((call) => !names.has(call)) });
  }
  const missing = row.cells.find(({ kind }) => kind === "default").missing;
  process.stderr.write(`evaluate: ${workload.name}: the default profile lacks of both halves' calls: ${missing.join(" ") || "nothing"}\n`);
  return row;
}

async function evaluateAll() {
  const chosen = workloads.filter(({ name }) => options.only === undefined || name === options.only);
  for (const { image } of chosen) {
    const place = { "seccomp-gen-evaluate": "image/" }[image] ?? `../live/workloads/${image.replace("seccomp-gen-test-", "")}/`;
    if (image === "seccomp-gen-base:bookworm") continue;
    execFileSync("docker", ["build", "-q", "--network", "host", "-t", image, fileURLToPath(new URL(place, import.meta.url))], { env: { ...process.env, DOCKER_BUILDKIT: "0" }, stdio: ["ignore", "ignore", "inherit"] });
  }
  process.chdir(folder);
  const rows = [];
  const queue = [...chosen];
  let failed = 0;
  await Promise.all(Array.from({ length: Number(options.jobs) }, async () => {
    for (let workload = queue.shift(); workload !== undefined; workload = queue.shift()) {
      try {
        rows.push(await evaluate(workload));
      } catch (error) {
        failed += 1;
        process.stderr.write(`evaluate: ${error.message}\n`);
      }
    }
  }));
  rows.sort((left, right) => chosen.findIndex(({ name }) => name === left.name) - chosen.findIndex(({ name }) => name === right.name));
  const lines = [
    `${new Date().toISOString().slice(0, 10)}, ${process.arch}, ${cpus().length} cores, Docker ${execFileSync("docker", ["version", "--format", "{{.Server.Version}}"], { encoding: "utf8" }).trim()}. In each cell: whether the half that was not recorded runs unchanged, and how many allowed calls neither half makes.`,
    "",
    `| workload | calls recorded → of both halves | ${kinds.map(({ name }) => name).join(" | ")} |`,
    `|---|---|${kinds.map(() => "---").join("|")}|`,
    ...rows.map(({ name, a, used, cells }) => `| ${name} | ${a} → ${used} | ${cells.map(({ broken, excess }) => `${broken ? "**breaks**" : "runs"}, +${excess}`).join(" | ")} |`),
    `| all ${rows.length} | | ${kinds.map((_, index) => `${rows.filter(({ cells }) => cells[index].broken).length} break, +${rows.reduce((sum, { cells }) => sum + cells[index].excess, 0)}`).join(" | ")} |`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  if (failed > 0) return 2;
  return rows.some(({ cells }) => cells.at(-1).broken) ? 1 : 0;
}

try {
  process.exitCode = await evaluateAll();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
