// Runs each test once as it is, and then, for each mutant that its file reaches and no test has noticed
// yet, the tests that reach it, the quickest first. See run.mjs.
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { TestRunner } from "vitest";

const work = process.env.MUTATION_WORK;
const verdicts = join(work, "verdicts.ndjson");
const say = (verdict) => appendFileSync(verdicts, `${JSON.stringify(verdict)}\n`);

/** Stryker's switches: which mutant is active, what was reached, how often it may be asked. */
const switches = (globalThis.__stryker__ ??= { mutantCoverage: { static: {}, perTest: {} } });

/** Mutants with their verdict: Killed and Timeout stand, Survived may change with the next file. */
const decided = (globalThis.decidedMutants ??= new Map(
  readFileSync(verdicts, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
    .filter(({ status }) => status === "Killed" || status === "Timeout")
    .map(({ id, status }) => [id, status]),
));
const survived = (globalThis.survivedMutants ??= new Set());

/** Of so many mutants one is asked. */
const every = Number(process.env.MUTATION_EVERY);

/** Tests that take longer (processor time) are asked only where no other reaches a mutant. */
const slowMs = 500;

export default class MutationRunner extends TestRunner {
  /** What the tests of this file reach: mutant → the tests, with how often and in what time (ms). */
  #reached = new Map();

  async runTask(test) {
    const run = TestRunner.getTestFn(test);
    switches.currentTestId = test.id;
    const began = process.cpuUsage();
    try {
      await run();
    } finally {
      switches.currentTestId = undefined;
    }
    const time = process.cpuUsage(began).user / 1000;
    const hits = switches.mutantCoverage.perTest[test.id] ?? {};
    for (const [id, count] of Object.entries(hits)) {
      if (decided.has(id) || Number(id) % every !== 0) continue;
      const tests = this.#reached.get(id) ?? [];
      this.#reached.set(id, [...tests, { test, run, time, count }]);
    }
  }

  async onAfterRunSuite(suite) {
    await super.onAfterRunSuite?.(suite);
    if (suite.filepath === undefined) return;
    for (const [id, tests] of this.#reached) await this.#judge(id, tests);
    this.#reached.clear();
    for (const id of Object.keys(switches.mutantCoverage.static))
      if (!decided.has(id) && !survived.has(id)) say({ id, status: "Ignored" });
    writeFileSync(join(work, "done"), "");
  }

  /** The test that noticed the last mutant: it may notice the next one, which stands beside it. */
  #last;

  async #judge(id, tests) {
    say({ asked: id });
    const sorted = tests.sort(
      (a, b) => Number(b.test === this.#last) - Number(a.test === this.#last) || a.time - b.time,
    );
    for (const { test, run, count } of sorted.filter(({ time }, at) => at === 0 || time < slowMs)) {
      Object.assign(switches, { activeMutant: id, hitCount: 0, hitLimit: 100 * count + 1000 });
      try {
        await run();
      } catch {
        this.#last = test;
        decided.set(id, switches.hitCount > switches.hitLimit ? "Timeout" : "Killed");
        say({ id, status: decided.get(id), test: test.name, file: relative(process.cwd(), test.file.filepath) });
        return;
      } finally {
        Object.assign(switches, { activeMutant: undefined, hitCount: undefined, hitLimit: undefined });
      }
    }
    survived.add(id);
    say({ id, status: "Survived" });
  }
}
