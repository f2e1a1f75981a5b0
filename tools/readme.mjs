// What scripts write into README.md, between marks that name it: <!-- NAME --> and <!-- end of NAME
// -->.
import { readFileSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { cpus, release } from "node:os";
import { fileURLToPath } from "node:url";

const readme = fileURLToPath(new URL("../README.md", import.meta.url));

/** When and on what kind of machine something was measured. */
export function measuredOn() {
  return (
    `${new Date().toISOString().slice(0, 10)}; virtual machine, ${process.arch}, ${cpus().length} ` +
    `cores, Linux ${release().split("-")[0]}`
  );
}

export function writeIntoReadme(name, text) {
  const [before, , after] = readFileSync(readme, "utf8").split(
    new RegExp(`(?<=<!-- ${name} -->)([^]*)(?=<!-- end of ${name} -->)`),
  );
  if (after === undefined) throw new Error(`README.md has no marks <!-- ${name} --> and <!-- end of ${name} -->`);
  writeFileSync(readme, `${before}\n${text}\n${after}`);
  execFileSync("npx", ["prettier", "--write", "--log-level", "warn", readme]);
}
