// Runs each test once without mutants. Then it activates one mutant after the other, and runs the tests that reach it,
// the quickest first, until one of them fails. See run.mjs.
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { TestRunner } from "vitest";

const work = process.env.MUTATION_WORK;
const verdicts = join(work, "verdicts.ndjson");
const say = (verdict) => appendFileSync(verdicts, `${JSON.stringify(verdict)}\n`);

/** Stryker's switches: which mutant is active, and how often it may be reached. */
const switches = (globalThis.__stryker__ ??= {});

/** All test files share this process. */
const state = (globalThis.mutationState ??= {
  /** How often each mutant was reached since the counters were read. */
  counts: new Uint32Array(1 << 16),
  /** Mutants that were reached outside of tests. */
  static: new Set(),
  /** Mutant → the tests that reach it, with how often and in what time (ms). */
  reached: new Map(),
  filesLeft: JSON.parse(readFileSync(join(work, "test-files.json"), "utf8")).length,
});

/** The tests of a mutant take at most about this much processor time. The quickest run first. */
const budgetMs = 5000;

/** The code calls it at each mutant. */
globalThis.coverMutants = function () {
  if (switches.activeMutant !== undefined) return;
  for (let at = 0; at < arguments.length; at += 1) state.counts[arguments[at]] += 1;
};

/** The mutants that were reached since the last time, and how often. */
function readCounts() {
  const found = [];
  for (const [id, count] of state.counts.entries()) if (count > 0) found.push([String(id), count]);
  state.counts.fill(0);
  return found;
}

/** A cache that forgets what it learnt while another mutant was active. */
globalThis.MutantsWeakMap = class extends WeakMap {
  get(key) {
    const entry = super.get(key);
    return entry?.mutant === switches.activeMutant ? entry?.value : undefined;
  }

  set(key, value) {
    return super.set(key, { mutant: switches.activeMutant, value });
  }
};

export default class MutationRunner extends TestRunner {
  async runTask(test) {
    const run = TestRunner.getTestFn(test);
    for (const [id] of readCounts()) state.static.add(id);
    const began = process.cpuUsage();
    try {
      await run();
    } catch (error) {
      readCounts(); // a test that already fails cannot kill a mutant
      throw error;
    }
    const time = process.cpuUsage(began).user / 1000;
    for (const [id, count] of readCounts()) {
      const tests = state.reached.get(id) ?? [];
      state.reached.set(id, [...tests, { test, run, time, count }]);
    }
  }

  async onAfterRunSuite(suite) {
    await super.onAfterRunSuite?.(suite);
    if (suite.filepath === undefined) return;
    state.filesLeft--;
    if (state.filesLeft > 0) return;
    await this.#judgeAll(JSON.parse(readFileSync(join(work, "order.json"), "utf8")));
    writeFileSync(join(work, "done"), "");
  }

  /** Tests as many mutants as the sample has. Mutants that only run while modules are loaded do not count. */
  async #judgeAll({ ids, sample }) {
    const decided = new Set(
      readFileSync(verdicts, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line))
        .flatMap(({ id, status }) => (status === undefined ? [] : [id])),
    );
    let left = sample ?? ids.length;
    for (const id of ids) {
      if (left === 0) return;
      if (!state.reached.has(id) && state.static.has(id)) {
        say({ id, status: "Ignored" });
        continue;
      }
      left--;
      if (!decided.has(id)) await this.#judge(id, state.reached.get(id) ?? []);
    }
  }

  /** The test that killed the last mutant. It may kill the next one too. */
  #last;

  async #judge(id, tests) {
    say({ asked: id });
    const sorted = tests.sort(
      (a, b) => Number(b.test === this.#last) - Number(a.test === this.#last) || a.time - b.time,
    );
    let spent = 0;
    for (const { test, run, count, time } of sorted) {
      if (spent > budgetMs) break;
      spent += time;
      Object.assign(switches, { activeMutant: id, hitCount: 0, hitLimit: 100 * count + 1000 });
      try {
        await run();
      } catch {
        this.#last = test;
        const status = switches.hitCount > switches.hitLimit ? "Timeout" : "Killed";
        say({ id, status, test: test.name, file: relative(process.cwd(), test.file.filepath) });
        return;
      } finally {
        Object.assign(switches, { activeMutant: undefined, hitCount: undefined, hitLimit: undefined });
      }
    }
    say({ id, status: sorted.length === 0 ? "NoCoverage" : "Survived" });
  }
}
