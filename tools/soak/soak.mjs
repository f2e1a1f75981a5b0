#!/usr/bin/env node
// The long run: takes random real programs from an image's /usr/bin, records each, makes a profile, and runs the
// program under it on every runtime.
//
//   node tools/soak/soak.mjs [--minutes 30] [--seed N] [--image IMAGE] [--also IMAGE…]
//
// --also runs the profile in further images too (a newer release of the same distribution). A program that behaves
// differently there without any profile is not counted. It needs a built product and an engine (npm run engine --
// start). It prints a table. Every case is a line of .soak/cases.jsonl with what a repetition needs. Exit code 1 if
// something broke.
import { execa } from "execa";
import { appendFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    seed: { type: "string", default: "1" },
    image: { type: "string", default: "seccomp-gen-base:bookworm" },
    also: { type: "string", multiple: true, default: [] },
  },
});
const root = fileURLToPath(new URL("../../", import.meta.url));
const cli = join(root, "dist/cli.cjs");
const work = join(root, ".soak");
const perRunMs = 60_000;

/** A deterministic choice (mulberry32), so that a seed repeats a run. */
let state = Number(options.seed) >>> 0;
function random(below) {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
}
const pick = (list) => list[random(list.length)];

/** Words that many programs accept in some way. Whatever they answer must be the same under the profile. */
const argumentLists = [
  "",
  "--version",
  "--help",
  "-h",
  "/etc/passwd",
  "-l /etc",
  "-n 3 /etc/group",
  "-a",
  "-r /etc/apt",
  "/etc/passwd /etc/group",
  "-c 'echo x | sort; exit 4'",
  "-e 'print 1' /etc/hostname",
  "/no/such/file",
  "-d : -f 1 /etc/passwd",
  "root /etc/passwd",
  "-s /etc/debian_version",
  "a b c",
  "/tmp/new",
  "-p /tmp/a/b",
  "-rf /tmp/a",
  "-f /etc/fstab /tmp/copy",
  "-t 1 /",
  "1",
  "-",
];
const sources = [
  "cat /etc/passwd",
  "ls -lR /usr/share/doc | head -200",
  "seq 1000",
  "find /etc -type f",
  "head -c 100000 /dev/zero",
  "printf 'b\\na\\nb\\n'",
  "env -i",
  "true",
];

function randomCommand(programs) {
  const one = () => `${pick(programs)} ${pick(argumentLists)}`.trim();
  switch (random(4)) {
    case 0:
      return `${pick(sources)} | timeout -s KILL 5 ${one()}`;
    case 1:
      return `timeout -s KILL 5 ${one()} </dev/null; echo $?; timeout -s KILL 5 ${one()} </dev/null`;
    case 2:
      return (
        `for f in /etc/passwd /etc/group; do timeout -s KILL 5 ${pick(programs)} $f </dev/null; done ` +
        "2>&1 | tail -20"
      );
    default:
      return `exec timeout -s KILL 5 ${one()} </dev/null`;
  }
}

async function container(image, command, extra = []) {
  const { exitCode, stdout, stderr } = await execa(
    "docker",
    ["run", "--rm", "--network", "none", "--hostname", "soak", ...extra, image, "sh", "-c", command],
    { reject: false, timeout: perRunMs, stdin: "ignore", stripFinalNewline: false },
  );
  return { exitCode, stdout, stderr };
}

const same = (a, b) => a.exitCode === b.exitCode && a.stdout === b.stdout && a.stderr === b.stderr;

/** The command's own answer, if it gives the same answer twice. */
async function plainAnswer(image, command) {
  const first = await container(image, command);
  return first.exitCode !== undefined && same(first, await container(image, command)) ? first : undefined;
}

function seccompGen(...words) {
  return execa(process.execPath, [cli, ...words], {
    cwd: work,
    reject: false,
    timeout: 2 * perRunMs,
    stdin: "ignore",
    stripFinalNewline: false,
  });
}

const count = {
  cases: 0,
  skipped: 0,
  runs: 0,
  broken: 0,
  recordingDisturbed: 0,
  beyondDefault: 0,
  notRepeatable: 0,
  mergeDiffers: 0,
  trouble: 0,
};
const findings = [];

async function note(kind, facts) {
  count[kind] += 1;
  findings.push({ kind, ...facts });
  process.stderr.write(`${kind}: ${facts.command}\n`);
}

