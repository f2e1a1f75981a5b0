// Keeps in dist/ what the package's exports, program and types reach, and removes the rest. Usage: node
// tools/prune-dist.mjs [--list]. --list prints what it would remove.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");
const { bin, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Imports, exports, types and chunks: `from "./a.ts"`, `import("./a.js")`, `require("./a.cjs")`. */
const target = /\b(?:from |import |import\(|require\()"(\.[^"]+)"/g;

const reached = new Set();
const reach = (file) => {
  if (reached.has(file)) return;
  if (!existsSync(file)) throw new Error(`${relative(root, file)} is imported and does not exist`);
  reached.add(file);
  const isTypes = file.endsWith(".d.ts");
  for (const [, path] of readFileSync(file, "utf8").matchAll(target)) {
    const found = join(dirname(file), path);
    reach(isTypes ? found.replace(/\.[jt]s$/, ".d.ts") : found);
  }
};

for (const path of [...Object.values(bin), ...Object.values(exports).flatMap(pathsOf)]) reach(join(root, path));

/** The files of dist/ that an entry of `exports` names. */
function pathsOf(entry) {
  const paths = typeof entry === "string" ? [entry] : Object.values(entry);
  return paths.filter((path) => path.startsWith("./dist/"));
}

const code = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(?:js|cjs|d\.ts)$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name));
for (const file of code.filter((candidate) => !reached.has(candidate))) {
  if (process.argv.includes("--list")) console.log(relative(root, file));
  else rmSync(file);
}
