import type { Reporter, TestCase, TestModule, TestRunEndReason, Vitest } from "vitest/node";
import { noCompatCalls, noKernelLog, noSelinux, notX64 } from "./machine.ts";

/** Skips that are allowed even with CI=true: the machine cannot do it, whatever is installed. */
const allowed: readonly string[] = [noCompatCalls, noKernelLog, noSelinux, notX64];

/**
 * Prints the skipped tests with their reasons at the end of a run. With CI=true, a skip for another reason fails the
 * run.
 */
export default class Skips implements Reporter {
  private chosenByName = false;

  onInit({ config }: Vitest): void {
    this.chosenByName = config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[], _errors: unknown, reason: TestRunEndReason): void {
    // Vitest counts tests that -t left out as skipped.
    if (reason === "interrupted" || this.chosenByName) return;
    const skipped = new Map<string, string[]>();
    for (const module of modules)
      for (const test of module.children.allTests("skipped"))
        skipped.set(reasonOf(test), [
          ...(skipped.get(reasonOf(test)) ?? []),
          `${module.relativeModuleId}: ${test.fullName}`,
        ]);
    if (skipped.size === 0) return;
    const refused = [...skipped.keys()].filter((why) => !allowed.includes(why));
    for (const [why, tests] of skipped) console.log([`skipped: ${why}`, ...tests].join("\n    "));
    if (process.env["CI"] !== "true" || refused.length === 0) return;
    console.log(`failed: with CI=true no test may be skipped for these reasons: ${refused.join("; ")}`);
    process.exitCode = 1;
  }
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  return (result.state === "skipped" ? result.note : undefined) ?? "no reason given";
}
