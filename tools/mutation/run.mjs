// Changes src/core in many small ways (mutants), and asks for each mutant whether a test of src/core fails. A mutant
// that survives shows a line that no test would miss.
// Usage: npm run test:mutation [-- [--fresh] [--sample N] [--seed N] [--write] FOLDER…]. It writes
// .mutation/report.json (the format of mutation-testing-report-schema, which Stryker's viewer shows), and ends with 1
// if a folder's score is below the least score. --sample N tests N mutants, which the seed picks: an estimate. --write
// puts the scores into docs/measurements.md. A mutant that a test killed before stays killed while the mutated file and
// that test are unchanged. --fresh tests everything again.
// noticed it are unchanged; --fresh asks everything again.
//
// All mutants are in the code at once, each behind a switch (Stryker's instrumenter). runner.mjs turns the switches one
// after the other in one process, so no module is loaded twice.
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
import { readMeasured, writeMeasured } from "../measurements.mjs";
import { inOrder } from "./order.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const leastScore = 85;
const everyFolder = ["lint", "check", "diff", "emitter", "policy", "seccomp"].map((name) => `src/core/${name}`);
/** A mutant without a verdict after this much processor time never ends. */
const patienceSeconds = 30;

const { values: options, positionals: named } = parseArgs({
  allowPositionals: true,
  options: {
    fresh: { type: "boolean" },
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    write: { type: "boolean" },
  },
});
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
if (options.write) for (const each of reports) keepScore(each);
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
  writeFileSync(
    join(work, "code.json"),
    JSON.stringify(Object.fromEntries(files.map(({ name, content }) => [name, prepared(content)]))),
  );
  const keyed = mutants
    .filter(({ status }) => status !== "Ignored")
    .map((mutant) => ({ ...mutant, key: keyOf(mutant), from: relative(root, mutant.fileName) }));
  const sample = options.sample === undefined ? undefined : Number(options.sample);
  const ids = inOrder(keyed, options.seed).map(({ id }) => id);
  writeFileSync(join(work, "order.json"), JSON.stringify({ ids, sample }));
  const verdicts = join(work, "verdicts.ndjson");
  const known = options.fresh ? [] : stillTrue(work, keyed);
  writeFileSync(verdicts, known.map((verdict) => `${JSON.stringify(verdict)}\n`).join(""));
  while (!(await ask(folder, work, verdicts)));
  const found = lines(textOf(verdicts)).filter(({ status }) => status !== undefined);
  keep(work, keyed, found);
  return report(folder, sources, keyed, inSample(found, ids, sample));
}

/** The verdicts on the sample. Mutants that were killed in another sample would make the score too high. */
function inSample(found, ids, sample = ids.length) {
  const ignored = new Set(found.flatMap(({ id, status }) => (status === "Ignored" ? [id] : [])));
  const asked = ids.filter((id) => !ignored.has(id)).slice(0, sample);
  const counted = new Set([...ignored, ...asked]);
  return found.filter(({ id }) => counted.has(id));
}

/** The code with runner.mjs's counters and caches. Stryker's own counters take most of the time of inner loops. */
function prepared(code) {
  return code
    .replaceAll(
      /\bstryCov_\w+\(("\d+"(?:,\s*"\d+")*)\)/g,
      (_, ids) => `globalThis.coverMutants(${ids.replaceAll('"', "")})`,
    )
    .replaceAll("new WeakMap", "new globalThis.MutantsWeakMap");
}

/** The name of a mutant as long as its file is unchanged, whatever happens to other files. */
function keyOf({ fileName, location: { start, end }, mutatorName, replacement }) {
  return [relative(root, fileName), start.line, start.column, end.line, end.column, mutatorName, replacement].join(" ");
}

/** Stores which test killed which mutant, with the digests of the mutated files and of the tests. */
function keep(work, mutants, found) {
  const byId = new Map(mutants.map((mutant) => [mutant.id, mutant]));
  const noticed = found
    .filter(({ status, file }) => status === "Killed" && file !== undefined)
    .map(({ id, ...verdict }) => ({ ...verdict, key: byId.get(id).key, from: byId.get(id).from }));
  const digests = [...new Set(noticed.flatMap(({ file, from }) => [file, from]))].map((file) => [file, digest(file)]);
  writeFileSync(join(work, "noticed.json"), JSON.stringify({ noticed, digests: Object.fromEntries(digests) }));
}

/** The verdicts whose tests and files are unchanged. */
function stillTrue(work, mutants) {
  const { noticed, digests } = JSON.parse(textOf(join(work, "noticed.json")) || '{"noticed": [], "digests": {}}');
  const same = new Set(Object.keys(digests).filter((file) => digest(file) === digests[file]));
  const ids = new Map(mutants.map(({ key, id }) => [key, id]));
  return noticed.flatMap(({ key, from, ...verdict }) =>
    same.has(from) && same.has(verdict.file) && ids.has(key) ? [{ ...verdict, id: ids.get(key) }] : [],
  );
}

function digest(file) {
  return createHash("sha256")
    .update(textOf(join(root, file)))
    .digest("hex");
}

function textOf(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** Runs the tests. Resolves to true if they came to their end. */
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
        MUTATION_FOLDER: folder,
        MUTATION_WORK: work,
      },
    },
  );
  let size = 0;
  let since = 0;
  let stuck = false;
  const watch = setInterval(() => {
    const now = statSync(verdicts).size;
    const spent = secondsOfChildren(child.pid);
    if (now !== size) [size, since] = [now, spent];
    if (spent - since < patienceSeconds) return;
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

/** The processor time of a process's children. vitest runs the tests in one. */
function secondsOfChildren(pid) {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    const ticks = children.map((child) =>
      Number(readFileSync(`/proc/${child}/stat`, "utf8").split(") ")[1].split(" ")[11]),
    );
    return ticks.reduce((sum, each) => sum + each, 0) / 100;
  } catch {
    return 0; // it has just ended
  }
}

function lines(text) {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

function report(folder, sources, mutants, found) {
  const verdicts = new Map(found.map((verdict) => [verdict.id, verdict]));
  const counts = {};
  const files = Object.fromEntries(
    sources.map((file) => [
      relative(root, file),
      { language: "typescript", source: readFileSync(file, "utf8"), mutants: [] },
    ]),
  );
  for (const { id, fileName, location, mutatorName, replacement } of mutants) {
    const { status, test } = verdicts.get(id) ?? {};
    if (status === undefined) continue; // not in the sample
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
  const noticed = (counts.Killed ?? 0) + (counts.Timeout ?? 0);
  const asked = noticed + (counts.Survived ?? 0) + (counts.NoCoverage ?? 0);
  return { folder, files, counts, asked, score: asked === 0 ? 100 : (100 * noticed) / asked };
}

/** One row for each folder. The next measurement of that folder replaces it. */
function keepScore({ folder, asked, score }) {
  const sample = options.sample === undefined ? `all ${asked}` : `${asked}, seed ${options.seed}`;
  const row = `| ${folder} | ${new Date().toISOString().slice(0, 10)} | ${sample} | ${score.toFixed(1)} % |`;
  const rows = readMeasured("test:mutation")
    .split("\n")
    .filter((line) => line.startsWith("| src/") && !line.startsWith(`| ${folder} `));
  const head = ["| folder | date | changes asked | noticed |", "| --- | --- | --- | --- |"];
  writeMeasured("test:mutation", `\n${[...head, ...[...rows, row].sort()].join("\n")}\n`);
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
