import { basename } from "node:path";
import { expect, test } from "vitest";
import { companionRows, twinRows } from "../../../src/core/policy/index.ts";

interface Workload {
  readonly words?: readonly string[];
  readonly a: { readonly words?: readonly string[] };
}
const path = "../../../tools/evaluate/untouched.mjs";
const { untouched } = (await import(path)) as { readonly untouched: readonly Workload[] };

test("no row of the policy names a program of the untouched workloads", () => {
  const named = new Set([...companionRows, ...twinRows].flatMap(({ programs = [] }) => programs));
  const own = untouched.map(({ words, a }) => basename((words ?? a.words)?.[0] ?? ""));
  expect(untouched.length).toBeGreaterThanOrEqual(14);
  // Interpreters are common programs. Rows name them, but not the workloads that they run.
  expect(own.filter((name) => named.has(name) && !["sh", "perl", "java"].includes(name))).toEqual([]);
});
