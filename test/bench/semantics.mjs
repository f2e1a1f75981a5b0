// How fast profiles are compared, calls judged and the command line starts. Prints ratios measured in one run, in turns; never a pass or a failure.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { diffFilters } from "../../dist/diff/index.js";
import { readProfile, resolve } from "../../dist/profile/index.js";
import { callArgs, evaluate } from "../../dist/seccomp/index.js";
import { defaultCapabilities, syscallNumber } from "../../dist/tables/index.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const host = { arch: "SCMP_ARCH_X86_64", capabilities: new Set(defaultCapabilities), kernel: undefined, runtime: "runc" };
const texts = ["20.10.22", "29.4.3"].map((version) => readFileSync(`${root}profiles/docker-default/${version}.json`, "utf8"));

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
console.log(`comparing two of Docker's defaults: ${(best(() => diffFilters(filters[0], filters[1])) / parsing).toFixed(1)} times the time of JSON.parse on both`);

const filter = filters[1].get(host.arch);
const calls = ["read", "socket", "clone", "personality", "bpf", "mount", "openat", "futex"].flatMap((name) =>
  [0n, 1n, 16n, 0xffff_ffffn].map((value) => ({ arch: host.arch, name, nr: syscallNumber(host.arch, name), args: callArgs({ 0: value }) })),
);
const many = 200_000;
const judging = best(() => {
  for (let done = 0; done < many; done += calls.length) for (const call of calls) evaluate(filter, call);
}, 8);
console.log(`evaluate: ${((many / judging) * 1000).toFixed(1)} million verdicts a second`);

const start = (args) => best(() => spawnSync(process.execPath, args, { stdio: "ignore" }), 12);
console.log(`seccomp-gen diff: ${(start([`${root}dist/cli.cjs`, "diff", `${root}profiles/nginx.json`]) / start(["-e", "0"])).toFixed(1)} times the time of node -e 0`);
