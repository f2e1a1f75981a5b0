// Checks that faults do no harm to recordings and to committed files. It injects faults into real runs of dist/cli.cjs.
// Usage: npm run test:faults [-- KILLS]. It writes tools/faults/FAULTS.md. --short makes only a few kills and runs what
// needs no engine, and writes nothing. --only REGEX runs only matching faults; the other rows of the table stay. Exit
// code 1 if a fault did harm. The engine is only stopped, killed and filled if it is a private one of engine.sh.
import { spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { arch, cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../../dist/cli.cjs", import.meta.url));
const table = fileURLToPath(new URL("FAULTS.md", import.meta.url));
const engineScript = fileURLToPath(new URL("../engine/engine.sh", import.meta.url));
const short = process.argv.includes("--short");
const only = process.argv.includes("--only") ? new RegExp(process.argv[process.argv.indexOf("--only") + 1]) : undefined;
const kills = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? (short ? 6 : 150));
const { DOCKER_HOST } = process.env;
// A --while command talks to the gateway, which hides what is ours.
process.env.ENGINE = DOCKER_HOST ?? "unix:///var/run/docker.sock";
const state = process.env.SECCOMP_GEN_ENGINE_DIR ?? "/var/lib/seccomp-gen-engine";
const ownEngine = DOCKER_HOST === `unix://${state}/docker.sock`;
const image = "seccomp-gen-base:bookworm";
const root = process.getuid?.() === 0;
const engine = spawnSync("docker", ["image", "inspect", image]).status === 0;
const strace = spawnSync("strace", ["-V"]).status === 0;
const rows = [];
let harm = 0;

/** Runs one fault `times` times. `once` resolves to the outcome, and throws if the fault did harm. */
async function fault(name, times, once, skipped) {
  if (only !== undefined && !only.test(name)) return;
  if (skipped) return void rows.push([name, "-", `skipped: ${skipped}`]);
  const outcomes = new Map();
  for (let time = 0; time < times; time += 1) {
    let outcome;
    try {
      outcome = await once(time);
    } catch (error) {
      harm += 1;
      outcome = `HARM: ${error.message.split("\n").slice(0, 2).join(" ").replaceAll("|", "/")}`;
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  rows.push([
    name,
    times,
    [...outcomes]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([outcome, count]) => (outcomes.size === 1 ? outcome : `${outcome} (${count})`))
      .join("; "),
  ]);
  console.error(`${name}: ${rows.at(-1)[2]}`);
}

const check = (holds, message) => {
  if (!holds) throw new Error(message);
};
const run = (folder, args, options = {}) =>
  spawnSync(process.execPath, [cli, ...args], {
    cwd: folder,
    encoding: "utf8",
    timeout: 120_000,
    stdio: ["ignore", "pipe", "pipe"],
    ...options,
  });
const sh = (folder, script) =>
  spawnSync("sh", ["-c", script], {
    cwd: folder,
    encoding: "utf8",
    timeout: 120_000,
    stdio: ["ignore", "pipe", "pipe"],
  });
const docker = (...args) => spawnSync("docker", args, { encoding: "utf8" }).stdout.trim();
const callsOf = (path) =>
  Object.entries(JSON.parse(readFileSync(path, "utf8")).syscalls).flatMap(([arch, calls]) =>
    Object.keys(calls).map((call) => `${arch} ${call}`),
  );
const recording = join("traces", "app", "recording.json");
const partial = join("traces", "app", "recording.partial.json");
const profile = join("profiles", "app.json");
const hostRun = [
  "record",
  "--name",
  "app",
  "--append",
  "--",
  "sh",
  "-c",
  "ls -l / >/dev/null; sleep 0.2; id >/dev/null",
];
const containerRun = [
  "record",
  "--name",
  "app",
  "--append",
  "--",
  "docker",
  "run",
  "--rm",
  "--network",
  "none",
  image,
  "sh",
  "-c",
  "ls -l / >/dev/null; sleep 0.2; id >/dev/null",
];

/** A folder like one in a repository, with a committed recording and its profile. */
const template = mkdtempSync(join(tmpdir(), "seccomp-gen-faults-"));
writeFileSync(
  join(template, "log"),
  '7 execve("/bin/x", ["x"], 0x1 /* 1 var */) = 0\n7 swapoff("x") = -1 EPERM (Operation not ' +
    "permitted)\n7 getpid() = 7\n7 exit_group(0) = ?\n",
);
mkdirSync(join(template, "traces/app"), { recursive: true });
check(run(template, ["merge", "log", "--name", "app", "-o", recording]).status === 0, "no template");
check(run(template, ["generate", recording, "-o", profile]).status === 0, "no template");

function committed() {
  const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-faults-"));
  for (const path of [recording, profile]) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    mkdirSync(join(folder, "tmp"), { recursive: true });
    copyFileSync(join(template, path), join(folder, path));
  }
  return folder;
}

/** Checks that no committed file is lost, and that each file is whole. */
function unharmed(folder) {
  const now = callsOf(join(folder, recording));
  for (const call of callsOf(join(template, recording))) check(now.includes(call), `${call} is lost`);
  JSON.parse(readFileSync(join(folder, profile), "utf8"));
  return now.length > callsOf(join(template, recording)).length ? "recorded" : "as it was";
}

function unchanged(folder) {
  for (const path of [recording, profile])
    check(readFileSync(join(folder, path), "utf8") === readFileSync(join(template, path), "utf8"), `${path} changed`);
}

/** True if the session at the end of a line, `PID.START@HOST`, is of a running process: another recording. */
function goesOn(line) {
  const pid = / (\d+)(?:\.\d+)?@\S+$/.exec(line)?.[1];
  return pid !== undefined && existsSync(`/proc/${pid}`);
}

/**
 * Checks that the remains are found and removed, by the next run too, and that the trace was kept. Resolves to what was
 * recovered.
 */
function cleaned(folder) {
  const first = run(folder, ["clean"]);
  check(!engine || first.status === 0, `clean: ${first.stderr}`);
  const second = run(folder, ["clean"]).stderr;
  check(!engine || /nothing left behind/.test(second), `clean leaves something: ${first.stderr} then ${second}`);
  if (engine) {
    const session = '{{.Label "seccomp-gen.session"}}';
    const left = [
      docker("ps", "-a", "--filter", "label=seccomp-gen.session", "--format", `{{.ID}} ${session}`),
      docker("volume", "ls", "--filter", "name=seccomp-gen-out-", "--format", `{{.Name}} ${session}`),
    ]
      .join("\n")
      .split("\n")
      .filter((line) => line !== "" && !goesOn(line));
    check(left.length === 0, `clean leaves ${left.join(", ")}`);
  }
  const folders = readdirSync(tmpdir()).filter((name) =>
    new RegExp(`^seccomp-gen-(?:${ended.join("|") || "none"})[.-]`).test(name),
  );
  check(folders.length === 0, `clean leaves ${folders.join(", ")}`);
  const left = readdirSync(folder, { recursive: true }).filter((path) => /\.tmp$|\.lock$/.test(path));
  check(left.length === 0, `clean leaves ${left.join(", ")}`);
  if (!/calls of the killed recording/.test(first.stderr))
    return /had not traced anything yet/.test(first.stderr) ? "nothing traced yet" : "no trace left";
  check(callsOf(join(folder, partial)).length > 0, "nothing in the partial recording");
  return "the trace is recovered";
}

/** The processes that we killed. */
const ended = [];

async function killed(args, longest, time) {
  const folder = committed();
  const child = spawn(process.execPath, [cli, ...args], { cwd: folder, stdio: "ignore" });
  const end = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
  await delay(Math.random() * longest);
  child.kill("SIGKILL");
  const by = await end;
  ended.push(child.pid);
  const state = unharmed(folder);
  const recovered = cleaned(folder);
  const went = `${by === "SIGKILL" ? "killed" : "ended first"}: recording ${state}, ${recovered}`;
  if (recovered === "the trace is recovered" && time % 5 === 0) {
    const seen = callsOf(join(folder, partial));
    const next = run(folder, args);
    check(next.status === 0 && !existsSync(join(folder, partial)), `the next --append: ${next.stderr}`);
    check(
      seen.every((call) => callsOf(join(folder, recording)).includes(call)),
      "what was recovered is not in the recording",
    );
  }
  rmSync(folder, { recursive: true });
  return went;
}

const noEngine = engine ? false : `no engine with ${image}`;
const noPrivate = noEngine || (root && ownEngine ? false : "the engine is not this project's own");
const longOnly = (reason) => (short ? "not in the short run" : reason);
const noStrace = strace ? false : "no strace on this host";
const time = (args) => {
  const folder = committed();
  const begin = performance.now();
  run(folder, args);
  rmSync(folder, { recursive: true });
  return performance.now() - begin;
};
await fault(
  "kill -9 of seccomp-gen at a random point, a program on the host",
  Math.ceil(kills / 2),
  (
    (longest) => (turn) =>
      killed(hostRun, (longest ??= time(hostRun)), turn)
  )(),
  noStrace,
);
await fault(
  "kill -9 of seccomp-gen at a random point, a container",
  Math.ceil(kills / 2),
  (
    (longest) => (turn) =>
      killed(containerRun, (longest ??= time(containerRun)), turn)
  )(),
  noEngine,
);

await fault(
  "kill -9 of strace",
  3,
  () => {
    const folder = committed();
    const script =
      "pid=$(docker -H $ENGINE top $(docker -H $ENGINE ps -q --filter name=seccomp-gen-keeper-) -eo pid,args | awk " +
      "'/[.]seccomp-gen.strace/ { print $1; exit }'); kill -9 $pid; sleep 4";
    const ran = run(folder, [
      "record",
      "--name",
      "app",
      "--while",
      script,
      "--",
      "docker",
      "run",
      "--rm",
      "--network",
      "none",
      "--stop-timeout",
      "1",
      image,
      "sleep",
      "60",
    ]);
    check(ran.status === 2 && /trace broke off/.test(ran.stderr), `not noticed: ${ran.stderr}`);
    check(/execve/.test(readFileSync(join(folder, partial), "utf8")), "nothing kept aside");
    unchanged(folder);
    return "said; what was seen is kept aside, committed files unchanged";
  },
  longOnly(noEngine || (root ? false : "only root may kill it")),
);

const engineDo = (verb, options = "") => {
  const own = [process.env.SECCOMP_GEN_ENGINE_OPTIONS ?? "", options].join(" ").trim();
  const env = { ...process.env, SECCOMP_GEN_ENGINE_OPTIONS: own };
  const done = spawnSync("bash", [engineScript, verb], { encoding: "utf8", timeout: 120_000, env });
  check(done.status === 0, `engine ${verb}: ${done.stderr}`);
};
const enginePid = () => Number(readFileSync(join(state, "dockerd.pid"), "utf8"));
/** Ends the engine, and waits until it is gone. */
const engineGoes = async (signal) => {
  const pid = enginePid();
  process.kill(pid, signal);
  for (let tries = 0; tries < 300 && existsSync(`/proc/${pid}`); tries += 1) await delay(100);
};
/** A workload that is recognised by its mkdir and then goes on. */
const long = "ls -l / >/dev/null; mkdir /tmp/x; sleep 60";
/** A recording of `long` that has seen its mkdir. */
const recorderAt = async (folder, words) => {
  const args = [cli, "record", "--name", "app", ...words];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const heard = { said: "", printed: "" };
  child.stderr.on("data", (bytes) => (heard.said += bytes));
  child.stdout.on("data", (bytes) => (heard.printed += bytes));
  const end = new Promise((resolve) => child.once("exit", resolve));
  for (let tries = 0; tries < 300 && !/\bmkdir/.test(heard.said); tries += 1) await delay(100);
  check(/\bmkdir/.test(heard.said), `it did not record: ${heard.said}`);
  return { child, heard, end };
};
for (const [name, signal] of [
  ["the engine is stopped while it records", "SIGTERM"],
  ["the engine is killed while it records", "SIGKILL"],
]) {
  await fault(
    name,
    3,
    async () => {
      const folder = committed();
      const words = ["docker", "run", "--rm", "--network", "none", image, "sh", "-c", long];
      const { child, heard, end } = await recorderAt(folder, ["--append", "--", ...words]);
      const gone = engineGoes(signal);
      const code = await Promise.race([end, delay(120_000, "it does not end", { ref: false })]);
      await gone;
      engineDo("start");
      check(code === 2, `exit code ${code}: ${heard.said}`);
      unchanged(folder);
      check(/\bmkdir/.test(callsOf(join(folder, partial)).join(" ")), `nothing kept aside: ${heard.said}`);
      ended.push(child.pid);
      cleaned(folder);
      const next = run(folder, containerRun);
      check(
        next.status === 0 && /\bmkdir/.test(callsOf(join(folder, recording)).join(" ")),
        `the next --append: ${next.stderr}`,
      );
      rmSync(folder, { recursive: true });
      return (
        "said; what was seen is kept aside, and after the engine's start clean removes the rest and the " +
        "next --append takes it in"
      );
    },
    longOnly(noPrivate),
  );
}

for (const [name, signal] of [
  ["the engine is stopped while `record --containers` runs, and comes back", "SIGTERM"],
  ["the engine is killed while `record --containers` runs, and comes back", "SIGKILL"],
]) {
  await fault(
    name,
    2,
    async () => {
      const folder = committed();
      const run1 = `docker run --rm --network none ${image}`;
      const script =
        `${run1} sh -c '${long}'; until docker -H $ENGINE ps >/dev/null 2>&1; ` +
        `do sleep 0.5; done; ${run1} echo later`;
      const { child, heard, end } = await recorderAt(folder, ["--containers", "--append", "--", "sh", "-c", script]);
      await engineGoes(signal);
      engineDo("start");
      const code = await Promise.race([end, delay(120_000, "it does not end", { ref: false })]);
      check(code === 2 && /the trace broke off/.test(heard.said), `exit code ${code}: ${heard.said}`);
      check(heard.printed === "later\n", `the command did not go on: ${heard.printed}${heard.said}`);
      unchanged(folder);
      check(/\bmkdir/.test(callsOf(join(folder, partial)).join(" ")), `nothing kept aside: ${heard.said}`);
      ended.push(child.pid);
      cleaned(folder);
      rmSync(folder, { recursive: true });
      return (
        "said; what was seen is kept aside, the command went on, its later container runs untraced, " +
        "nothing is left"
      );
    },
    longOnly(noPrivate),
  );
}

await fault(
  "the engine is configured to start an init in every container",
  1,
  () => {
    const folder = committed();
    const words = ["docker", "run", "--rm", "--network", "none", image, "sh", "-c", "cat /proc/1/comm"];
    const record = (name) => run(folder, ["record", "--exact", "--name", name, "--", ...words]);
    const inits = (name) => JSON.parse(readFileSync(join(folder, "traces", name, "recording.json"))).runs[0].init;
    const without = record("without");
    check(without.status === 0 && inits("without") === undefined, `without: ${without.stderr}`);
    engineDo("stop");
    engineDo("start", "--init");
    try {
      const verified = run(folder, ["verify", "profiles/without.json", "--", ...words]);
      check(verified.status === 0 && /init/.test(verified.stdout), `verify: ${verified.stdout}${verified.stderr}`);
      const ran = spawnSync(words[0], ["run", "--security-opt", "seccomp=profiles/without.json", ...words.slice(2)], {
        cwd: folder,
        encoding: "utf8",
      });
      check(ran.status === 0 && /init/.test(ran.stdout), `docker run: ${ran.stdout}${ran.stderr}`);
      const within = record("within");
      check(within.status === 0 && inits("within") === true, `within: ${within.stderr}`);
    } finally {
      engineDo("stop");
      engineDo("start");
    }
    const back = run(folder, ["verify", "profiles/within.json", "--", ...words]);
    check(back.status === 0, `verify without it: ${back.stderr}`);
    rmSync(folder, { recursive: true });
    return "recorded without and run with it, and the other way round: the recording says which, and the profile holds";
  },
  longOnly(noPrivate),
);

await fault(
  "no space for the trace where the engine keeps its volumes",
  4,
  async () => {
    const folder = committed();
    const volumes = join(state, "data", "volumes");
    const inside = (...words) =>
      spawnSync("nsenter", ["-t", String(enginePid()), "-m", ...words], { encoding: "utf8" });
    const before = new Set(readdirSync(volumes));
    const child = spawn(
      process.execPath,
      [
        cli,
        "record",
        "--name",
        "app",
        "--append",
        "--",
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        image,
        "sh",
        "-c",
        "for n in 1 2 3; do ls -lR /etc >/dev/null; done",
      ],
      { cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
    );
    let said = "";
    child.stderr.on("data", (bytes) => (said = (said + bytes).slice(-5000)));
    const end = new Promise((resolve) => child.once("exit", resolve));
    let made;
    for (let tries = 0; tries < 6000 && made === undefined; tries += 1) {
      made = readdirSync(volumes).find(
        (name) => !before.has(name) && name.startsWith("seccomp-gen-out-") && existsSync(join(volumes, name, "_data")),
      );
      if (made === undefined) await delay(3);
    }
    check(made !== undefined, `no volume was made: ${said}`);
    check(
      inside("mount", "-t", "tmpfs", "-o", "size=64k,mode=1777", "tmpfs", join(volumes, made, "_data")).status === 0,
      "no tmpfs",
    );
    const code = await end;
    inside("umount", join(volumes, made, "_data"));
    check(code === 2 && /no space is left/.test(said), `exit code ${code}: ${said}`);
    check(callsOf(join(folder, partial)).length > 0, "nothing kept aside");
    unchanged(folder);
    cleaned(folder);
    rmSync(folder, { recursive: true });
    return "said; what was seen is kept aside, committed files unchanged";
  },
  longOnly(noPrivate),
);

await fault(
  "the helper that reads the trace is killed",
  3,
  () => {
    const folder = committed();
    const ran = run(folder, [
      "record",
      "--name",
      "app",
      "--while",
      "sleep 1; docker -H $ENGINE ps -q --filter name=seccomp-gen-keeper- | " +
        "xargs docker -H $ENGINE kill >/dev/null; sleep 1",
      "--",
      "docker",
      "run",
      "--rm",
      "--network",
      "none",
      "--stop-timeout",
      "1",
      image,
      "sleep",
      "60",
    ]);
    check(ran.status === 2 && /trace broke off/.test(ran.stderr), `not noticed: ${ran.stderr}`);
    check(existsSync(join(folder, partial)), "nothing kept aside");
    unchanged(folder);
    const next = run(folder, containerRun);
    check(
      next.status === 0 && unharmed(folder) === "recorded" && !existsSync(join(folder, partial)),
      `not taken in: ${next.stderr}`,
    );
    cleaned(folder);
    return "said; what was seen is kept aside, and the next --append takes it in";
  },
  longOnly(noEngine),
);

/** What clients do to containers that are held. Each script ends with a container that runs normally. */
const clients = [
  ["a container is created and never started", "docker create --name $N $I true >/dev/null", ""],
  [
    "a container is started twice",
    "docker create --name $N $I echo x >/dev/null; docker start -a $N; docker start -a $N",
    "x\nx\n",
  ],
  [
    "a container is removed while it starts",
    // Some are killed while strace attaches to them.
    "for n in 1 2 3 4 5 6 7 8; do docker create --name $N-$n $I sleep 60 >/dev/null; " +
      "docker start $N-$n >/dev/null 2>&1 & sleep 0.$n; docker rm -f $N-$n >/dev/null; done; wait",
    "",
  ],
  [
    "a container's name is taken",
    "docker create --name $N $I true >/dev/null; docker run --name $N $I true 2>/dev/null; echo $?",
    "125\n",
  ],
  [
    "the client is killed while its container runs",
    "timeout -s KILL 3 docker run --name $N $I sleep 60 2>/dev/null",
    "",
  ],
  [
    "a client disconnects in the middle of a request",
    `node -e 'const s = require("net").connect(process.env.DOCKER_HOST.replace("unix://", "")); ` +
      `s.write("POST /containers/create HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 999\\r\\n\\r\\n{"); ` +
      "setTimeout(() => s.destroy(), 300)'",
    "",
  ],
];
for (const [name, script, printed] of clients)
  await fault(
    name,
    3,
    (time) => {
      const folder = committed();
      const own = `sg-faults-${process.pid}-${time}`;
      const words = ["record", "--containers", "--append", "--name", "app", "--", "sh", "-c"];
      const last = "docker run --rm --network none $I sh -c 'mkdir /tmp/x; echo end'";
      const ran = run(folder, [...words, `${script}; ${last}`], { env: { ...process.env, N: own, I: image } });
      check(
        ran.status === 0 && ran.stdout === `${printed}end\n`,
        `exit code ${ran.status}: ${ran.stdout}${ran.stderr}`,
      );
      check(unharmed(folder) === "recorded", "nothing recorded");
      check(docker("ps", "-aq", "--filter", `name=${own}`) === "", "its container is left");
      cleaned(folder);
      return "as without us; the rest is recorded, nothing is left";
    },
    longOnly(noEngine),
  );

await fault(
  "the registry refuses the pull",
  2,
  () => {
    const folder = committed();
    const ran = run(folder, ["record", "--name", "app", "--append", "--", "docker", "run", "--rm", "127.0.0.1:1/no:1"]);
    check(ran.status === 2 && /no image 127.0.0.1:1/.test(ran.stderr), `exit code ${ran.status}: ${ran.stderr}`);
    check(ran.stderr.match(/connection refused/g)?.length === 1, `not said once: ${ran.stderr}`);
    unchanged(folder);
    cleaned(folder);
    return "said once, in the client's own words, exit code 2, no file written";
  },
  longOnly(noEngine),
);

await fault(
  "the container runs out of memory",
  2,
  () => {
    const folder = committed();
    const ran = run(folder, [
      "record",
      "--name",
      "app",
      "--append",
      "--",
      "docker",
      "run",
      "--rm",
      "--network",
      "none",
      "--memory",
      "48m",
      "--memory-swap",
      "48m",
      image,
      "tail",
      "/dev/zero",
    ]);
    check(ran.status === 137 || ran.status === 2, `exit code ${ran.status}: ${ran.stderr}`);
    check(
      /"ended":"cut"/.test(readFileSync(join(folder, ran.status === 137 ? recording : partial), "utf8")),
      "not marked",
    );
    unharmed(folder);
    cleaned(folder);
    return "said; the recording is marked cut";
  },
  longOnly(noEngine),
);

for (const [kind, before, missing] of [
  ["programs on the host", [], noStrace],
  ["containers", ["docker", "run", "--rm", "--network", "none", image], longOnly(noEngine)],
])
  await fault(
    `two recordings with one name at once, ${kind}`,
    3,
    async () => {
      const folder = committed();
      const start = (...words) =>
        new Promise((resolve) =>
          spawn(process.execPath, [cli, "record", "--name", "app", "--append", "--", ...before, ...words], {
            cwd: folder,
            stdio: "ignore",
          }).once("exit", resolve),
        );
      const codes = await Promise.all([
        start("sh", "-c", "mkdir tmp/x; sleep 0.3"),
        start("sh", "-c", "ln -s y tmp/z; sleep 0.3"),
      ]);
      check(
        codes.every((code) => code === 0),
        `exit codes ${codes.join(", ")}`,
      );
      const calls = callsOf(join(folder, recording)).join(" ");
      check(/\bmkdir/.test(calls) && /\bsymlink/.test(calls), "one of them is lost");
      unharmed(folder);
      cleaned(folder);
      return "both are in the file";
    },
    missing,
  );

await fault(
  "no space where the files go",
  2,
  () => {
    const folder = committed();
    for (const place of ["traces/app", "profiles"]) {
      const kept = readdirSync(join(folder, place)).map((name) => [name, readFileSync(join(folder, place, name))]);
      check(
        spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", join(folder, place)]).status === 0,
        "no tmpfs",
      );
      try {
        for (const [name, bytes] of kept) writeFileSync(join(folder, place, name), bytes);
        sh(folder, `cat /dev/zero > ${place}/filler`);
        const ran = run(folder, ["record", "--name", "app", "--append", "--", "sh", "-c", "ls -l / >/dev/null"]);
        check(
          ran.status === 2 && /no space left/.test(ran.stderr) && /the traces? (?:is|are) still/i.test(ran.stderr),
          `exit code ${ran.status}: ${ran.stderr}`,
        );
        for (const [name, bytes] of kept)
          check(readFileSync(join(folder, place, name)).equals(bytes), `${String(name)} changed`);
        check(
          readdirSync(join(folder, place)).every((name) => name === "filler" || kept.some(([own]) => own === name)),
          `something is left in ${place}`,
        );
      } finally {
        spawnSync("umount", [join(folder, place)]);
      }
      check(cleaned(folder) === "the trace is recovered", "the trace is lost");
    }
    unharmed(folder);
    return "said; the files are as they were, and clean recovers the trace";
  },
  noStrace || (root ? false : "only root may mount"),
);

await fault(
  "no space where the files go, at the end of a container's recording",
  2,
  () => {
    const folder = committed();
    const kept = readFileSync(join(folder, profile));
    check(
      spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", join(folder, "profiles")]).status === 0,
      "no tmpfs",
    );
    try {
      writeFileSync(join(folder, profile), kept);
      sh(folder, "cat /dev/zero > profiles/filler");
      const ran = run(folder, containerRun);
      check(
        ran.status === 2 &&
          /no space left[^]*the traces? (?:is|are) still|the traces? (?:is|are) still[^]*no space left/i.test(
            ran.stderr,
          ),
        `exit code ${ran.status}: ${ran.stderr}`,
      );
      check(readFileSync(join(folder, profile)).equals(kept), "the profile changed");
    } finally {
      spawnSync("umount", [join(folder, "profiles")]);
    }
    check(cleaned(folder) === "the trace is recovered", "the trace is lost");
    unharmed(folder);
    return "said; the profile is as it was, and clean recovers the trace";
  },
  longOnly(noEngine || (root ? false : "only root may mount")),
);

await fault(
  "the device under the files fails to write (a loop device with no room behind it)",
  4,
  () => {
    const folder = committed();
    const disk = mkdtempSync(join(tmpdir(), "seccomp-gen-disk-"));
    const place = join(folder, "mounted");
    mkdirSync(place);
    check(
      sh(
        disk,
        "mount -t tmpfs -o size=3m tmpfs . && cd $PWD && truncate -s 16m image && mkfs.ext4 -q -O " +
          "^has_journal -E lazy_itable_init=1,nodiscard image",
      ).status === 0,
      "no file system",
    );
    try {
      check(
        sh(folder, `mount -o loop ${disk}/image mounted && cp -r traces profiles mounted/ && sync -f mounted`)
          .status === 0,
        "no mount",
      );
      sh(disk, "cat /dev/zero > filler");
      const ran = run(place, ["generate", recording, "--args", "none", "-o", profile]);
      const failed = ran.status === 2 && /cannot write/.test(ran.stderr);
      check(failed || ran.status === 0, `exit code ${ran.status}: ${ran.stderr}`);
      const now = readFileSync(join(place, profile), "utf8");
      const was = readFileSync(join(template, profile), "utf8");
      const whole = run(template, ["generate", recording, "--args", "none"]).stdout;
      check(now === was || now === whole, `half a profile: ${now.length} characters; ${ran.stderr}`);
      return failed
        ? `said (${/i\/o error|EIO|no space left/i.exec(ran.stderr)?.[0].toLowerCase()}); the profile is ` +
            "the old one or the new, whole"
        : "the device took it";
    } finally {
      sh(folder, "umount mounted");
      sh(disk, `cd / && umount ${disk}`);
    }
  },
  longOnly(noStrace || (root && spawnSync("mkfs.ext4", ["-V"]).status === 0 ? false : "needs root and mkfs.ext4")),
);

await fault(
  "the repository is read-only",
  2,
  () => {
    const folder = committed();
    check(sh(folder, "mount --bind . . && mount -o remount,ro,bind .").status === 0, "no mount");
    try {
      const ran = run(folder, ["record", "--name", "app", "--append", "--", "sh", "-c", "echo RAN"]);
      check(
        ran.status === 2 && /read-only/.test(ran.stderr) && ran.stdout === "",
        `exit code ${ran.status}: ${ran.stderr}`,
      );
    } finally {
      spawnSync("umount", [folder]);
    }
    unchanged(folder);
    return "said before anything ran";
  },
  noStrace || (root ? false : "only root may mount"),
);

for (const [name, call, errno] of [
  ["EIO when a file is flushed", "fsync", "EIO"],
  ["a rename that fails as on NFS", "rename,renameat,renameat2", "ESTALE"],
]) {
  await fault(
    name,
    2,
    () => {
      const folder = committed();
      const ran = spawnSync(
        "strace",
        [
          "-f",
          "-o",
          "/dev/null",
          "-e",
          `trace=${call}`,
          "-e",
          `inject=${call}:error=${errno}`,
          process.execPath,
          cli,
          "generate",
          recording,
          "--args",
          "none",
          "-o",
          profile,
        ],
        { cwd: folder, encoding: "utf8", timeout: 120_000 },
      );
      if (ran.status === 0) return "that call is not made here";
      check(ran.status === 2 && /cannot write/.test(ran.stderr), `exit code ${ran.status}: ${ran.stderr}`);
      unchanged(folder);
      cleaned(folder);
      return "said; the files are as they were";
    },
    noStrace,
  );
}

await fault(
  "the reader of our output goes first (piped to head -1)",
  3,
  () => {
    const folder = committed();
    const ran = sh(
      folder,
      `${process.execPath} ${cli} generate ${recording} | head -1; ${process.execPath} ${cli} record ` +
        "--name app --append -- sh -c 'sleep 0.2' 2>&1 | head -1",
    );
    check(!/Error|EPIPE|^ +at /m.test(ran.stderr), ran.stderr);
    unharmed(folder);
    cleaned(folder);
    return "ends in order";
  },
  noStrace,
);

await fault("output to a full device", 2, () => {
  const folder = committed();
  const ran = sh(folder, `${process.execPath} ${cli} generate ${recording} > /dev/full`);
  check(ran.status === 2, `exit code ${ran.status}`);
  return "exit code 2";
});

for (const [kind, before, missing] of [
  ["a program on the host", "", noStrace],
  ["a container", `docker run --rm --network none ${image}`, longOnly(noEngine)],
])
  await fault(
    `standard input is closed, ${kind}`,
    2,
    () => {
      const folder = committed();
      const ran = sh(
        folder,
        `${process.execPath} ${cli} record --name app --append -- ${before} sh -c 'ls -l / >/dev/null' ` + "<&-",
      );
      check(ran.status === 0, ran.stderr);
      check(unharmed(folder) === "recorded", "nothing recorded");
      cleaned(folder);
      return "recorded";
    },
    missing,
  );

/** A library that gives a process a clock of its own (Debian's libfaketime). The machine's clock stays. */
function clockLibrary() {
  const find = () =>
    spawnSync("sh", ["-c", "ls /usr/lib/*/faketime/libfaketimeMT.so.1"], { encoding: "utf8" })
      .stdout.trim()
      .split("\n")[0];
  if (find() === "" && root && !short)
    spawnSync("apt-get", ["-qq", "install", "-y", "--no-install-recommends", "libfaketime"], { stdio: "ignore" });
  return find();
}

const clock = clockLibrary();
for (const [kind, before, missing] of [
  ["a program on the host", [], noStrace],
  ["a container", ["docker", "run", "--rm", "--network", "none", "--stop-timeout", "1", image], longOnly(noEngine)],
])
  await fault(
    `the clock jumps ahead by a day and back by two, ${kind}`,
    3,
    async () => {
      const folder = committed();
      const file = join(folder, "clock");
      const set = (offset) => writeFileSync(file, offset);
      set("+0");
      const env = {
        ...process.env,
        LD_PRELOAD: clock,
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: "1",
        DONT_FAKE_MONOTONIC: "1",
      };
      const child = spawn(
        process.execPath,
        [cli, "record", "--name", "app", "--append", "--stop-after", "3", "--", ...before, "sleep", "60"],
        { cwd: folder, stdio: ["ignore", "ignore", "pipe"], env },
      );
      let said = "";
      child.stderr.on("data", (bytes) => (said += bytes));
      const end = new Promise((resolve) => child.once("exit", resolve));
      for (const offset of ["+1d", "-1d", "+1d", "-1d", "+0"]) {
        await delay(700);
        set(offset);
      }
      check((await end) === 0, said);
      check(unharmed(folder) === "recorded", "nothing recorded");
      cleaned(folder);
      return "recorded";
    },
    missing || (clock === "" ? "no libfaketime" : false),
  );

/** The kind of machine, and the time. No names. */
function machine() {
  const version = docker("version", "--format", "{{.Server.Version}}");
  return (
    `Linux ${release().split(".").slice(0, 2).join(".")} ${arch()}, ${cpus().length} cores, Node ` +
    `${process.versions.node.split(".")[0]}, Docker ${version.split("+")[0] || "none"}, ` +
    `${new Date().toISOString().slice(0, 10)}`
  );
}

/** The rows of earlier runs that this run did not measure again. */
function earlier() {
  const lines = existsSync(table)
    ? readFileSync(table, "utf8")
        .split("\n")
        .filter((line) => /^\| .* \| (?:\d+|-) \| /.test(line))
    : [];
  return lines.map((line) => line.slice(2, -2).split(" | "));
}
const measured = new Map([
  ...earlier().map((row) => [row[0], row]),
  ...rows.filter((row) => row[1] !== "-" || only === undefined).map((row) => [row[0], row]),
]);

const text = `# Faults

Injected by \`npm run test:faults\` into real runs, which writes this table. After each one it is
checked that no committed call is lost, that each file is whole, and that \`seccomp-gen clean\`
finds and removes what is left: containers, volumes, locks, temporary files and folders. Every fifth
recovered trace is taken in by the next \`record --append\`, and its calls are looked for there. EIO
and ESTALE of single calls are injected by strace; the clock is libfaketime's, around seccomp-gen
alone. A device that fails at will (dm-error, dm-flakey) needs device mapper in the kernel.
Rows may be of several runs (\`--only\`).

Last run on ${machine()}.

| fault | times | what came out |
|---|---|---|
${[...measured.values()].map((row) => `| ${row.join(" | ")} |`).join("\n")}
`;
if (!short) writeFileSync(table, text);
console.log(text);
process.exit(harm === 0 ? 0 : 1);
