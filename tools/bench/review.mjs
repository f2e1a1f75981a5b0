// What `review` of 200 changed profiles costs, compared with `git diff`: CPU time and processes. It prints a table,
// with --write also to docs/measurements.md. It never passes or fails.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measuredOn, writeMeasured } from "../measurements.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const cli = `${root}dist/cli.cjs`;
const services = Number(process.env.SECCOMP_GEN_SERVICES ?? 200);
/** The new calls of the services: twenty kinds of change among two hundred. */
const calls = [
  "flock",
  "fdatasync",
  "getpriority",
  "umask",
  "symlink",
  "truncate",
  "sync",
  "utimensat",
  "chown",
  "alarm",
];

const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-bench-"));
const git = (...args) =>
  execFileSync("git", ["-c", "user.name=b", "-c", "user.email=b@b", ...args], { cwd: folder, encoding: "utf8" });
const nameOf = (at) => `service-${String(at).padStart(3, "0")}`;
const recordingPath = (at) => join(folder, "traces", nameOf(at), "recording.json");

const recording = readFileSync(`${root}traces/nginx/recording.json`, "utf8");
const line = (name) => `      "${name}": {"calls": 1, "results": ["ok"], "processes": ["nginx"]}`;
for (let at = 0; at < services; at += 1) {
  mkdirSync(join(folder, "traces", nameOf(at)), { recursive: true });
  writeFileSync(recordingPath(at), recording.replace(/"name": "[^"]*"/, `"name": "${nameOf(at)}"`));
}
mkdirSync(join(folder, "profiles"));
for (let at = 0; at < services; at += 1) writeFileSync(join(folder, "profiles", `${nameOf(at)}.json`), "{}");
git("init", "-q", "-b", "main");
const generate = () => execFileSync(process.execPath, [cli, "generate", "--all"], { cwd: folder, stdio: "ignore" });
generate();
git("add", "-A");
git("commit", "-q", "-m", "first");
git("checkout", "-q", "-b", "change");
for (let at = 0; at < services; at += 1) {
  const more = [calls[at % 10], ...(at % 20 < 10 ? [] : [calls[(at + 3) % 10]])].map(line).join(",\n");
  const text = readFileSync(recordingPath(at), "utf8");
  writeFileSync(recordingPath(at), text.replace('"SCMP_ARCH_X86_64": {\n', `"SCMP_ARCH_X86_64": {\n${more},\n`));
}
generate();
git("add", "-A");
git("commit", "-q", "-m", "a new base image");

// Every process that git starts counts: git itself, and those that review starts.
const bin = mkdtempSync(join(tmpdir(), "seccomp-gen-bench-bin-"));
const log = join(bin, "log");
const real = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
writeFileSync(join(bin, "git"), `#!/bin/sh\necho "$1" >> '${log}'\nexec ${real} "$@"\n`);
chmodSync(join(bin, "git"), 0o755);

/** The seconds of CPU time, and the number of processes. */
function measure(command) {
  writeFileSync(log, "");
  const { stderr } = spawnSync("bash", ["-c", `TIMEFORMAT='%U %S'; time ${command} > /dev/null 2>&1`], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
  });
  const [user, system] = stderr.trim().split(" ").map(Number);
  const started = readFileSync(log, "utf8").split("\n").length - 1;
  return { cpu: user + system, processes: started + (command.startsWith("git") ? 0 : 1) };
}

const row = (what, { cpu, processes }) => `| ${what} | ${cpu.toFixed(1)} | ${processes} |`;
const lines = [
  `${measuredOn()}, Node ${process.versions.node.split(".")[0]}. ${services} services, each with a changed recording ` +
    "and profile, in 20 kinds of change.",
  "",
  "| | seconds of CPU | processes |",
  "|---|---|---|",
  row("`git diff main`", measure("git diff main")),
  row("`seccomp-gen review main`", measure(`'${process.execPath}' '${cli}' review main`)),
  row("`seccomp-gen generate --all --check`", measure(`'${process.execPath}' '${cli}' generate --all --check`)),
];
console.log(`${lines.join("\n")}\n`);
if (process.argv.includes("--write")) writeMeasured("bench:review", lines.join("\n"));
for (const made of [folder, bin]) rmSync(made, { recursive: true });
