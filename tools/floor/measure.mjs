// Measures what a container runtime calls after it has installed the filter and before the program runs, and compares
// that with the table in src/core/policy/floor.ts. So a new runc or crun needs only a change of that table.
//
// Usage: npm run floor -- [--runtime runc|crun] [--rounds N] [--verbose]
// DOCKER_HOST names the engine. It needs root, strace and npm run build. Exit code: 0 if the table has everything, 1 if
// it lacks something, 2 for trouble.
//
// Method: strace follows the engine's containerd and everything that it starts. The calls of the thread group that
// installed a filter count, from then until its execve. Filters are installed with TSYNC, so all threads of runc are
// under it. The tini of --init counts from its execve on, and its child counts until the child's own execve. Go's
// scheduler makes runc vary from start to start, so rounds are added until three in a row show nothing new.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { floorAttempts, floorFor } from "../../dist/core/policy/index.js";

const { values: options } = parseArgs({
  options: {
    runtime: { type: "string", default: "runc" },
    rounds: { type: "string", default: "12" },
    image: { type: "string", default: "seccomp-gen-base:bookworm" },
    verbose: { type: "boolean", default: false },
  },
});
const { runtime } = options;
if (runtime !== "runc" && runtime !== "crun") fail(`--runtime is runc or crun, not ${runtime}`);
const quietRounds = 3;

function fail(what) {
  process.stderr.write(`floor: ${what}\n`);
  process.exit(2);
}

const docker = (...words) =>
  execFileSync("docker", words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 120_000 }).trim();

/** The containerd that the engine behind DOCKER_HOST started. */
function containerdPid() {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const [, command, parent] = /\((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
        return [
          {
            pid,
            command,
            parent,
            words: readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0"),
            pidNamespace: readlinkSync(`/proc/${pid}/ns/pid`),
          },
        ];
      } catch {
        return [];
      }
    });
  const own = readlinkSync("/proc/self/ns/pid");
  const containerds = processes.filter(({ command, pidNamespace }) => command === "containerd" && pidNamespace === own);
  const engine = processes.find(
    ({ command, words }) =>
      command === "dockerd" && process.env.DOCKER_HOST !== undefined && words.includes(process.env.DOCKER_HOST),
  );
  const found =
    containerds.find(({ parent }) => engine !== undefined && parent === engine.pid) ??
    (containerds.length === 1 ? containerds[0] : undefined);
  return (
    found?.pid ??
    fail(
      "no containerd of this engine is among the processes here; the engine has to run on this " +
        "machine, and this as root",
    )
  );
}

/**
 * The ways of starting something under the filter. `options` are those of docker run. `execs` are those of docker exec,
 * one after the other.
 */
const ways = [
  {
    name: "run",
    options: ["--health-cmd", "true", "--health-interval", "1s"],
    execs: [[], ["-u", "1000"], ["-t"], ["-w", "/tmp", "-e", "A=b"]],
    health: true,
  },
  { name: "run -t --user", options: ["-t", "--user", "1000:1000", "--workdir", "/tmp"], execs: [[]], health: false },
  { name: "run --init", options: ["--init"], execs: [], health: false },
];

function startEverything(noNewPrivileges) {
  const security = noNewPrivileges ? ["--security-opt", "no-new-privileges"] : [];
  for (const { options: own, execs, health } of ways) {
    const id = docker(
      "run",
      "-d",
      "--runtime",
      runtime,
      "--network",
      "none",
      ...security,
      ...own,
      options.image,
      "sleep",
      "60",
    );
    for (const words of execs) docker("exec", ...words, id, "true");
    for (let tries = 0; health && tries < 30; tries += 1) {
      if (docker("inspect", "-f", "{{.State.Health.Status}}", id) === "healthy") break;
      execFileSync("sleep", ["0.5"]);
    }
    docker("kill", "-s", "TERM", id);
    docker("rm", "-f", id);
  }
}

