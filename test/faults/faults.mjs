// What becomes of recordings and of what is committed when something goes wrong: faults injected into real runs of dist/cli.js.
// Usage: npm run test:faults [-- KILLS]. Writes test/faults/FAULTS.md; with --check it writes nothing. Exit code 1 where a fault did harm.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const table = fileURLToPath(new URL("FAULTS.md", import.meta.url));
const kills = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 100);
const image = "seccomp-gen-base:bookworm";
const root = process.getuid?.() === 0;
const engine = spawnSync("docker", ["image", "inspect", image]).status === 0;
const strace = spawnSync("strace", ["-V"]).status === 0;
const rows = [];
let harm = 0;

/** Runs one fault `times` times; `once` resolves to what came out, and throws where harm was done. */
async function fault(name, times, once, skipped) {
  if (skipped !== undefined && skipped !== false) return void rows.push([name, "-", `skipped: ${skipped}`]);
  const outcomes = new Map();
  for (let time = 0; time < times; time += 1) {
    let outcome;
    try {
      outcome = await once(time);
    } catch (error) {
      harm += 1;
      outcome = `HARM: ${error.message}`;
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  rows.push([name, times, [...outcomes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([outcome, count]) => (outcomes.size === 1 ? outcome : `${outcome} (${count})`)).join("; ")]);
  console.error(`${name}: ${rows.at(-1)[2]}`);
}

const check = (holds, message) => {
  if (!holds) throw new Error(message);
};
const run = (folder, args, options = {}) => spawnSync(process.execPath, [cli, ...args], { cwd: folder, encoding: "utf8", timeout: 120_000, stdio: ["ignore", "pipe", "pipe"], ...options });
const sh = (folder, script) => spawnSync("sh", ["-c", script], { cwd: folder, encoding: "utf8", timeout: 120_000, stdio: ["ignore", "pipe", "pipe"] });
const docker = (...args) => spawnSync("docker", args, { encoding: "utf8" }).stdout.trim();
const callsOf = (path) => Object.entries(JSON.parse(readFileSync(path, "utf8")).syscalls).flatMap(([arch, calls]) => Object.keys(calls).map((call) => `${arch} ${call}`));
const recording = join("traces", "app", "recording.json");
const partial = join("traces", "app", "recording.partial.json");
const profile = join("profiles", "app.json");
const hostRun = ["record", "--name", "app", "--append", "--", "sh", "-c", "ls -l / >/dev/null; sleep 0.2; id >/dev/null"];
const containerRun = ["record", "--name", "app", "--append", "--", "docker", "run", "--rm", "--network", "none", image, "sh", "-c", "ls -l / >/dev/null; sleep 0.2; id >/dev/null"];

/** A folder as it would be in a repository: a recording and its profile, committed. */
const template = mkdtempSync(join(tmpdir(), "seccomp-gen-faults-"));
writeFileSync(join(template, "log"), '7 execve("/bin/x", ["x"], 0x1 /* 1 var */) = 0\n7 swapoff("x") = -1 EPERM (Operation not permitted)\n7 getpid() = 7\n7 exit_group(0) = ?\n');
mkdirSync(join(template, "traces/app"), { recursive: true });
check(run(template, ["merge", "log", "--name", "app", "-o", recording]).status === 0, "no template");
check(run(template, ["generate", recording, "-o", profile]).status === 0, "no template");

function committed() {
  const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-faults-"));
  for (const path of [recording, profile]) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    copyFileSync(join(template, path), join(folder, path));
  }
  return folder;
}

/** Nothing of what was committed is gone, and each file is whole. */
function unharmed(folder) {
  const now = callsOf(join(folder, recording));
  for (const call of callsOf(join(template, recording))) check(now.includes(call), `${call} is lost`);
  JSON.parse(readFileSync(join(folder, profile), "utf8"));
  return now.length > callsOf(join(template, recording)).length ? "recorded" : "as it was";
}

function unchanged(folder) {
  for (const path of [recording, profile]) check(readFileSync(join(folder, path), "utf8") === readFileSync(join(template, path), "utf8"), `${path} changed`);
}

/** What is left is found and removed, also by the next who looks. */
function cleaned(folder) {
  const first = run(folder, ["clean"]);
  check(!engine || first.status === 0, `clean: ${first.stderr}`);
  check(!engine || /nothing left behind/.test(run(folder, ["clean"]).stderr), "clean leaves something");
  const left = readdirSync(folder, { recursive: true }).filter((path) => /\.tmp$|\.lock$/.test(path));
  check(left.length === 0, `clean leaves ${left}`);
}

async function killed(args, longest) {
  const folder = committed();
  const child = spawn(process.execPath, [cli, ...args], { cwd: folder, stdio: "ignore" });
  const end = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
  await delay(Math.random() * longest);
  child.kill("SIGKILL");
  const by = await end;
  const state = unharmed(folder);
  cleaned(folder);
  rmSync(folder, { recursive: true });
  return `${by === "SIGKILL" ? "killed" : "ended first"}, files whole, ${state}; clean finds the rest`;
}

const noEngine = engine ? false : `no engine with ${image}`;
const noStrace = strace ? false : "no strace on this host";
const time = (args) => {
  const folder = committed();
  const begin = performance.now();
  run(folder, args);
  rmSync(folder, { recursive: true });
  return performance.now() - begin;
};
await fault("kill -9 of seccomp-gen at a random point, a program on the host", Math.ceil(kills / 2), ((longest) => () => killed(hostRun, (longest ??= time(hostRun))))(), noStrace);
await fault("kill -9 of seccomp-gen at a random point, a container", Math.ceil(kills / 2), ((longest) => () => killed(containerRun, (longest ??= time(containerRun))))(), noEngine);

await fault("kill -9 of strace", 2, () => {
  const folder = committed();
  const script = "pid=$(docker top $(docker ps -q --filter name=seccomp-gen-sidecar-) -eo pid,args | awk '/[.]seccomp-gen.strace/ { print $1; exit }'); kill -9 $pid; sleep 4";
  const ran = run(folder, ["record", "--name", "app", "--while", script, "--", "docker", "run", "--rm", "--network", "none", "--stop-timeout", "1", image, "sleep", "60"]);
  check(ran.status === 2 && /trace broke off/.test(ran.stderr), `not noticed: ${ran.stderr}`);
  check(/execve/.test(readFileSync(join(folder, partial), "utf8")), "nothing kept aside");
  unchanged(folder);
  return "said; what was seen is kept aside, committed files unchanged";
}, noEngine || (root ? false : "only root may kill it"));

await fault("the helper that reads the trace is killed", 2, () => {
  const folder = committed();
  const ran = run(folder, ["record", "--name", "app", "--while", "sleep 1; docker ps -q --filter name=seccomp-gen-reader- | xargs docker kill >/dev/null; sleep 1", "--", "docker", "run", "--rm", "--network", "none", "--stop-timeout", "1", image, "sleep", "60"]);
  check(ran.status === 2 && /trace broke off/.test(ran.stderr), `not noticed: ${ran.stderr}`);
  check(existsSync(join(folder, partial)), "nothing kept aside");
  unchanged(folder);
  const next = run(folder, containerRun);
  check(next.status === 0 && unharmed(folder) === "recorded" && !existsSync(join(folder, partial)), `not taken in: ${next.stderr}`);
  return "said; what was seen is kept aside, and the next --append takes it in";
}, noEngine);

await fault("the container runs out of memory", 2, () => {
  const folder = committed();
  const ran = run(folder, ["record", "--name", "app", "--append", "--", "docker", "run", "--rm", "--network", "none", "--memory", "48m", "--memory-swap", "48m", image, "tail", "/dev/zero"]);
  check(ran.status === 137 || ran.status === 2, `exit code ${ran.status}: ${ran.stderr}`);
  check(/"ended":"cut"/.test(readFileSync(join(folder, ran.status === 137 ? recording : partial), "utf8")), "not marked");
  unharmed(folder);
  return "said; the recording is marked cut";
}, noEngine);

await fault("two recordings with one name at once", 3, async () => {
  const folder = committed();
  const start = (...words) => new Promise((resolve) => spawn(process.execPath, [cli, "record", "--name", "app", "--append", "--", ...words], { cwd: folder, stdio: "ignore" }).once("exit", resolve));
  const codes = await Promise.all([start("sh", "-c", "mkdir x; sleep 0.3"), start("sh", "-c", "ln -s y z; sleep 0.3")]);
  check(codes.every((code) => code === 0), `exit codes ${codes}`);
  const calls = callsOf(join(folder, recording)).join(" ");
  check(/\bmkdir/.test(calls) && /\bsymlink/.test(calls), "one of them is lost");
  unharmed(folder);
  cleaned(folder);
  return "both are in the file";
}, noStrace);

await fault("no space where the files go", 2, () => {
  const folder = committed();
  for (const place of ["traces/app", "profiles"]) {
    const kept = readdirSync(join(folder, place)).map((name) => [name, readFileSync(join(folder, place, name))]);
    check(spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", join(folder, place)]).status === 0, "no tmpfs");
    try {
      for (const [name, bytes] of kept) writeFileSync(join(folder, place, name), bytes);
      sh(folder, `cat /dev/zero > ${place}/filler`);
      const ran = run(folder, ["record", "--name", "app", "--append", "--", "sh", "-c", "ls -l / >/dev/null"]);
      check(ran.status === 2 && /no space left/.test(ran.stderr), `exit code ${ran.status}: ${ran.stderr}`);
      for (const [name, bytes] of kept) check(readFileSync(join(folder, place, name)).equals(bytes), `${name} changed`);
      check(readdirSync(join(folder, place)).every((name) => name === "filler" || kept.some(([own]) => own === name)), `something is left in ${place}`);
    } finally {
      spawnSync("umount", [join(folder, place)]);
    }
  }
  unharmed(folder);
  return "said; the files are as they were";
}, noStrace || (root ? false : "only root may mount"));

await fault("the repository is read-only", 2, () => {
  const folder = committed();
  check(sh(folder, "mount --bind . . && mount -o remount,ro,bind .").status === 0, "no mount");
  try {
    const ran = run(folder, ["record", "--name", "app", "--append", "--", "sh", "-c", "echo RAN"]);
    check(ran.status === 2 && /read-only/.test(ran.stderr) && ran.stdout === "", `exit code ${ran.status}: ${ran.stderr}`);
  } finally {
    spawnSync("umount", [folder]);
  }
  unchanged(folder);
  return "said before anything ran";
}, noStrace || (root ? false : "only root may mount"));

for (const [name, call, errno] of [
  ["EIO when a file is flushed", "fsync", "EIO"],
  ["a rename that fails as on NFS", "rename,renameat,renameat2", "ESTALE"],
  ["EIO when a file is written", "pwrite64,writev", "EIO"],
]) {
  await fault(name, 2, () => {
    const folder = committed();
    const ran = spawnSync("strace", ["-f", "-o", "/dev/null", "-e", `trace=${call}`, "-e", `inject=${call}:error=${errno}`, process.execPath, cli, "generate", recording, "--args", "none", "-o", profile], { cwd: folder, encoding: "utf8", timeout: 120_000 });
    if (ran.status === 0) return "that call is not made here";
    check(ran.status === 2 && /cannot write/.test(ran.stderr), `exit code ${ran.status}: ${ran.stderr}`);
    unchanged(folder);
    cleaned(folder);
    return "said; the files are as they were";
  }, noStrace);
}

await fault("the reader of our output goes first (piped to head -1)", 3, () => {
  const folder = committed();
  const ran = sh(folder, `${process.execPath} ${cli} generate ${recording} | head -1; ${process.execPath} ${cli} record --name app --append -- sh -c 'sleep 0.2' 2>&1 | head -1`);
  check(!/Error|EPIPE|at /.test(ran.stderr), ran.stderr);
  unharmed(folder);
  cleaned(folder);
  return "ends in order";
}, noStrace);

await fault("output to a full device", 2, () => {
  const folder = committed();
  const ran = sh(folder, `${process.execPath} ${cli} generate ${recording} > /dev/full`);
  check(ran.status === 2, `exit code ${ran.status}`);
  return "exit code 2";
});

await fault("standard input is closed", 2, () => {
  const folder = committed();
  const ran = sh(folder, `${process.execPath} ${cli} record --name app --append -- sh -c 'ls -l / >/dev/null' <&-`);
  check(ran.status === 0, ran.stderr);
  check(unharmed(folder) === "recorded", "nothing recorded");
  return "recorded";
}, noStrace);

await fault("the clock jumps by hours", 2, () => {
  const folder = committed();
  const jump = `data:text/javascript,${encodeURIComponent("const now=Date.now;let by=0;setTimeout(()=>{by=1e7},300).unref();setTimeout(()=>{by=-1e7},600).unref();Date.now=()=>now()+by")}`;
  const ran = run(folder, ["record", "--name", "app", "--append", "--stop-after", "1", "--", "sleep", "30"], { env: { ...process.env, NODE_OPTIONS: `--import=${jump}` } });
  check(ran.status === 0, ran.stderr);
  check(unharmed(folder) === "recorded", "nothing recorded");
  return "recorded";
}, noStrace);

const text = `# Faults

Injected by \`npm run test:faults\` into real runs, which writes this table. After each one it is checked that no committed call is lost, that
each file is whole, and that \`seccomp-gen clean\` removes what is left. EIO and ESTALE are injected by strace into our own calls; the jump of the clock into Node's.

| fault | times | what came out |
|---|---|---|
${rows.map((row) => `| ${row.join(" | ")} |`).join("\n")}
`;
if (!process.argv.includes("--check")) writeFileSync(table, text);
console.log(text);
process.exitCode = harm === 0 ? 0 : 1;