async function oneCase(programs, runtimes, previous) {
  const command = randomCommand(programs);
  const plain = await plainAnswer(options.image, command);
  if (plain === undefined) {
    count.skipped += 1;
    return previous;
  }
  count.cases += 1;
  await rm(join(work, "traces"), { recursive: true, force: true });
  const recorded = await seccompGen(
    "record",
    "--name",
    "case",
    "--force",
    "--",
    "docker",
    "run",
    "--rm",
    "--network",
    "none",
    "--hostname",
    "soak",
    options.image,
    "sh",
    "-c",
    command,
  );
  const line = { command, exitCode: recorded.exitCode };
  await appendFile(join(work, "cases.jsonl"), `${JSON.stringify(line)}\n`);
  const recording = await readFile(join(work, "traces/case/recording.json"), "utf8").catch(() => undefined);
  if (recording === undefined) {
    await note("trouble", { command, said: recorded.stderr.slice(-500) });
    return previous;
  }
  if (recorded.exitCode !== plain.exitCode || recorded.stdout !== plain.stdout)
    await note("recordingDisturbed", {
      command,
      plain: plain.stdout.slice(0, 200),
      recorded: recorded.stdout.slice(0, 200),
      exitCodes: [plain.exitCode, recorded.exitCode],
    });
  const profile = join(work, "profiles/case.json");
  const text = await readFile(profile, "utf8");
  const again = await seccompGen("generate", "traces/case/recording.json");
  if (again.stdout !== text) await note("notRepeatable", { command });
  const diff = await seccompGen("diff", "--against", engineVersion, "profiles/case.json", "--format", "json");
  const wider =
    diff.exitCode > 1
      ? ["?"]
      : JSON.parse(diff.stdout)
          .syscalls.filter(({ kind }) => ["newly-allowed", "widened", "changed"].includes(kind))
          .map(({ syscall }) => syscall);
  if (wider.length > 0) await note("beyondDefault", { command, wider });
  for (const image of [options.image, ...options.also]) {
    const expected = image === options.image ? plain : await plainAnswer(image, command);
    if (expected === undefined) continue;
    for (const runtime of runtimes) {
      count.runs += 1;
      const confined = await container(image, command, ["--runtime", runtime, "--security-opt", `seccomp=${profile}`]);
      if (!same(confined, expected))
        await note("broken", {
          command,
          image,
          runtime,
          exitCodes: [expected.exitCode, confined.exitCode],
          expected: `${expected.stdout}${expected.stderr}`.slice(0, 300),
          confined: `${confined.stdout}${confined.stderr}`.slice(0, 300),
        });
    }
  }
  // Two recordings merge to the same bytes in either order, and a recording merged with itself stays the same.
  if (previous !== undefined) {
    await mkdir(join(work, "merge"), { recursive: true });
    await Promise.all([
      writeFile(join(work, "merge/a.json"), recording),
      writeFile(join(work, "merge/b.json"), previous),
    ]);
    const orders = await Promise.all(
      [
        ["a", "b"],
        ["b", "a"],
        ["a", "b", "a"],
      ].map((order) => seccompGen("merge", ...order.map((name) => `merge/${name}.json`))),
    );
    const [ab, ba, aba] = orders.map(({ stdout }) => stdout);
    if (ab === "" || ab !== ba || ab !== aba) await note("mergeDiffers", { command });
  }
  return recording;
}

await rm(work, { recursive: true, force: true });
await mkdir(work, { recursive: true });
const { stdout: engineVersion } = await execa("docker", ["version", "--format", "{{.Server.Version}}"]);
const { stdout: known } = await execa("docker", ["info", "--format", "{{json .Runtimes}}"]);
const runtimes = ["runc", "crun"].filter((runtime) => known.includes(`"${runtime}"`));
const { stdout: listed } = await container(
  options.image,
  "find /usr/bin /usr/sbin -maxdepth 1 -type f -perm -1 -printf '%f\\n' | sort",
);
// Endless, interactive or about the machine: there is nothing to compare.
const programs = listed
  .split("\n")
  .filter(
    (name) => name !== "" && !/^(yes|top|watch|su|login|agetty|sulogin|script|scriptlive|reset|tset)$/.test(name),
  );

const begun = performance.now();
let previous;
while ((performance.now() - begun) / 60_000 < Number(options.minutes))
  previous = await oneCase(programs, runtimes, previous);

process.stdout.write(
  `| seed ${options.seed}, ${options.minutes} minutes, Docker ${engineVersion}, ` +
    `${runtimes.join(" and ")}, ${[options.image, ...options.also].join(", ")} | |\n|---|---|\n`,
);
const rows = [
  ["commands recorded (others, which answer differently each time, left out)", `${count.cases} (${count.skipped})`],
  ["runs under a profile", count.runs],
  ["that behaved otherwise than without one", count.broken],
  ["recordings that disturbed the program", count.recordingDisturbed],
  ["profiles wider than Docker's default", count.beyondDefault],
  ["profiles that generate does not repeat to the byte", count.notRepeatable],
  ["merges that depend on the order", count.mergeDiffers],
  ["recordings that failed", count.trouble],
];
for (const [what, number] of rows) process.stdout.write(`| ${what} | ${number} |\n`);
for (const finding of findings) await appendFile(join(work, "findings.jsonl"), `${JSON.stringify(finding)}\n`);
process.exitCode = findings.length === 0 ? 0 : 1;
