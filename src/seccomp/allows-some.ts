import { syscallNumber } from "../tables/index.ts";
import { isAllowing } from "./action.ts";
import { evaluate, soleAnswer } from "./evaluate.ts";
import { partition } from "./partition.ts";
import { ruleMatches } from "./rule.ts";
import type { Filter, Rule } from "./types.ts";

/** Does the filter let the call through with some arguments; with some of those that `within` asks for? */
export function allowsSome(filter: Filter, name: string, within: Rule = { conditions: [] }): boolean {
  const nr = syscallNumber(filter.arch, name);
  const sole = soleAnswer(filter, name, nr);
  if (sole !== undefined && within.conditions.length === 0) return isAllowing(sole);
  return partition([{ ask: "answer", filter, name }, { ask: "match", rule: within }]).some((args) => ruleMatches(within, args) && isAllowing(evaluate(filter, { arch: filter.arch, name, nr, args })));
}
