import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Generated, or kept as a tool wrote it. */
const data = /\/data\/|^test\/corpus\//;

const files = execFileSync("git", ["ls-files", "src", "test", "tools"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((file) => /\.(ts|js|mjs|sh|c)$/.test(file) && !data.test(file));

/** `FILE:LINE: WIDTH` of each line that is too wide. */
function tooWide(file: string): readonly string[] {
  return readFileSync(join(root, file), "utf8")
    .split("\n")
    .flatMap((line, index) => (line.length > 120 ? [`${file}:${index + 1}: ${line.length}`] : []));
}

test("no line is above 120 columns", () => {
  expect(files.length).toBeGreaterThan(100);
  expect(files.flatMap(tooWide)).toEqual([]);
});
