// What each row of the companions buys: the calls of other days that the profile would deny without this row, with and
// without the evidence of the programs' code. It runs nothing.
//
// Usage: npm run -s build && node tools/evaluate/rows.mjs [--all] [FOLDER]
//
// FOLDER holds what `npm run evaluate` recorded (default: .evaluate/). A Markdown table goes to stdout. It has the rows
// that a program's name triggers, or with --all every row.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { companionRows, twinRows } from "../../dist/core/policy/companions.js";
import { parseRecording } from "../../dist/core/recording/index.js";
import { allowedNames, filtersOf } from "./policy.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { all: { type: "boolean", default: false } },
});
const folder = positionals[0] ?? fileURLToPath(new URL("../../.evaluate/", import.meta.url));
const days = ["", "-next", "-without-vdso"];

const textOf = (name) => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")).value;
const workloads = readdirSync(folder)
  .filter((name) => name.endsWith("-a.json"))
  .map((name) => name.replace("-a.json", ""))
  .map((slug) => ({
    slug,
    light: parseRecording(textOf(`${slug}-a`), slug),
    rich: days
      .filter((day) => existsSync(join(folder, `${slug}${day}-b.json`)))
      .map((day) => ({
        day,
        calls: Object.keys(Object.values(JSON.parse(textOf(`${slug}${day}-b`)).syscalls)[0] ?? {}),
      })),
  }));
const allowedBy = (recording, reach) => allowedNames(filtersOf(recording, { reach }).filters[0]);

const settings = [true, false];
const now = workloads.map(({ light }) => settings.map((reach) => allowedBy(light, reach)));

/** What only this row brings: calls of other days, and the number of names. */
function priceOf(row, rows) {
  const at = rows.indexOf(row);
  rows.splice(at, 1);
  try {
    return settings.map((reach, setting) => {
      const bought = [];
      let names = 0;
      for (const [index, { slug, light, rich }] of workloads.entries()) {
        const before = now[index][setting];
        const without = allowedBy(light, reach);
        const lost = [...before].filter((name) => !without.has(name));
        names += lost.length;
        for (const { day, calls } of rich)
          for (const name of lost.filter((call) => calls.includes(call))) bought.push(`${name} (${slug}${day})`);
      }
      return { names, bought };
    });
  } finally {
    rows.splice(at, 0, row);
  }
}

const few = (bought) =>
  bought.length <= 6 ? bought.join(", ") : `${bought.slice(0, 6).join(", ")} and ${bought.length - 6} more`;
console.log(
  `${workloads.length} workloads, ${workloads.flatMap(({ rich }) => rich).length} other days.\n\n` +
    "| row | with code: names added | denied on another day without the row | without code: names added | denied " +
    "on another day without the row |\n|---|---|---|---|---|",
);
for (const rows of [companionRows, twinRows]) {
  for (const row of [...rows]) {
    if (row.programs === undefined && !options.all) continue;
    const prices = priceOf(row, rows).flatMap(({ names, bought }) => [names, few(bought) || "none"]);
    const who = (row.programs ?? row.triggers ?? ["twins"]).slice(0, 4).join(" ");
    console.log(`| ${[`${who}: ${row.names.slice(0, 5).join(" ")}`, ...prices].join(" | ")} |`);
  }
}
