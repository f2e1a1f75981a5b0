import { syscallNumber } from "../tables/index.ts";
import { isAllowing } from "./action.ts";
import { answeredBefore, evaluate } from "./evaluate.ts";
import { answersOf, partition } from "./partition.ts";
import { ruleMatches } from "./rule.ts";
import type { Filter, Rule } from "./types.ts";

/** Does the filter let the call through with some arguments; with some of those that `within` asks for? */
export function allowsSome(filter: Filter, name: string, within: Rule = { conditions: [] }): boolean {
  const nr = syscallNumber(filter.arch, name);
  if (within.conditions.length === 0) return onlyAllows(filter, name, nr) || answersOf(filter, name).some(isAllowing);
  return partition([{ ask: "answer", filter, name }, { ask: "match", rule: within }]).some((args) => ruleMatches(within, args) && isAllowing(evaluate(filter, { arch: filter.arch, name, nr, args })));
}

/** All its rules allow, and the first one asks for values that exist: what most profiles look like, seen without going through the arguments. */
function onlyAllows(filter: Filter, name: string, nr: number | undefined): boolean {
  const rules = filter.syscalls.get(name) ?? [];
  const [first] = rules;
  return first !== undefined && answeredBefore(filter, nr) === undefined && first.rule.conditions.every(({ op }) => op === "SCMP_CMP_EQ" || op === "SCMP_CMP_MASKED_EQ") && rules.every(({ action }) => isAllowing(action));
}
