// What each step of the ranking buys and costs, from recordings that `npm run evaluate` has left in .evaluate/. It
// counts the names allowed, the known vulnerabilities within reach, and the workloads whose other day makes an ordinary
// call that the profile lacks. It runs nothing. --write writes the table to docs/code.md.
//
//     npm run -s build && node tools/evaluate/steps.mjs [--write] [FOLDER]
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { explain } from "../../dist/core/explain/index.js";
import { parseRecording } from "../../dist/core/recording/index.js";
import { weigh } from "../../dist/core/tables/index.js";
import { allowedNames, filtersOf } from "./policy.mjs";
import { untouched } from "./untouched.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: "boolean", default: false } },
});
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const folder = positionals[0] ?? path("../../.evaluate/traces");

/** The recording without the programs that did not run. */
const withoutStarted = (recording) => ({
  ...recording,
  code: recording.code && {
    ...recording.code,
    calls: Object.fromEntries(
      Object.entries(recording.code.calls).map(([arch, calls]) => [
        arch,
        Object.fromEntries(
          Object.entries(calls).filter(([, { program }]) => recording.code.programs[program]?.ran !== false),
        ),
      ]),
    ),
  },
});

const steps = [
  { name: "not at all (`--no-reach`)", options: { reach: false } },
  { name: "in the program's own instructions", options: { furthestRank: "own-code" } },
  { name: "through at most five of its imports", options: { furthestRank: "few-imports" } },
  { name: "**through any of its imports**", options: {} },
  { name: "through libraries alone too", options: { furthestRank: "libraries" } },
  { name: "through pointers in data too", options: { furthestRank: "pointers" } },
  { name: "through any import, without programs that did not run", options: {}, of: withoutStarted },
];

const read = (name) => {
  const file = join(folder, name, "recording.json");
  return existsSync(file) ? parseRecording(readFileSync(file, "utf8"), file) : undefined;
};
const workloads = untouched.flatMap(({ slug }) => {
  const [light, rich] = [read(`${slug}-a`), read(`${slug}-b`)];
  return light === undefined || rich === undefined ? [] : [{ slug, light, rich }];
});
if (workloads.length === 0) throw new Error(`no recordings in ${folder}: run npm run evaluate first`);

function judge({ options: own, of = (recording) => recording }, { light, rich }) {
  const recording = of(light);
  const { hosts, ceiling, filters } = filtersOf(recording, own);
  const [filter] = filters;
  const allowed = allowedNames(filter);
  const { vulnerabilities } = explain({
    profile: "",
    filters: new Map(filters.map((one) => [one.arch, one])),
    ceiling,
    ceilingName: "",
    capabilities: hosts[0].capabilities,
    runs: [],
    recorded: {},
  });
  const lacking = Object.keys(rich.syscalls[filter.arch] ?? {}).filter(
    (name) => !allowed.has(name) && weigh(name).weight === "ordinary",
  );
  return {
    names: allowed.size,
    vulnerabilities: vulnerabilities.filter(({ reach }) => reach !== "closed").length,
    lacking,
  };
}

const mean = (values) => (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(1);
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const rows = steps.map((step) => {
  const judged = workloads.map((workload) => ({ slug: workload.slug, ...judge(step, workload) }));
  const lacking = judged.filter((one) => one.lacking.length > 0);
  for (const one of lacking) console.error(`${step.name}: ${one.slug} lacks ${one.lacking.join(" ")}`);
  const figures = [
    lacking.length,
    median(judged.map(({ names }) => names)),
    mean(judged.map(({ vulnerabilities }) => vulnerabilities)),
  ];
  return `| ${step.name} | ${figures.join(" | ")} |`;
});
const text = [
  `Measured on ${workloads.length} workloads that no table was tuned on, recorded lightly. A workload lacks a call ` +
    "if its other day made it, it is ordinary, and the profile denies it.",
  "",
  "| ordinary calls count … | workloads that lack one on another day | median of calls allowed | known " +
    "vulnerabilities within reach, mean |",
  "|---|---|---|---|",
  ...rows,
].join("\n");
console.log(text);
if (options.write) {
  const file = path("../../docs/code.md");
  const [before, , after] = readFileSync(file, "utf8").split(/(?<=<!-- steps -->)([^]*)(?=<!-- end of steps -->)/);
  if (after === undefined) throw new Error("docs/code.md has no marks <!-- steps --> and <!-- end of steps -->");
  writeFileSync(file, `${before}\n\n${text}\n\n${after}`);
  execFileSync("npx", ["prettier", "--write", "--log-level", "warn", file]);
}
