// What recording costs a workload. In turns it runs in a container by itself, in a first recording, and in an append to
// it. Ratios compare with the run by itself in the same turn, and the median counts, so that other work on the machine
// matters little. Beside the elapsed time is the CPU time of the container (cgroup). For an append it includes strace;
// a first recording has strace in a container of its own. Usage: npm run bench:record [-- TURNS] [--host] [--only
// REGEX] [--write]. --write also writes to docs/measurements.md. --host runs programs on this host, outside any
// container. Otherwise it needs an engine with the base image of `npm run engine -- base-image`.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measuredOn, writeMeasured } from "../measurements.mjs";

const cli = fileURLToPath(new URL("../../dist/cli.cjs", import.meta.url));
const turns = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 9);
const before = process.argv.includes("--host")
  ? []
  : ["docker", "run", "--rm", "--network", "none", "seccomp-gen-base:bookworm"];

/**
 * The workload measures itself, which leaves out the start of containers: that costs the same everywhere. It prints the
 * elapsed nanoseconds, and those of the cgroup's CPU time (cpuacct, or cpu.stat of version 2).
 */
const timed = (script) =>
  `cpu() { cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || sed -n "s/^usage_usec ` +
  `\\(.*\\)/\\1000/p" /sys/fs/cgroup/cpu.stat; }; used=$(cpu); begin=$(date +%s%N); ${script}; ` +
  `end=$(date +%s%N); echo "took $((end - begin)) $(($(cpu) - used))"`;
const loads = [
  ["nothing but calls (dd, a byte at a time)", "dd if=/dev/zero of=/dev/null bs=1 count=200000 2>/dev/null"],
  [
    "files and processes (find, sort, tar, gzip, perl)",
    "find /usr /etc -xdev 2>/dev/null | sort | sha256sum >/dev/null; tar -c /usr/share/perl* /etc " +
      '2>/dev/null | gzip -1 | wc -c >/dev/null; perl -e \'for (1..40) { open my $f, "<", ' +
      '"/etc/passwd"; my @l = sort <$f>; my $s = 0; $s += $_ for 1..20000 }\'',
  ],
  ["many short programs (a shell's loop)", "for n in $(seq 60); do ls / | grep -c usr >/dev/null; done"],
];
const workload = (script) => [...before, "sh", "-c", timed(script)];

function run(folder, words) {
  const { status, stdout, stderr } = spawnSync(words[0], words.slice(1), {
    cwd: folder,
    encoding: "utf8",
    timeout: 600_000,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const took = /^took (\d+) (\d+)$/m.exec(stdout);
  if (status !== 0 || took === null) throw new Error(`${words.join(" ")}: ${status} ${stderr}`);
  return { passed: Number(took[1]), cpu: Number(took[2]) };
}

const record = (script, ...options) => [
  process.execPath,
  cli,
  "record",
  "--name",
  "app",
  ...options,
  "--",
  ...workload(script),
];
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const rows = [];
const only = new RegExp(
  process.argv.includes("--only") ? (process.argv[process.argv.indexOf("--only") + 1] ?? "") : "",
);
for (const [name, script] of loads.filter(([name]) => only.test(name))) {
  const known = mkdtempSync(join(tmpdir(), "seccomp-gen-bench-"));
  run(known, record(script));
  const ways = {
    bare: () => run(known, workload(script)),
    first: (folder) => run(folder, record(script)),
    append: (folder) => (cpSync(known, folder, { recursive: true }), run(folder, record(script, "--append"))),
  };
  const taken = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
  const ratio = (way, what) => median(taken[way].map((value, turn) => value[what] / taken.bare[turn][what]));
  for (let turn = 0; turn < turns; turn += 1) {
    // Each way comes first in equally many turns.
    const order = Object.keys(ways).map((_, at, all) => all[(at + turn) % all.length]);
    for (const way of order) {
      const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-bench-"));
      taken[way].push(ways[way](folder));
      rmSync(folder, { recursive: true });
    }
    console.error(
      `${name}, turn ${turn + 1}: ` +
        `${Object.entries(taken)
          .map(([way, values]) => `${way} ${(values.at(-1).passed / taken.bare.at(-1).passed).toFixed(2)}`)
          .join(", ")}`,
    );
  }
  rmSync(known, { recursive: true });
  const bare = taken.bare.map(({ passed }) => passed);
  const spread = Math.max(...bare) / Math.min(...bare);
  rows.push([
    name,
    `${ratio("first", "passed").toFixed(1)}×`,
    `${ratio("append", "passed").toFixed(2)}×`,
    before.length === 0 ? "" : `${ratio("append", "cpu").toFixed(2)}×`,
    spread.toFixed(2),
  ]);
}
const text =
  `${measuredOn()}; as a multiple of the workload by itself, medians of ${turns} turns.\n\n| ` +
  "workload | first recording | append | append, CPU time | slowest to fastest by itself " +
  `|\n|---|---|---|---|---|\n${rows.map((row) => `| ${row.join(" | ")} |`).join("\n")}`;
if (rows.length > 0) console.log(text);
if (rows.length > 0 && process.argv.includes("--write")) writeMeasured("bench:record", text);
if (before.length > 0) await import("./record-costs.mjs");
