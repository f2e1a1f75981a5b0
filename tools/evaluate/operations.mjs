// What each row of the table of operations buys: how many more known vulnerabilities are within
// reach, on average over recorded workloads, if this row alone is taken out.
//
// Usage: node tools/evaluate/operations.mjs [FOLDER]
//
// FOLDER holds what `npm run evaluate` recorded (default: .evaluate/). A Markdown table goes to
// stdout.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { reachOf } from "../../dist/core/explain/index.js";
import { buildPolicy } from "../../dist/core/policy/index.js";
import { readProfile, resolve } from "../../dist/core/profile/index.js";
import { parseRecording } from "../../dist/core/recording/index.js";
import { allowsSome } from "../../dist/core/seccomp/index.js";
import { defaultCapabilities, newestDockerDefault, operations, vulnerabilities } from "../../dist/core/tables/index.js";

const folder = process.argv[2] ?? fileURLToPath(new URL("../../.evaluate/", import.meta.url));
const allow = { action: "SCMP_ACT_ALLOW" };
const because = { type: "fallback", reason: "the row is taken out", source: "this measurement" };

const condition = ({ index, value, mask = 0xffff_ffff }) => ({
  index,
  op: "SCMP_CMP_MASKED_EQ",
  mask: BigInt(mask),
  datum: BigInt(value),
});

/** Bits of the same flags by which other rows are told: they stay closed. */
function bitsOfOthers(rows, name, index) {
  return operations
    .filter((row) => !rows.includes(row))
    .flatMap(({ forms }) => forms.filter(({ names }) => names.includes(name)))
    .flatMap(({ args = [] }) => (args.length === 1 && args[0].index === index ? args : []))
    .filter(({ value, mask }) => mask === value)
    .reduce((bits, { mask }) => bits | BigInt(mask), 0n);
}

/** The filters as they would be without these rows: what they deny of an allowed call is allowed. */
function opened(filters, rows) {
  return new Map(
    [...filters].map(([arch, filter]) => {
      const syscalls = new Map(filter.syscalls);
      for (const { names, args = [], arches } of rows.flatMap(({ forms }) => forms)) {
        if (arches !== undefined && !arches.includes(arch)) continue;
        for (const name of names.filter((each) => allowsSome(filter, each))) {
          const conditions = args.map(condition).map((each, _, all) => {
            const flag = all.length === 1 && each.mask === each.datum;
            return { ...each, mask: each.mask | (flag ? bitsOfOthers(rows, name, each.index) & ~each.datum : 0n) };
          });
          const family = conditions.find(({ index }) => name === "socket" && index === 0);
          if (family !== undefined && !allowsSome(filter, name, { conditions: [family] })) continue;
          const kept = (syscalls.get(name) ?? []).filter(({ action }) => action.action === allow.action);
          syscalls.set(name, [...kept, { action: allow, rule: { conditions }, because }]);
        }
      }
      return [arch, { ...filter, syscalls }];
    }),
  );
}

const reachable = (filters) =>
  vulnerabilities.filter((one) => reachOf(one, filters, capabilities) !== "closed").map(({ id }) => id);
const mean = (numbers) => (numbers.reduce((sum, each) => sum + each, 0) / numbers.length).toFixed(1);

const ceilingName = "Docker's default";
const reference = readFileSync(
  fileURLToPath(new URL(`../../profiles/docker-default/${newestDockerDefault}`, import.meta.url)),
  "utf8",
);
const capabilities = new Set(defaultCapabilities);
const ceiling = resolve(readProfile(reference, newestDockerDefault), {
  arch: "SCMP_ARCH_X86_64",
  capabilities,
  kernel: undefined,
  runtime: "runc",
  ignoresDefaultErrno: false,
}).filters;

const workloads = readdirSync(folder)
  .filter((name) => name.endsWith("-a.json"))
  .map((name) => {
    const recording = parseRecording(JSON.parse(readFileSync(join(folder, name), "utf8")).value, name);
    const options = { args: "standard", exact: false, reach: true, floor: "any", allow: [], deny: [] };
    const { filters } = buildPolicy(recording, { ...options, ceiling, ceilingName });
    const own = new Map(filters.map((filter) => [filter.arch, filter]));
    return { name: name.replace("-a.json", ""), own, rules: filters[0].syscalls };
  });

const now = workloads.map(({ own }) => reachable(own));
const names = workloads.map(({ own }) => reachable(opened(own, operations)));
for (const [at, { name }] of workloads.entries())
  process.stderr.write(`${name}: ${names[at].length} by names, ${now[at].length} with pins: ${now[at].join(" ")}\n`);
process.stdout.write(
  `${workloads.length} workloads: ${mean(names.map(({ length }) => length))} known vulnerabilities within reach ` +
    `by names alone, ${mean(now.map(({ length }) => length))} with pins of operations.\n\n` +
    "| taken out | more within reach, mean | which |\n|---|---|---|\n",
);
for (const row of operations) {
  const more = workloads.map(({ own }, at) => reachable(opened(own, [row])).filter((id) => !now[at].includes(id)));
  const ids = [...new Set(more.flat())].sort().join(", ") || "none";
  process.stdout.write(`| ${row.id} | ${mean(more.map(({ length }) => length))} | ${ids} |\n`);
}
