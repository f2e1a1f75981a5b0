// How fast profiles are compared, calls are judged and the command line starts. It prints ratios measured in one run,
// in turns, with --write also to docs/measurements.md. It never passes or fails.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { diffFilters } from "../../dist/core/diff/index.js";
import { readProfile, resolve } from "../../dist/core/profile/index.js";
import { callArgs, evaluate } from "../../dist/core/seccomp/index.js";
import { defaultCapabilities, syscallNumber } from "../../dist/core/tables/index.js";
import { measuredOn, writeMeasured } from "../measurements.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const host = {
  arch: "SCMP_ARCH_X86_64",
  capabilities: new Set(defaultCapabilities),
  kernel: undefined,
  runtime: "runc",
};
const texts = ["20.10.22", "29.4.3"].map((version) =>
  readFileSync(`${root}profiles/docker-default/${version}.json`, "utf8"),
);

function best(work, rounds = 15) {
  let least = Infinity;
  for (let round = 0; round < rounds; round += 1) {
    const begun = process.hrtime.bigint();
    work();
    least = Math.min(least, Number(process.hrtime.bigint() - begun));
  }
  return least;
}

const parsing = best(() => texts.map((text) => JSON.parse(text)));
const filters = texts.map((text) => resolve(readProfile(text, "profile"), host).filters);
const comparing = best(() => diffFilters(filters[0], filters[1])) / parsing;

const filter = filters[1].get(host.arch);
const calls = ["read", "socket", "clone", "personality", "bpf", "mount", "openat", "futex"].flatMap((name) =>
  [0n, 1n, 16n, 0xffff_ffffn].map((value) => ({
    arch: host.arch,
    name,
    nr: syscallNumber(host.arch, name),
    args: callArgs({ 0: value }),
  })),
);
const many = 200_000;
const judging = best(() => {
  for (let done = 0; done < many; done += calls.length) for (const call of calls) evaluate(filter, call);
}, 8);

const start = (args) => best(() => spawnSync(process.execPath, args, { stdio: "ignore" }), 12);
const starting = start([`${root}dist/cli.cjs`, "diff", `${root}profiles/nginx.json`]) / start(["-e", "0"]);

const lines = [
  `${measuredOn()}, Node ${process.versions.node.split(".")[0]}.`,
  "",
  "| | measured | aim |",
  "|---|---|---|",
  `| comparing two of Docker's defaults, as a multiple of JSON.parse on both | ${comparing.toFixed(1)} | ≤ 50 |`,
  `| calls judged, in millions a second | ${((many / judging) * 1000).toFixed(1)} | ≥ 5 |`,
  `| \`seccomp-gen diff\` from start to end, as a multiple of \`node -e 0\` | ${starting.toFixed(1)} | ≤ 2 |`,
];
console.log(`${lines.join("\n")}\n`);
if (process.argv.includes("--write")) writeMeasured("bench:semantics", lines.join("\n"));
