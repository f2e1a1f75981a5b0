/**
 * Runs real programs under strace and checks that each observed call lies within the computed reach.
 *
 *     npm run -s build && node tools/reach/measure.mjs [--programs FILE] [--root DIR] [--json FILE] [PATTERN]
 *
 * FILE has one shell command on each line: `programs.txt` beside this file (the default), or `services.txt`, which
 * needs --root. PATTERN chooses the lines that contain it. With --root, chroot(8) runs the commands in that folder.
 * Unpacked Debian packages are enough (`dpkg-deb -x`).
 *
 * A pair is a program and a call that it made. The program's objects are its executable and the files that it mapped
 * executable. It prints pairs, misses, open sites, seconds and memory. Exit code 1 if there is a miss.
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const dist = process.env.REACH_DIST ?? fileURLToPath(new URL("../../dist/reach/index.js", import.meta.url));
const { analyzeObject, reachOf } = await import(dist);

/** The kernel itself makes it when a stopped call goes on (signal(7)). No code has it. */
const kernelsOwn = new Set(["restart_syscall"]);

const options = process.argv.slice(2);
const take = (name) => {
  const at = options.indexOf(name);
  return at < 0 ? undefined : options.splice(at, 2)[1];
};
const programsFile = take("--programs") ?? fileURLToPath(new URL("programs.txt", import.meta.url));
const jsonFile = take("--json");
const root = take("--root") ?? "";
const pattern = options[0];
const lines = readFileSync(programsFile, "utf8").split("\n");
if (root === "" && lines[0]?.endsWith("Needs --root.")) {
  console.error(`${programsFile} changes files of the system it runs in: say --root DIR.`);
  process.exit(2);
}
const commands = lines.filter(
  (line) => line !== "" && !line.startsWith("#") && (pattern === undefined || line.includes(pattern)),
);

/** Executable path → what all runs showed about it. */
const programs = new Map();
const folder = mkdtempSync(join(tmpdir(), "reach-measure-"));
for (const command of commands) observe(command);
rmSync(folder, { recursive: true, force: true });

