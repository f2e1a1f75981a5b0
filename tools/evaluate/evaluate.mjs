// Counts both errors of profiles on real workloads: one half of what a workload does is recorded,
// the other half runs under profiles made from that.
//
// Usage: npm run evaluate -- [--only NAME]… [--fresh] [--write]
// DOCKER_HOST names the engine; needs `npm run engine -- base-image`.
// Output: a Markdown table on stdout, with --write in the README too; progress on stderr. Exit
// code: 0 the default profile breaks nothing, 1 it breaks something, 2 trouble. One workload's
// trouble does not end the others. Recordings and runs are kept in .evaluate/, so that a second
// call goes on where the first was cut off and runs only profiles that became others; --fresh
// forgets them.
//
// Broken: exit codes or output of the second half differ from the same run under Docker's own
// default profile. Excess: calls allowed that neither half makes, that the second half does not
// make on another day either, and that no container runtime needs; counted alike for every kind of
// profile. The other days are the same second half in images of Debian's next release, and where
// the vDSO cannot be used, so that every question for the time goes to the kernel.
import { spawn, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { floorFor } from "../../dist/core/policy/index.js";
import { measuredOn, writeIntoReadme } from "../readme.mjs";
import { days, workloads } from "./workloads.mjs";

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    fresh: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const cli = path("../../dist/cli.cjs");
const folder = path("../../.evaluate/");
const base = "seccomp-gen-base:bookworm";
const floor = floorFor("any", { noNewPrivileges: false, init: false }).flatMap(({ names }) => names);

const generated =
  (...words) =>
  ({ recording }) =>
    execFileSync(process.execPath, [cli, "generate", recording, ...words], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
const plainList = (names) =>
  JSON.stringify({
    defaultAction: "SCMP_ACT_ERRNO",
    architectures: ["SCMP_ARCH_X86_64"],
    syscalls: [{ names: [...new Set(names)].sort(), action: "SCMP_ACT_ALLOW" }],
  });

/**
 * How profiles are made; `days`: asked about the other days too. The first two are what one does
 * without a policy: a list of names, all else EPERM; the fixed one is the shortest list that is the
 * same for all workloads and breaks none, known only afterwards.
 */
const kinds = [
  { name: "names and runtime floor", make: ({ a }) => plainList([...a, ...floor]) },
  { name: "names and one fixed list", days: true, make: ({ a, fixed }) => plainList([...a, ...fixed]) },
  { name: "`--args none --exact`", make: generated("--args", "none", "--exact") },
  { name: "`--exact`", make: generated("--exact") },
  { name: "default", days: true, make: generated() },
];

const say = (text) => process.stderr.write(`evaluate: ${text}\n`);
const digest = (value) => createHash("sha256").update(JSON.stringify(value)).digest("hex");
const called = (recording) => Object.values(JSON.parse(recording).syscalls).flatMap((calls) => Object.keys(calls));
const allowed = (profile) =>
  new Set(
    JSON.parse(profile)
      .syscalls.filter(({ action }) => action === "SCMP_ACT_ALLOW")
      .flatMap(({ names }) => names),
  );

/** What was found out before for the same question, or now; written at once. */
async function remembered(name, question, find) {
  const file = join(folder, `${name}.json`);
  const key = digest(question);
  try {
    const known = JSON.parse(readFileSync(file, "utf8"));
    if (known.key === key) return known.value;
  } catch {} // not asked before, or cut off while it was written
  const value = await find();
  writeFileSync(`${file}.new`, JSON.stringify({ key, value }));
  renameSync(`${file}.new`, file);
  return value;
}

function run(program, words, { env = {}, timeout = 170_000 } = {}) {
  return new Promise((resolve) => {
    // A group of its own: what a shell started ends with it.
    const child = spawn(program, words, {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
      detached: true,
    });
    const end = (signal) => child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, signal);
    // docker run passes the first on to a shell that may not hear it
    const timers = [setTimeout(end, timeout, "SIGTERM"), setTimeout(end, timeout + 15_000, "SIGKILL")];
    const output = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"])
      child[stream].on("data", (bytes) => {
        output[stream] += bytes;
      });
    child.on("error", (error) => resolve({ exitCode: -1, stdout: "", stderr: error.message }));
    child.on("close", (exitCode, signal) => {
      timers.forEach(clearTimeout);
      resolve({ exitCode: exitCode ?? signal, ...output });
    });
  });
}

const docker = (...words) => run("docker", words);
const client = (image) =>
  "docker run --rm --network container:$SECCOMP_GEN_CONTAINER --pid " +
  "container:$SECCOMP_GEN_CONTAINER --volumes-from $SECCOMP_GEN_CONTAINER --entrypoint bash " +
  `${image} -c "$EXERCISE"`;

async function record(workload, half) {
  const { exercise, words = workload.words, options: own } = workload[half];
  const name = `${workload.slug}-${half}`;
  const during = exercise === undefined ? [] : ["--while", client(workload.image)];
  rmSync(join(folder, "traces", name), { recursive: true, force: true });
  const recorded = await run(
    process.execPath,
    [
      cli,
      "record",
      "--name",
      name,
      ...during,
      "--",
      "docker",
      "run",
      "--rm",
      ...workload.options,
      ...own,
      workload.image,
      ...words,
    ],
    { env: { EXERCISE: exercise ?? "" } },
  );
  try {
    return readFileSync(join(folder, "traces", name, "recording.json"), "utf8");
  } catch {
    throw new Error(`half ${half} could not be recorded: ${recorded.stderr}`);
  }
}

/** Runs the second half, under a profile or the engine's own: what its user sees. */
async function second(workload, profile) {
  const { exercise, words = workload.words, options: own } = workload.b;
  const name = `seccomp-gen-evaluate-${workload.slug}-${process.pid}`;
  const security = profile === undefined ? [] : ["--security-opt", `seccomp=${profile}`];
  const start = ["--name", name, ...security, ...workload.options, ...own, workload.image, ...words];
  try {
    if (exercise === undefined) return JSON.stringify(await run("docker", ["run", ...start], { timeout: 60_000 }));
    const started = await docker("run", "-d", ...start);
    if (started.exitCode !== 0) return `does not start: ${started.stderr}`;
    const seen = await run("sh", ["-c", client(workload.image)], {
      env: { SECCOMP_GEN_CONTAINER: name, EXERCISE: exercise },
    });
    await docker("stop", "-t", "15", name);
    const exitCode = (await docker("inspect", "-f", "{{.State.ExitCode}}", name)).stdout.trim();
    return JSON.stringify({ exitCode, client: seen.exitCode, stdout: seen.stdout, stderr: seen.stderr });
  } finally {
    await docker("rm", "-fv", name);
  }
}

/** The same workload in that day's image. */
const on = (day, workload) => ({
  ...workload,
  name: `${workload.name}, ${day.name}`,
  slug: `${workload.slug}-${day.slug}`,
  image: day.image(workload.image),
});

const asked = (workload, engine) => ({
  workload,
  image: execFileSync("docker", ["image", "inspect", "-f", "{{.Id}}", workload.image], { encoding: "utf8" }),
  engine,
});
const recorded = (workload, half, question) =>
  remembered(
    `${workload.slug}-${half}`,
    { question, half },
    () => (say(`${workload.name}: records half ${half}`), record(workload, half)),
  );

/** What the second half looks like without us. */
async function unconfined(workload, question) {
  const plain = await remembered(`${workload.slug}-plain`, question, async () => [
    await second(workload),
    await second(workload),
  ]);
  if (plain[0] !== plain[1])
    say(`${workload.name} is not the same twice without our profile:\n  ${plain.join("\n  ")}`);
  return plain;
}

/** Both halves' calls, also on the other days, and what the second looks like without us. */
async function observe(workload, engine) {
  const question = asked(workload, engine);
  const first = await recorded(workload, "a", question);
  const seconds = [await recorded(workload, "b", question)];
  const turns = [{ workload, question, plain: await unconfined(workload, question) }];
  for (const day of days) {
    const then = on(day, workload);
    const questionThen = asked(then, engine);
    seconds.push(await recorded(then, "b", questionThen));
    turns.push({ workload: then, question: questionThen, plain: await unconfined(then, questionThen), day });
  }
  const recording = join(folder, `${workload.slug}-recording.json`);
  writeFileSync(recording, first);
  const a = called(first);
  return { workload, turns, recording, a, used: new Set([...a, ...seconds.flatMap(called)]) };
}

async function judge({ workload, turns, recording, a, used }, fixed) {
  const cells = [];
  for (const { name, days: allDays = false, make } of kinds) {
    const profile = make({ a, recording, fixed });
    const broken = [];
    for (const { workload: then, question, plain, day } of allDays ? turns : turns.slice(0, 1)) {
      const slug = `${then.slug}-${name.replaceAll(/[^a-z]+/g, "-")}`;
      const file = join(folder, `${slug}.profile.json`);
      writeFileSync(file, profile);
      const result = await remembered(slug, { question, profile }, () => second(then, file));
      if (plain.includes(result)) continue;
      broken.push(day?.name ?? "");
      say(`${then.name} under ${name}:\n  expected ${plain[0]}\n  got      ${result}`);
    }
    const names = allowed(profile);
    const excess = [...names].filter((call) => !used.has(call) && !floor.includes(call)).sort();
    if (name === "default")
      say(
        `${workload.name}: default ${broken.length > 0 ? "BREAKS" : "runs"}; it lacks of all that was ` +
          `called: ${[...used].filter((call) => !names.has(call)).join(" ") || "none"}; in excess: ` +
          `${excess.join(" ")}`,
      );
    cells.push({ broken, excess: excess.length });
  }
  return { name: workload.name, a: a.length, used: used.size, cells };
}

/** In words: "runs", "breaks" or on which days it breaks. */
function outcome({ broken }) {
  if (broken.length === 0) return "runs";
  return `**breaks**${broken.includes("") ? "" : ` (${broken.join(", ")})`}`;
}

function table(rows, engine) {
  const sum = (index) => rows.reduce((total, { cells }) => total + cells[index].excess, 0);
  const words = days.map(({ words: day }) => day).join(" and ");
  const others = days.length > 0 ? ` (the fixed list and the default: also ${words})` : "";
  const broken = (index) => rows.filter(({ cells }) => cells[index].broken.length > 0).length;
  return [
    `${measuredOn()}; Docker ${engine}. In each cell: whether the half that was not recorded runs ` +
      `unchanged${others}, ` +
      "and how many calls are allowed that neither half makes, on none of these days, and no container " +
      "runtime needs.",
    "",
    `| workload | calls recorded → of both halves, all days | ${kinds.map(({ name }) => name).join(" | ")} |`,
    `|---|---|${kinds.map(() => "---").join("|")}|`,
    ...rows.map(
      ({ name, a, used, cells }) =>
        `| ${name} | ${a} → ${used} | ` + `${cells.map((cell) => `${outcome(cell)}, +${cell.excess}`).join(" | ")} |`,
    ),
    `| all ${rows.length} | | ` + `${kinds.map((_, index) => `${broken(index)} break, +${sum(index)}`).join(" | ")} |`,
  ].join("\n");
}

function buildImage(image, place, words = []) {
  say(`builds ${image}`);
  execFileSync("docker", ["build", "-q", "--network", "host", "-t", image, ...words, place], {
    env: { ...process.env, DOCKER_BUILDKIT: "0" },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

async function evaluateAll() {
  if (options.fresh) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const engine = execFileSync("docker", ["version", "--format", "{{.Server.Version}}"], { encoding: "utf8" }).trim();
  const chosen = workloads.filter(({ name }) => options.only === undefined || options.only.includes(name));
  const images = new Set(chosen.map((workload) => workload.image));
  for (const image of images)
    if (image !== base)
      buildImage(
        image,
        image === "seccomp-gen-evaluate"
          ? path("image/")
          : path(`../live/workloads/${image.replace("seccomp-gen-test-", "")}/`),
      );
  for (const day of days) {
    if (day.suite !== undefined)
      execFileSync("bash", [path("../engine/engine.sh"), "base-image", day.suite], {
        stdio: ["ignore", "ignore", "inherit"],
      });
    for (const image of new Set([...images].map(day.image)))
      buildImage(image, path("image/"), [
        "-f",
        path(`image/${day.file}`),
        "--build-arg",
        `FROM=${day.from([...images].find((usual) => day.image(usual) === image))}`,
      ]);
  }
  let failed = 0;
  const each = async (items, step) => {
    const done = [];
    for (const item of items) {
      const { name } = item.workload ?? item;
      try {
        done.push(await step(item));
      } catch (error) {
        failed += 1;
        say(`${name}: ${error.message}`);
      }
    }
    return done;
  };
  const observed = await each(chosen, (workload) => observe(workload, engine));
  const fixed = [
    ...new Set([...floor, ...observed.flatMap(({ a, used }) => [...used].filter((call) => !a.includes(call)))]),
  ];
  const rows = await each(observed, (workload) => judge(workload, fixed));
  const text = table(rows, engine);
  process.stdout.write(`${text}\n`);
  if (options.write && failed === 0 && options.only === undefined) writeIntoReadme("evaluate", text);
  if (failed > 0) say(`${failed} could not be asked; the README stays as it is`);
  if (failed > 0) return 2;
  return rows.some(({ cells }) => cells.at(-1).broken.length > 0) ? 1 : 0;
}

process.exitCode = await evaluateAll();
