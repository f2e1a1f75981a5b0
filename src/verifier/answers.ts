import { argIndexes, evaluate, partition, sameAction } from "../seccomp/index.ts";
import type { Action, ArgIndex, Filter, SeccompData } from "../seccomp/types.ts";
import { syscallNumber } from "../tables/index.ts";

/** Answers that do not depend on arguments: asked once, for every line of a trace asks. */
const whole = new WeakMap<Filter, Map<string, readonly Action[]>>();

/** What the filter answers to the call with these arguments, for all that it can tell apart in the others. */
export function answersOf(filter: Filter, syscall: string, known: ReadonlyMap<ArgIndex, bigint> = new Map()): readonly Action[] {
  const rules = (filter.syscalls.get(syscall) ?? []).map(({ rule }) => rule);
  const nr = syscallNumber(filter.arch, syscall);
  const compares = rules.some(({ conditions }) => conditions.length > 0);
  const answers = compares ? undefined : whole.get(filter)?.get(syscall);
  if (answers !== undefined) return answers;
  const found = [...partition(rules)].map((args) => {
    const filled = argIndexes.map((index) => known.get(index) ?? args[index]) as unknown as SeccompData["args"];
    return evaluate(filter, { arch: filter.arch, name: syscall, nr, args: filled });
  });
  const different = found.filter((action, at) => found.findIndex((other) => sameAction(other, action)) === at);
  if (!compares) whole.set(filter, (whole.get(filter) ?? new Map<string, readonly Action[]>()).set(syscall, different));
  return different;
}