function observe(command) {
  const log = join(folder, "log");
  spawnSync(
    "strace",
    [
      ...["-ff", "-qq", "-y", "-e", "signal=none", "-o", log],
      ...["timeout", "20"],
      ...(root === "" ? [] : ["chroot", root]),
      ...["/bin/sh", "-c", command],
    ],
    { cwd: folder, stdio: "ignore", timeout: 30_000, killSignal: "SIGKILL", env: { ...process.env, LD_PRELOAD: "" } },
  );
  // Daemons that a command leaves running are ended with it. They are ours: strace named them.
  for (const name of readdirSync(folder)) {
    if (!name.startsWith("log.")) continue;
    try {
      process.kill(Number(name.slice(4)), "SIGKILL");
    } catch {
      // It has ended.
    }
  }
  const byProcess = new Map();
  for (const name of readdirSync(folder))
    if (name.startsWith("log."))
      byProcess.set(Number(name.slice(4)), readFileSync(join(folder, name), "latin1").split("\n"));
  const children = new Map();
  for (const [id, lines] of byProcess)
    for (const line of lines) {
      const match = /^(?:clone|clone3|fork|vfork)\(.*= (\d+)/.exec(line);
      if (match !== null) children.set(Number(match[1]), { parent: id, thread: line.includes("CLONE_THREAD"), line });
    }
  const states = new Map();
  const ids = [...byProcess.keys()].sort((a, b) => a - b);
  for (const id of ids) walk(id, byProcess, children, states);
  for (const name of readdirSync(folder)) if (name.startsWith("log.")) rmSync(join(folder, name));
}

/** The program of a process when it starts: its parent's program at the fork. */
function walk(id, byProcess, children, states) {
  const known = states.get(id);
  if (known !== undefined) return known;
  const child = children.get(id);
  let current;
  if (child !== undefined && byProcess.has(child.parent)) {
    const parent = walk(child.parent, byProcess, children, states);
    current = parent.at.get(child.line);
  }
  const at = new Map();
  states.set(id, { at });
  for (const line of byProcess.get(id) ?? []) {
    const call = /^(\w+)\(/.exec(line)?.[1];
    if (call === undefined) continue;
    const executed = call === "execve" && line.endsWith(" = 0") ? /^execve\("([^"]+)"/.exec(line)?.[1] : undefined;
    if (current !== undefined) current.calls.add(call);
    if (executed !== undefined) current = programOf(executed);
    const mapped = call === "mmap" && line.includes("PROT_EXEC") ? /<(\/[^>]+)>/.exec(line)?.[1] : undefined;
    if (mapped !== undefined) current?.objects.add(mapped);
    at.set(line, current);
  }
  return states.get(id);
}

/**
 * The file that a path names: within the root if the root has it, otherwise on the host (for what runs before chroot
 * does).
 */
function resolveIn(path) {
  if (root === "" || !path.startsWith("/")) return realpathSync(path);
  let parts = path.split("/").filter((part) => part !== "");
  let done = "";
  for (let links = 0; parts.length > 0 && links < 40;) {
    const next = join(root, done, parts[0]);
    let target;
    try {
      target = readlinkSync(next);
    } catch {
      done = join(done, parts[0]);
      parts = parts.slice(1);
      continue;
    }
    links += 1;
    parts = [...target.split("/").filter((part) => part !== ""), ...parts.slice(1)];
    if (target.startsWith("/")) done = "";
  }
  const found = join(root, done);
  return existsSync(found) ? realpathSync(found) : realpathSync(path);
}

/** Scripts run in their interpreter. */
function programOf(path) {
  let real;
  try {
    real = resolveIn(path);
    for (let depth = 0; depth < 4; depth += 1) {
      const head = readFileSync(real).subarray(0, 256).toString("latin1");
      if (!head.startsWith("#!")) break;
      real = resolveIn(head.slice(2).trim().split(/[\s]/)[0]);
    }
  } catch {
    return undefined;
  }
  let program = programs.get(real);
  if (program === undefined) programs.set(real, (program = { path: real, calls: new Set(), objects: new Set() }));
  return program;
}

const summaries = new Map();
let bytesOfCode = 0;
let analysisTime = 0;
function summaryOf(path) {
  let summary = summaries.get(path);
  if (summary === undefined) {
    const bytes = readFileSync(path);
    const start = process.cpuUsage();
    summary = analyzeObject(bytes);
    const used = process.cpuUsage(start);
    analysisTime += (used.user + used.system) / 1000;
    bytesOfCode += summary.codeBytes ?? 0;
    summaries.set(path, summary);
  }
  return summary;
}

let pairs = 0;
let linkTime = 0;
const misses = [];
const ratios = [];
const rows = [];
for (const program of programs.values()) {
  const executable = summaryOf(program.path);
  if (executable.kind !== "code") continue;
  const paths = new Set(program.objects);
  const interpreter = executable.interpreter;
  if (interpreter !== undefined)
    paths.add(program.path.startsWith(root) && root !== "" ? resolveIn(interpreter) : realpathSync(interpreter));
  paths.delete(program.path);
  const objects = [...paths]
    .filter((path) => path !== program.path)
    .flatMap((path) => {
      try {
        return [{ name: basename(path), summary: summaryOf(path) }];
      } catch {
        return [];
      }
    });
  const start = performance.now();
  const reach = reachOf({ executable: { name: basename(program.path), summary: executable }, objects });
  linkTime = Math.max(linkTime, performance.now() - start);
  const calls = [...program.calls].filter((call) => !kernelsOwn.has(call));
  pairs += calls.length;
  const missed = calls.filter((call) => !reach.calls.has(call));
  for (const call of missed) misses.push({ program: program.path, call });
  if (calls.length > 0) ratios.push(reach.calls.size / calls.length);
  rows.push({
    program: program.path,
    seen: calls.length,
    reach: reach.calls.size,
    open: reach.open.map((one) => `${one.object}:${one.function} (${one.reason})`),
    missed,
    missing: reach.missing,
    limits: reach.limits,
    unsupported: reach.unsupported,
    ranks: countRanks(reach.calls),
  });
}

function countRanks(calls) {
  const counts = {};
  for (const { rank } of calls.values()) counts[rank] = (counts[rank] ?? 0) + 1;
  return counts;
}

ratios.sort((a, b) => a - b);
for (const row of rows.sort((a, b) => (a.program < b.program ? -1 : 1))) {
  const notes = [
    row.missed.length > 0 ? `MISSED ${row.missed.join(" ")}` : "",
    row.open.length > 0 ? `open: ${row.open.slice(0, 4).join(", ")}` : "",
    row.missing.length > 0 ? `without ${row.missing.join(" ")}` : "",
    row.limits.length > 0 ? `limits ${JSON.stringify(row.limits)}` : "",
  ];
  const told = notes.filter((note) => note !== "").join("; ");
  console.log(`${row.program}  seen ${row.seen}  reach ${row.reach}  ${JSON.stringify(row.ranks)} ${told}`);
}
const median = ratios[Math.floor(ratios.length / 2)] ?? 0;
const [megabytes, seconds] = [bytesOfCode / 1e6, analysisTime / 1000];
console.log(
  [
    `${rows.length} programs, ${summaries.size} objects, ${pairs} pairs, ${misses.length} misses`,
    `median reach ${median.toFixed(2)} times what was seen`,
    `${megabytes.toFixed(1)} MB of code in ${seconds.toFixed(1)} s of CPU (${(megabytes / seconds).toFixed(1)} MB/s)`,
    `slowest link ${linkTime.toFixed(0)} ms, ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
  ].join(", "),
);
for (const { program, call } of misses) console.log(`miss: ${program} ${call}`);
if (jsonFile !== undefined) writeFileSync(jsonFile, JSON.stringify({ pairs, misses, median, rows }, undefined, 1));
process.exitCode = misses.length > 0 ? 1 : 0;
