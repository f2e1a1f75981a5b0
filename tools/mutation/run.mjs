// Changes src/core in many small ways (mutants) and asks the tests of src/core for each of them whether
// any fails. A mutant that survives is a line that no test would miss.
// Usage: npm run test:mutation [-- [--fresh] [--every N] FOLDER…]. Writes .mutation/report.json (the format of
// mutation-testing-report-schema, which Stryker's viewer shows) and ends with 1 if a folder's score is
// below the least score.
// What was noticed before stays noticed while the folder's sources and the test that noticed it are
// unchanged; --fresh asks everything again. --every N asks one
// mutant of N: an estimate.
//
// All mutants are put into the code at once, each behind a switch (Stryker's instrumenter), and runner.mjs
// turns the switches one after the other in one process: no module is loaded twice.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  appendFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Instrumenter } from "@stryker-mutator/instrumenter";

const root = fileURLToPath(new URL("../../", import.meta.url));
const leastScore = 85;
const everyFolder = ["lint", "check", "diff", "emitter", "policy", "seccomp"].map((name) => `src/core/${name}`);
/** A mutant that has no verdict after this long never ends. */
const patienceMs = 60_000;

const { values: options, positionals: named } = parseArgs({
  allowPositionals: true,
  options: { fresh: { type: "boolean" }, every: { type: "string", default: "1" } },
});
const every = Number(options.every);
const folders = named.length === 0 ? everyFolder : named;
const reports = [];
for (const folder of folders) reports.push(await mutate(folder.replace(/\/$/, "")));
writeFileSync(join(root, ".mutation/report.json"), JSON.stringify(joined(reports)));
for (const { folder, score, counts } of reports)
  console.log(
    `${folder}: ${score.toFixed(1)} % (${Object.entries(counts)
      .map(([status, count]) => `${count} ${status}`)
      .join(", ")})`,
  );
process.exitCode = reports.every(({ score }) => score >= leastScore) ? 0 : 1;

async function mutate(folder) {
  const work = join(root, ".mutation", folder.replaceAll("/", "-"));
  mkdirSync(work, { recursive: true });
  rmSync(join(work, "done"), { force: true });
  const sources = readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith(".ts") && !/(?:^|\/)(?:index|types)\.ts$|(?:^|\/)data\//.test(name))
    .map((name) => join(root, folder, name))
    .filter((file) => statSync(file).isFile());
  const quiet = { isDebugEnabled: () => false, debug() {}, info() {}, warn: console.warn };
  const { files, mutants } = await new Instrumenter(quiet).instrument(
    sources.map((name) => ({ name, mutate: true, content: readFileSync(name, "utf8") })),
    { plugins: null, excludedMutations: [], ignorers: [] },
  );
  const code = JSON.stringify(Object.fromEntries(files.map(({ name, content }) => [name, content])));
  const verdicts = join(work, "verdicts.ndjson");
  const known =
    options.fresh || textOf(join(work, "code.json")) !== code ? [] : stillTrue(work, lines(textOf(verdicts)));
  writeFileSync(join(work, "code.json"), code);
  writeFileSync(verdicts, known.map((verdict) => `${JSON.stringify(verdict)}\n`).join(""));
  while (!(await ask(folder, work, verdicts)));
  const found = lines(textOf(verdicts));
  const tests = [...new Set(found.flatMap(({ file }) => (file === undefined ? [] : [file])))];
  writeFileSync(
    join(work, "tests.json"),
    JSON.stringify(Object.fromEntries(tests.map((file) => [file, digest(file)]))),
  );
  return report(folder, sources, mutants, found);
}

/** The verdicts of tests that are as they were. */
function stillTrue(work, verdicts) {
  const tests = JSON.parse(textOf(join(work, "tests.json")) || "{}");
  return verdicts.filter(({ file }) => file !== undefined && tests[file] === digest(file));
}

function digest(file) {
  return createHash("sha256")
    .update(textOf(join(root, file)))
    .digest("hex");
}

function textOf(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** Runs the tests; resolves to whether they came to their end. */
async function ask(folder, work, verdicts) {
  const child = spawn(
    process.execPath,
    [join(root, "node_modules/vitest/vitest.mjs"), "run", "--config", "tools/mutation/vitest.config.mjs"],
    {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        NODE_NO_WARNINGS: "1",
        MUTATION_EVERY: String(every),
        MUTATION_FOLDER: folder,
        MUTATION_WORK: work,
      },
    },
  );
  let size = 0;
  let since = Date.now();
  let stuck = false;
  const watch = setInterval(() => {
    const now = statSync(verdicts).size;
    if (now !== size) [size, since] = [now, Date.now()];
    if (Date.now() - since < patienceMs) return;
    const last = lines(readFileSync(verdicts, "utf8")).at(-1);
    if (last?.status === undefined && last?.asked !== undefined) {
      appendFileSync(verdicts, `${JSON.stringify({ id: last.asked, status: "Timeout" })}\n`);
      stuck = true;
      child.kill("SIGKILL");
    }
  }, 1000);
  const exitCode = await new Promise((resolve) => child.once("exit", resolve));
  clearInterval(watch);
  if (!stuck && (exitCode === null || !existsSync(join(work, "done"))))
    throw new Error(`${folder}: the tests did not come to their end`);
  return !stuck;
}

function lines(text) {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

function report(folder, sources, mutants, said) {
  const verdicts = new Map(said.filter(({ status }) => status !== undefined).map((verdict) => [verdict.id, verdict]));
  const counts = {};
  const files = Object.fromEntries(
    sources.map((file) => [
      relative(root, file),
      { language: "typescript", source: readFileSync(file, "utf8"), mutants: [] },
    ]),
  );
  for (const { id, fileName, location, mutatorName, replacement } of mutants.filter(isAsked)) {
    const { status, test } = verdicts.get(id) ?? { status: "NoCoverage" };
    counts[status] = (counts[status] ?? 0) + 1;
    const { start, end } = location;
    const at = ({ line, column }) => ({ line: line + 1, column: column + 1 });
    const place = { start: at(start), end: at(end) };
    const file = files[relative(root, fileName)];
    file.mutants.push({
      id: `${folder}:${id}`,
      mutatorName,
      replacement,
      location: place,
      status,
      ...(status === "Ignored" ? { statusReason: "runs once, while modules are loaded" } : {}),
      ...(test === undefined ? {} : { killedBy: [test] }),
    });
    if (status === "Survived" || status === "NoCoverage") {
      const where = `${relative(root, fileName)}:${place.start.line}:${place.start.column}`;
      const mutated = replacement.replace(/\s+/g, " ").slice(0, 100);
      console.log(`${where} ${status} ${mutatorName}: ${cut(file.source, place)} → ${mutated}`);
    }
  }
  const found = (counts.Killed ?? 0) + (counts.Timeout ?? 0);
  const all = found + (counts.Survived ?? 0) + (counts.NoCoverage ?? 0);
  return { folder, files, counts, score: all === 0 ? 100 : (100 * found) / all };
}

function isAsked({ id }) {
  return Number(id) % every === 0;
}

function cut(source, { start, end }) {
  const rows = source.split("\n").slice(start.line - 1, end.line);
  rows[rows.length - 1] = rows.at(-1).slice(0, end.column - 1);
  return rows
    .join(" ")
    .slice(start.column - 1)
    .replace(/\s+/g, " ")
    .slice(0, 100);
}

function joined(reports) {
  return {
    schemaVersion: "2",
    thresholds: { high: 95, low: leastScore },
    files: Object.assign({}, ...reports.map(({ files }) => files)),
  };
}