/** One thread group under a filter, or tini. */
function readLog(text) {
  const lines = text.split("\n");
  const groupOf = new Map();
  const clone =
    /^(\d+) +(?:clone3?\((.*)|<\.\.\. clone3? resumed>(.*))= (\d+)(?: \/\* (\d+) in strace's PID NS \*\/)?$/i;
  const flags = new Map();
  for (const line of lines) {
    const open = /^(\d+) +clone3?\((.*)<unfinished/.exec(line);
    if (open !== null) flags.set(open[1], open[2]);
    const done = clone.exec(line);
    if (done === null) continue;
    const [, parent, whole, rest, inside, outside] = done;
    const words = (whole ?? flags.get(parent) ?? "") + (rest ?? "");
    groupOf.set(outside ?? inside, { parent, thread: words.includes("CLONE_THREAD") });
  }
  const leader = (pid) => {
    let at = pid;
    for (let known = groupOf.get(at); known?.thread === true; known = groupOf.get(at)) at = known.parent;
    return at;
  };
  const under = new Set();
  const tinis = new Set();
  const executing = new Map();
  const seen = { start: new Set(), init: new Set() };
  for (const line of lines) {
    const [, pid, rest] = /^(\d+) +(\S.*)$/.exec(line) ?? [];
    if (pid === undefined) continue;
    const group = leader(pid);
    const call = /^(\w+)\(/.exec(rest)?.[1];
    if (call !== undefined) {
      if (under.has(group)) seen.start.add(call);
      const child = groupOf.get(group);
      if (
        tinis.has(group) ||
        (child !== undefined && !child.thread && tinis.has(child.parent) && !executing.get(`done ${group}`))
      )
        seen.init.add(call);
      if (call === "execve") executing.set(pid, rest);
    }
    if (
      /^(seccomp\(SECCOMP_SET_MODE_FILTER|prctl\(PR_SET_SECCOMP|<\.\.\. (seccomp|prctl) resumed>).*= 0$/.test(rest) &&
      (rest.includes("SECCOMP") || executing.get(`filter ${pid}`))
    )
      under.add(group);
    executing.set(`filter ${pid}`, /^(seccomp\(SECCOMP_SET_MODE_FILTER|prctl\(PR_SET_SECCOMP).*<unfinished/.test(rest));
    if (/^(execve\(|<\.\.\. execve resumed>).*= 0$/.test(rest)) {
      const program = executing.get(pid) ?? "";
      if (under.has(group) && /"[^"]*(docker-init|tini)[^"]*"/.test(program)) tinis.add(group);
      under.delete(group);
      executing.set(`done ${group}`, true);
    }
    if (pid === group && /^\+\+\+ (exited|killed)/.test(rest)) under.delete(group);
  }
  return seen;
}

async function round(containerd, noNewPrivileges) {
  const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-floor-"));
  const log = join(folder, "log");
  const strace = spawn("strace", ["-f", "--pidns-translation", "-s", "40", "-o", log, "-p", containerd], {
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => strace.once("exit", resolve));
  try {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    startEverything(noNewPrivileges);
  } finally {
    strace.kill("SIGINT");
    await ended;
  }
  const seen = readLog(readFileSync(log, "utf8"));
  if (process.env.KEEP_LOG === undefined) rmSync(folder, { recursive: true });
  return seen;
}

const containerd = containerdPid();
const engineVersion = docker("version", "--format", "{{.Server.Version}}");
const runtimeVersion =
  runtime === "runc"
    ? docker("version", "--format", '{{range .Server.Components}}{{if eq .Name "runc"}}{{.Version}}{{end}}{{end}}')
    : "crun";
process.stdout.write(`Docker ${engineVersion}, ${runtime} ${runtimeVersion === runtime ? "" : runtimeVersion}\n`);
let lacking = 0;
for (const noNewPrivileges of [false, true]) {
  const total = { start: new Map(), init: new Map() };
  let rounds = 0;
  for (let quiet = 0; quiet < quietRounds && rounds < Number(options.rounds); rounds += 1) {
    const seen = await round(containerd, noNewPrivileges);
    let fresh = 0;
    for (const part of ["start", "init"]) {
      for (const name of seen[part]) {
        if (!total[part].has(name)) fresh += 1;
        total[part].set(name, (total[part].get(name) ?? 0) + 1);
      }
    }
    quiet = fresh === 0 ? quiet + 1 : 0;
    if (options.verbose) process.stderr.write(`floor: round ${rounds + 1}: ${fresh} new\n`);
  }
  process.stdout.write(
    `\n${noNewPrivileges ? "with" : "without"} no-new-privileges, ${rounds} rounds of ` +
      `${ways.map(({ name }) => name).join(", ")}, exec and a health check\n`,
  );
  for (const part of ["start", "init"]) {
    const table = new Set(floorFor(runtime, { noNewPrivileges, init: part === "init" }).flatMap(({ names }) => names));
    const names = [...total[part].keys()].sort();
    const missing = names.filter((name) => !table.has(name) && !floorAttempts.includes(name));
    lacking += missing.length;
    process.stdout.write(
      `  ${part === "start" ? "runtime" : "tini"}: ` +
        `${names.map((name) => (total[part].get(name) === rounds ? name : `${name}?`)).join(" ")}\n`,
    );
    if (missing.length > 0) process.stdout.write(`  NOT IN THE TABLE: ${missing.join(" ")}\n`);
    if (part === "start")
      process.stdout.write(
        "  in the table, but not seen: " +
          `${[...table]
            .filter((name) => !total[part].has(name))
            .sort()
            .join(" ")}\n`,
      );
    if (names.length === 0)
      fail(
        `no ${part === "start" ? "filter was installed" : "tini was started"} in the trace; is seccomp ` +
          "switched off on this engine?",
      );
  }
}
process.stdout.write("\n? = in some rounds only\n");
process.exit(lacking === 0 ? 0 : 1);
