// The fixed cost of a recording, whatever is recorded: for a short container, for a Compose project of five services,
// and for a request that the gateway only passes on. It is part of npm run bench:record (record.mjs) and has the same
// options.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { measuredOn, writeMeasured } from "../measurements.mjs";

const cli = fileURLToPath(new URL("../../dist/cli.cjs", import.meta.url));
const turns = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 9);
const only = new RegExp(
  process.argv.includes("--only") ? (process.argv[process.argv.indexOf("--only") + 1] ?? "") : "",
);
const image = "seccomp-gen-base:bookworm";
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

function run(folder, words, env = {}) {
  const begin = performance.now();
  const { status, stdout, stderr } = spawnSync(words[0], words.slice(1), {
    cwd: folder,
    encoding: "utf8",
    timeout: 600_000,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`${words.join(" ")}: ${status} ${stderr}`);
  return { seconds: (performance.now() - begin) / 1000, stdout };
}
const record = (...words) => [process.execPath, cli, "record", "--force", ...words];

/** The seconds of the first way, and the cost of each other way as a multiple: medians of all turns. */
function compare(name, ways, folder, env) {
  const taken = ways.map(() => []);
  for (let turn = 0; turn < turns; turn += 1)
    for (const at of ways.map((_, index) => (index + turn) % ways.length)) {
      taken[at][turn] = run(folder, ways[at], env).seconds;
      console.error(`${name}, turn ${turn + 1}: ${ways[at].slice(0, 6).join(" ")} ${taken[at][turn].toFixed(2)} s`);
    }
  const [bare, ...others] = taken;
  return [
    name,
    `${median(bare).toFixed(2)} s`,
    ...others.map(
      (values) =>
        `${median(values.map((value, turn) => value / bare[turn])).toFixed(1)}×, ` +
        `+${median(values.map((value, turn) => value - bare[turn])).toFixed(1)} s`,
    ),
  ];
}

const rows = [];
const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-bench-"));
const short = ["docker", "run", "--rm", "--network", "none", image, "true"];
if (only.test("a short container")) {
  const ways = [short, record("--no-reach", "--", ...short), record("--", ...short)];
  rows.push(compare("a short container (true)", ways, folder));
}
if (only.test("Compose")) {
  const config = run(folder, ["bash", fileURLToPath(new URL("../engine/compose.sh", import.meta.url))]).stdout.trim();
  const service = { image, network_mode: "none", command: ["sh", "-c", "for n in 1 2 3; do ls / >/dev/null; done"] };
  const services = Object.fromEntries(["a", "b", "c", "d", "e"].map((name) => [name, service]));
  writeFileSync(join(folder, "compose.yaml"), JSON.stringify({ name: "seccomp-gen-bench", services }));
  const up = "docker compose up --force-recreate >/dev/null 2>&1 && docker compose down >/dev/null 2>&1";
  const ways = [
    ["sh", "-c", up],
    record("--no-reach", "--containers", "--", "sh", "-c", up),
    record("--containers", "--", "sh", "-c", up),
  ];
  rows.push(compare("a Compose project of five services, up and down", ways, folder, { DOCKER_CONFIG: config }));
}
let passed = "";
if (only.test("a request")) {
  // Like a client that keeps its connection, so that only the gateway's own time counts.
  const script = join(folder, "requests.mjs");
  writeFileSync(
    script,
    `import http from "node:http";
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const socketPath = process.env.DOCKER_HOST.replace("unix://", "");
const ask = () => new Promise((resolve, reject) =>
  http.get({ socketPath, path: "/_ping", agent }, (answer) => answer.resume().on("end", resolve)).on("error", reject));
for (let n = 0; n < 100; n += 1) await ask();
const taken = [];
for (let n = 0; n < 2000; n += 1) {
  const begin = performance.now();
  await ask();
  taken.push(performance.now() - begin);
}
console.log(taken.sort((a, b) => a - b)[1000]);
agent.destroy();
`,
  );
  const begun = "docker run --rm --network none " + image + " true && " + `${process.execPath} ${script}`;
  const host = { DOCKER_HOST: process.env.DOCKER_HOST ?? "unix:///var/run/docker.sock" };
  const last = (words) => Number(run(folder, words, host).stdout.trim().split("\n").at(-1));
  const pairs = Array.from({ length: turns }, () => [
    last(["sh", "-c", begun]),
    last(record("--containers", "--", "sh", "-c", begun)),
  ]);
  const [direct, through] = [0, 1].map((way) => median(pairs.map((pair) => pair[way])));
  passed =
    `\n\nA request that the gateway only passes on took ${direct.toFixed(2)} ms without it and ` +
    `${through.toFixed(2)} ms through it (median of 2,000; aim: at most 1 ms more).`;
}
rmSync(folder, { recursive: true });
const text =
  `${measuredOn()}; medians of ${turns} turns. The whole command counts, with the start of Node and the writing ` +
  "of the files. Aims: a short container at most 2× and 1.5 s more, five services at most 1.5×, both on a machine " +
  "that does nothing else.\n\n| command | by itself | recorded, `--no-reach` | recorded |\n|---|---|---|---|\n" +
  `${rows.map((row) => `| ${row.join(" | ")} |`).join("\n")}${passed}`;
console.log(text);
if (process.argv.includes("--write")) writeMeasured("bench:record costs", text);
