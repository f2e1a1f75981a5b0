// What each row of the table of operations buys: how many more known vulnerabilities would be within reach without this
// row, on average over recorded workloads.
//
// Usage: node tools/evaluate/operations.mjs [--write]
//
// It reads what `npm run evaluate` recorded (.evaluate/). A Markdown table goes to stdout, and with --write also to
// docs/measurements.md.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { reachOf } from "../../dist/core/explain/index.js";
import { resolve } from "../../dist/core/profile/index.js";
import { parseRecording } from "../../dist/core/recording/index.js";
import { allowsSome } from "../../dist/core/seccomp/index.js";
import { defaultCapabilities, operations, vulnerabilities } from "../../dist/core/tables/index.js";
import { measuredOn, writeMeasured } from "../measurements.mjs";
import { filtersOf, reference } from "./policy.mjs";
import { untouched } from "./untouched.mjs";
import { workloads } from "./workloads.mjs";

const folder = fileURLToPath(new URL("../../.evaluate/", import.meta.url));
const allow = { action: "SCMP_ACT_ALLOW" };
const because = { type: "fallback", reason: "the row is taken out", source: "this measurement" };

const condition = ({ index, value, mask = 0xffff_ffff }) => ({
  index,
  op: "SCMP_CMP_MASKED_EQ",
  mask: BigInt(mask),
  datum: BigInt(value),
});

/** Bits of the same flags that belong to other rows. They stay closed. */
function bitsOfOthers(rows, name, index) {
  return operations
    .filter((row) => !rows.includes(row))
    .flatMap(({ forms }) => forms.filter(({ names }) => names.includes(name)))
    .flatMap(({ args = [] }) => (args.length === 1 && args[0].index === index ? args : []))
    .filter(({ value, mask }) => mask === value)
    .reduce((bits, { mask }) => bits | BigInt(mask), 0n);
}

/** The filters as they would be without these rows: they allow what the rows deny. */
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

const capabilities = new Set(defaultCapabilities);
const ceiling = resolve(reference.profile, {
  arch: "SCMP_ARCH_X86_64",
  capabilities,
  kernel: undefined,
  runtime: "runc",
  ignoresDefaultErrno: false,
}).filters;

/** The profile of a workload's first day. Workloads that were not recorded have none. */
function profileOf({ name, slug }) {
  const file = join(folder, `${slug}-a.json`);
  if (!existsSync(file)) return [];
  const recording = parseRecording(JSON.parse(readFileSync(file, "utf8")).value, file);
  const own = new Map(filtersOf(recording).filters.map((filter) => [filter.arch, filter]));
  return [{ name, own, now: reachable(own), byNames: reachable(opened(own, operations)) }];
}

/** For each workload, the vulnerabilities that are within reach only without the row. */
const without = (set, row) =>
  set.map(({ own, now }) => reachable(opened(own, [row])).filter((id) => !now.includes(id)));

const sets = [untouched, workloads].map((set) => set.flatMap(profileOf)).filter((set) => set.length > 0);
for (const { name, now, byNames } of sets.flat())
  process.stderr.write(`${name}: ${byNames.length} by names, ${now.length} with pins: ${now.join(" ")}\n`);
const lengths = (lists) => mean(lists.map(({ length }) => length));
const names = sets.map((set) => `${set.length} ${set[0].name === untouched[0].name ? "untouched" : "tuned"}`);
const reach = sets.map(
  (set, at) =>
    `${lengths(set.map(({ byNames }) => byNames))} by names alone and ` +
    `${lengths(set.map(({ now }) => now))} with pins (${names[at]})`,
);
const text = [
  `${measuredOn()}. Of ${vulnerabilities.length} known vulnerabilities within reach, on average: ` +
    `${reach.join(", ")}. Docker's default: ${reachable(ceiling).length}.`,
  "",
  `| taken out | ${names.map((name) => `more within reach, mean of ${name}`).join(" | ")} | which |`,
  `|---|${sets.map(() => "---|").join("")}---|`,
  ...operations.map((row) => {
    const more = sets.map((set) => without(set, row));
    const ids = [...new Set(more.flat(2))].sort().join(" ") || "none";
    return `| ${row.name} | ${more.map(lengths).join(" | ")} | ${ids} |`;
  }),
].join("\n");
process.stdout.write(`${text}\n`);
if (process.argv.includes("--write")) writeMeasured("evaluate:operations", text);
