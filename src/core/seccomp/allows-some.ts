import { syscallNumber } from "../tables/index.ts";
import { isAllowing } from "./action.ts";
import { callArgs } from "./args.ts";
import { evaluate } from "./evaluate.ts";
import { answersOf, partition } from "./partition.ts";
import { ruleMatches } from "./rule.ts";
import type { Filter, Rule } from "./types.ts";

/** Does the filter allow the call with some arguments? With `within`, only arguments that match it count. */
export function allowsSome(filter: Filter, name: string, within: Rule = { conditions: [] }): boolean {
  if (within.conditions.length === 0)
    return hasAllowingExample(filter, name) || answersOf(filter, name).some(isAllowing);
  const nr = syscallNumber(filter.arch, name);
  return partition([
    { ask: "answer", filter, name },
    { ask: "match", rule: within },
  ]).some((args) => ruleMatches(within, args) && isAllowing(evaluate(filter, { arch: filter.arch, name, nr, args })));
}

/**
 * Does the filter allow a call with exactly the values of an allowing rule? Most profiles do, and going through all
 * arguments takes much longer.
 */
function hasAllowingExample(filter: Filter, name: string): boolean {
  const nr = syscallNumber(filter.arch, name);
  return (filter.syscalls.get(name) ?? []).some(({ action, rule }) => {
    if (!isAllowing(action)) return false;
    const args = callArgs(Object.fromEntries(rule.conditions.map(({ index, datum }) => [index, datum])));
    return isAllowing(evaluate(filter, { arch: filter.arch, name, nr, args }));
  });
}
