// Counts both errors of profiles on real workloads. It records what a workload does on one day, makes profiles from
// that, and runs another day under them.
//
// Usage: npm run evaluate -- [--set tuned|untouched] [--only NAME]… [--fresh] [--write]
//
// DOCKER_HOST names the engine, which needs `npm run engine -- base-image`. A Markdown table goes to stdout, and with
// --write also to docs/measurements.md. Progress goes to stderr. Exit code: 0 if the default profile breaks nothing
// except through calls that a reviewer must see, 1 if it breaks something, 2 for trouble. Trouble with one workload
// does not end the others. Recordings and runs are kept in .evaluate/. A second run goes on where the first stopped,
// and asks again only about profiles that have changed. --fresh forgets them.
//
// There are two sets. The policy's tables were tuned on the workloads of the first set. No row was made with the
// second, and a test checks that. The other day of a service is its second half: load, errors, a reload, rotated logs.
// The tuned set has more days: the same half with Debian's next release, and without a vDSO.
//
// "Breaks": exit codes or output of the other day differ from the same run under Docker's default profile. "To see": it
// runs once the calls that are more than ordinary are allowed too. A reviewer must see those calls.
import { spawn, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { newestDockerDefault, weigh } from "../../dist/core/tables/index.js";
import { measuredOn, writeMeasured } from "../measurements.mjs";
import { untouched } from "./untouched.mjs";
import { days, workloads } from "./workloads.mjs";

const { values: options } = parseArgs({
  options: {
    set: { type: "string" },
    only: { type: "string", multiple: true },
    fresh: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const cli = path("../../dist/cli.cjs");
const folder = path("../../.evaluate/");
const base = "seccomp-gen-base:bookworm";
const generated =
  (...words) =>
  ({ recording }, more = []) =>
    execFileSync(process.execPath, [cli, "generate", recording, ...words, ...more], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });

/** The kinds of profiles. */
const kinds = [
  { name: "`--no-reach`", make: generated("--no-reach") },
  { name: "default", make: generated() },
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

/** The calls that a profile allows with any arguments. */
const allowedWhole = (profile) =>
  new Set(
    JSON.parse(profile)
      .syscalls.filter(({ action, args = [] }) => action === "SCMP_ACT_ALLOW" && args.length === 0)
      .flatMap(({ names }) => names),
  );

/** The answer to this question from an earlier run, or from now. It is written at once. */
async function remembered(name, question, find) {
  const file = join(folder, `${name}.json`);
  const key = digest(question);
  try {
    const known = JSON.parse(readFileSync(file, "utf8"));
    if (known.key === key) return known.value;
  } catch {} // not asked before, or interrupted while it was written
  const value = await find();
  writeFileSync(`${file}.new`, JSON.stringify({ key, value }));
  renameSync(`${file}.new`, file);
  return value;
}

function run(program, words, { env = {}, timeout = 170_000 } = {}) {
  return new Promise((resolve) => {
    // In a process group of its own, so that everything the shell started ends with it.
    const child = spawn(program, words, {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
      detached: true,
    });
    const end = (signal) => child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, signal);
    // docker run passes the first signal on to a shell that may not hear it
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

/** Runs the second half under a profile, or under the engine's own. Returns what its user sees. */
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

/** What a profile leaves open, as `explain` counts it. */
function openness(file) {
  const { arches, vulnerabilities } = JSON.parse(
    execFileSync(process.execPath, [cli, "explain", file, "--format", "json"], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
  const open = arches[0].calls.filter(({ state }) => state === "allowed" || state === "pinned" || state === "floor");
  return {
    names: open.length,
    dangerous: open.filter(({ exposure }) => exposure?.level === "danger").map(({ name }) => name),
    vulnerabilities: vulnerabilities.filter(({ reach }) => reach !== "closed").length,
  };
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

/** The output of the second half without us. */
async function unconfined(workload, question) {
  const plain = await remembered(`${workload.slug}-plain`, question, async () => [
    await second(workload),
    await second(workload),
  ]);
  if (plain[0] !== plain[1])
    say(`${workload.name} is not the same twice without our profile:\n  ${plain.join("\n  ")}`);
  return plain;
}

/** The recording of the first day, the calls of all days, and the output of the others without us. */
async function observe(workload, engine) {
  const question = asked(workload, engine);
  const first = await recorded(workload, "a", question);
  const turns = [
    { workload, question, then: await recorded(workload, "b", question), plain: await unconfined(workload, question) },
  ];
  for (const day of workload.days) {
    const other = on(day, workload);
    const asking = asked(other, engine);
    const then = await recorded(other, "b", asking);
    turns.push({ workload: other, question: asking, then, plain: await unconfined(other, asking), day });
  }
  const recording = join(folder, `${workload.slug}-recording.json`);
  writeFileSync(recording, first);
  return { workload, turns, recording, first };
}

/** Runs the other days under a profile: says where it breaks, and whether more than ordinary calls would repair it. */
async function broken({ turns, recording, first }, kind, profile) {
  const names = allowed(profile);
  const whole = allowedWhole(profile);
  const seen = called(first);
  const found = [];
  for (const { workload, question, plain, day, then } of turns) {
    const slug = `${workload.slug}-${kind.name.replaceAll(/[^a-z]+/g, "-")}`;
    const file = join(folder, `${slug}.profile.json`);
    writeFileSync(file, profile);
    const result = await remembered(slug, { question, profile }, () => second(workload, file));
    if (plain.includes(result)) continue;
    const missing = called(then).filter((call) => !names.has(call));
    // If the first day did not make a call, code opens at most a form of it.
    const weighty = called(then)
      .filter((call) => !names.has(call) || (!seen.includes(call) && !whole.has(call)))
      .filter((call) => weigh(call).weight !== "ordinary");
    const repaired = async () => {
      const wider = kind.make(
        { recording },
        weighty.flatMap((call) => ["--allow", call]),
      );
      writeFileSync(file, wider);
      return plain.includes(
        await remembered(`${slug}-wider`, { question, profile: wider }, () => second(workload, file)),
      );
    };
    found.push({ day: day?.name ?? "", toSee: weighty.length > 0 && (await repaired()) });
    say(
      `${workload.name} under ${kind.name}; missing ${missing.join(" ") || "none"}:\n  expected ` +
        `${plain[0]}\n  got      ${result}`,
    );
  }
  return found;
}

async function judge(observed) {
  const { workload, recording, first } = observed;
  const cells = [];
  for (const kind of kinds) {
    const profile = kind.make({ recording });
    const breaks = await broken(observed, kind, profile);
    const file = join(folder, `${workload.slug}-judged.profile.json`);
    writeFileSync(file, profile);
    cells.push({ breaks, ...openness(file) });
  }
  const seen = called(first);
  const unseen = cells.at(-1).dangerous.filter((call) => !seen.includes(call));
  return { name: workload.name, set: workload.set, seen: seen.length, cells, unseen };
}

/** The outcome in words: "runs" or "breaks", on which days it breaks, and whether a reviewer must see why. */
function outcome({ breaks }) {
  if (breaks.length === 0) return "runs";
  const where = breaks.filter(({ day }) => day !== "").map(({ day }) => day);
  const words = breaks.every(({ toSee }) => toSee) ? "to see" : "**breaks**";
  return breaks.some(({ day }) => day === "") ? words : `${words} (${where.join(", ")})`;
}

const breaksIn = (rows, index) => rows.filter(({ cells }) => cells[index].breaks.some(({ toSee }) => !toSee)).length;
const mean = (values) => (values.reduce((total, value) => total + value, 0) / values.length).toFixed(1);
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

function table(rows, engine) {
  const ofDocker = openness(path(`../../profiles/docker-default/${newestDockerDefault}`)).vulnerabilities;
  const cell = (one) => `${outcome(one)}, ${one.names}, ${one.vulnerabilities}`;
  const total = (set) => {
    const own = rows.filter((row) => row.set === set);
    if (own.length === 0) return [];
    const columns = kinds.map(
      (_, index) =>
        `${breaksIn(own, index)} break, ${median(own.map(({ cells }) => cells[index].names))}, ` +
        mean(own.map(({ cells }) => cells[index].vulnerabilities)),
    );
    const unseen = own.reduce((sum, row) => sum + row.unseen.length, 0);
    return [`| **all ${own.length} ${set}** | | ${columns.join(" | ")} | ${unseen} |`];
  };
  return [
    `${measuredOn()}; Docker ${engine}. In each cell: whether another day runs unchanged, how many calls ` +
      `are allowed, and how many known vulnerabilities are within reach (Docker's default: ${ofDocker}). ` +
      "Totals: breaks, median of calls, mean of vulnerabilities.",
    "",
    `| workload | calls recorded | ${kinds.map(({ name }) => name).join(" | ")} | dangerous calls allowed unseen |`,
    `|---|---|${kinds.map(() => "---").join("|")}|---|`,
    ...["tuned", "untouched"].flatMap((set) => [
      ...rows
        .filter((row) => row.set === set)
        .map(
          ({ name, seen, cells, unseen }) =>
            `| ${name} | ${seen} | ${cells.map(cell).join(" | ")} | ${unseen.join(" ") || "0"} |`,
        ),
      ...total(set),
    ]),
  ].join("\n");
}

function buildImage(image, place, words = []) {
  say(`builds ${image}`);
  execFileSync("docker", ["build", "-q", "--network", "host", "-t", image, ...words, place], {
    env: { ...process.env, DOCKER_BUILDKIT: "0" },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

const images = {
  "seccomp-gen-evaluate": path("image/"),
  "seccomp-gen-evaluate-untouched": path("untouched/"),
};

/** Builds the image in which the workloads run, and the images of their other days. */
function buildImages(chosen) {
  for (const image of new Set(chosen.map((workload) => workload.image)))
    if (image !== base)
      buildImage(image, images[image] ?? path(`../../test/live/workloads/${image.replace("seccomp-gen-test-", "")}/`));
  const withDays = new Set(chosen.filter((workload) => workload.days.length > 0).map((workload) => workload.image));
  if (withDays.size === 0) return;
  for (const day of days) {
    if (day.suite !== undefined)
      execFileSync("bash", [path("../engine/engine.sh"), "base-image", day.suite], {
        stdio: ["ignore", "ignore", "inherit"],
      });
    for (const image of new Set([...withDays].map(day.image))) {
      const from = day.from([...withDays].find((usual) => day.image(usual) === image));
      buildImage(image, path("image/"), ["-f", path(`image/${day.file}`), "--build-arg", `FROM=${from}`]);
    }
  }
}

async function evaluateAll() {
  if (options.fresh) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const engine = execFileSync("docker", ["version", "--format", "{{.Server.Version}}"], { encoding: "utf8" }).trim();
  const all = [
    ...workloads.map((workload) => ({ ...workload, set: "tuned", days })),
    ...untouched.map((workload) => ({ ...workload, set: "untouched", days: [] })),
  ];
  const chosen = all.filter(
    ({ name, set }) =>
      (options.set === undefined || options.set === set) && (options.only === undefined || options.only.includes(name)),
  );
  buildImages(chosen);
  let failed = 0;
  const rows = [];
  for (const workload of chosen) {
    try {
      rows.push(await judge(await observe(workload, engine)));
    } catch (error) {
      failed += 1;
      say(`${workload.name}: ${error.message}`);
    }
  }
  const text = table(rows, engine);
  process.stdout.write(`${text}\n`);
  const whole = failed === 0 && options.only === undefined && options.set === undefined;
  if (options.write && whole) writeMeasured("evaluate", text);
  if (failed > 0) say(`${failed} could not be asked; docs/measurements.md stays as it is`);
  if (failed > 0) return 2;
  return breaksIn(rows, kinds.length - 1) > 0 ? 1 : 0;
}

process.exitCode = await evaluateAll();
