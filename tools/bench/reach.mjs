// How fast programs' code is read: `npm run bench [-- --write]`. --once runs one round instead of three.
//
// Each row is an executable of this machine with all libraries that it needs. If it starts other programs, the shell
// and the small tools belong to it too. "Cold" has no cache. "Cached" finds each summary there. CPU time counts, in a
// new process each time, so that compiling while it runs counts too. The table has medians of rounds. Beside them is
// GNU objdump, which only disassembles the same files.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { measuredOn, writeMeasured } from "../measurements.mjs";

const rounds = process.argv.includes("--once") ? 1 : 3;
const logs = fileURLToPath(new URL("../../dist/logs/index.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-bench-reach-"));
const caches = join(folder, "seccomp-gen", "reach");

const services = [
  ["bash", "/bin/bash"],
  ["nginx", "/usr/sbin/nginx"],
  ["postgres", postgres()],
  ["node", execFileSync(process.execPath, ["-p", "process.execPath"], { encoding: "utf8" }).trim()],
  ["dockerd (Go)", "/usr/sbin/dockerd"],
].filter(([, path]) => path !== undefined && existsSync(path));

function postgres() {
  const versions = existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql") : [];
  return versions[0] === undefined ? undefined : `/usr/lib/postgresql/${versions[0]}/bin/postgres`;
}

const reader = `
  const { codeOf, filesBelow } = await import(${JSON.stringify(logs)});
  const paths = [];
  const files = filesBelow("/");
  const read = async (path) => {
    const bytes = await files.read(path);
    if (bytes !== undefined) paths.push(path);
    return bytes;
  };
  const start = process.cpuUsage();
  await codeOf([{ executable: process.argv[1], objects: [] }], { read });
  const { user, system } = process.cpuUsage(start);
  console.log(JSON.stringify({ cpu: (user + system) / 1e6, memory: process.resourceUsage().maxRSS / 1024, paths }));`;

function read(path) {
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", reader, path], {
    encoding: "utf8",
    env: { ...process.env, XDG_CACHE_HOME: folder },
  });
  return JSON.parse(stdout);
}

/** Seconds of CPU that objdump takes for the same files. */
function disassemble(paths) {
  const { stderr } = spawnSync(
    "bash",
    ["-c", `TIMEFORMAT='%U %S'; time objdump -d "$@" > /dev/null 2>&1`, "objdump", ...paths],
    { encoding: "utf8" },
  );
  const [user, system] = stderr.trim().split(" ").map(Number);
  return user + system;
}

/** Megabytes of code in the summaries of the cache. */
function megabytes() {
  const sizes = readdirSync(caches).map((name) => {
    const { codeBytes = 0 } = JSON.parse(gunzipSync(readFileSync(join(caches, name))).toString());
    return codeBytes;
  });
  return sizes.reduce((sum, size) => sum + size, 0) / 1e6;
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

const rows = services.map(([name, path]) => {
  const cold = [];
  const cached = [];
  let code = 0;
  for (let round = 0; round < rounds; round += 1) {
    rmSync(caches, { recursive: true, force: true });
    cold.push(read(path));
    cached.push(read(path));
    code = megabytes();
  }
  const seconds = median(cold.map(({ cpu }) => cpu));
  return [
    name,
    code.toFixed(1),
    seconds.toFixed(2),
    (code / seconds).toFixed(1),
    `${(disassemble(cold[0].paths) / seconds).toFixed(1)}×`,
    median(cached.map(({ cpu }) => cpu)).toFixed(2),
    Math.max(...cold.map(({ memory }) => memory)).toFixed(0),
  ];
});
const lines = [
  `${measuredOn()}, Node ${process.versions.node.split(".")[0]}; medians, rounds: ${rounds}; ` +
    `load average ${loadavg()[0].toFixed(0)}, and a busy machine counts more seconds of CPU for the same work.`,
  "",
  "| | MB of code | cold: s of CPU | MB/s | objdump -d takes | cached: s of CPU | memory, MB |",
  "|---|---|---|---|---|---|---|",
  ...[...rows, ["aim", "", "≤ 3", "≥ 20", "", "≤ 0.5", "≤ 300"]].map((row) => `| ${row.join(" | ")} |`),
];
console.log(`${lines.join("\n")}\n`);
if (process.argv.includes("--write")) writeMeasured("bench:reach", lines.join("\n"));
rmSync(folder, { recursive: true });
