import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Nobody reads these line by line: data, and programs in other languages inside strings. */
const unbounded = /\/data\/|^test\/corpus\/|^tools\/evaluate\/workloads\.mjs$/;

/**
 * Files with lines that prettier cannot break: pages of HTML, style and script in templates, and
 * AssemblyScript, which it does not read. Up to 140 columns.
 */
const wide = /^src\/words\/|^src\/strace-parser\/assembly\//;

/** Their lines are still to be broken. */
const unfinished = new RegExp(
  "^src/(words|run|strace-parser|core/(emitter|lint|policy|recording))/|^test/(run|core)/|^tools/bench/parser.mjs",
);

const files = execFileSync("git", ["ls-files", "src", "test", "tools"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((file) => /\.(ts|js|mjs|sh|c)$/.test(file) && !unbounded.test(file) && !unfinished.test(file));

/** `FILE:LINE: WIDTH` of each line above a file's limit. */
function tooWide(file: string): readonly string[] {
  const limit = wide.test(file) ? 140 : 120;
  return readFileSync(join(root, file), "utf8")
    .split("\n")
    .flatMap((line, index) => (line.length > limit ? [`${file}:${index + 1}: ${line.length}`] : []));
}

test("no line is above 120 columns, or 140 where the formatter cannot break it", () => {
  expect(files.length).toBeGreaterThan(100);
  expect(files.flatMap(tooWide)).toEqual([]);
});
