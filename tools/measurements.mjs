// The parts of docs/measurements.md that scripts write, between marks with their names: <!-- NAME --> and <!-- end of
// NAME -->.
import { readFileSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { cpus, release } from "node:os";
import { fileURLToPath } from "node:url";

const page = fileURLToPath(new URL("../docs/measurements.md", import.meta.url));

/** When, and on what kind of machine, something was measured. */
export function measuredOn() {
  return (
    `${new Date().toISOString().slice(0, 10)}; virtual machine, ${process.arch}, ${cpus().length} ` +
    `cores, Linux ${release().split("-")[0]}`
  );
}

/** The text that is now between the marks. */
export function readMeasured(name) {
  return around(name)[1];
}

/** The page before the marks' text, that text, and the page after it. */
function around(name) {
  const parts = readFileSync(page, "utf8").split(new RegExp(`(?<=<!-- ${name} -->)([^]*)(?=<!-- end of ${name} -->)`));
  if (parts.length !== 3) throw new Error(`${page} has no marks <!-- ${name} --> and <!-- end of ${name} -->`);
  return parts;
}

export function writeMeasured(name, text) {
  const [before, , after] = around(name);
  writeFileSync(page, `${before}\n${text}\n${after}`);
  execFileSync("npx", ["prettier", "--write", "--log-level", "warn", page]);
}
