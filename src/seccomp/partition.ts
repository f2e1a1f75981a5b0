import { argIndexes, callArgs } from "./args.ts";
import { representatives, TooManyWays } from "./cells.ts";
import { conditionMatches } from "./condition.ts";
import type { ArgCondition, ArgIndex, Rule, SeccompData } from "./types.ts";

/**
 * Arguments for calls that the rules can tell apart: at least one call for every set of rules that some call matches together. Argument
 * after argument, one value for each way in which it can answer the conditions of the rules that are still possible; ways that lead to
 * the same rules with the same conditions left are followed once. So the number of calls follows the rules, not 2^384.
 */
export function partition(rules: readonly Rule[]): Iterable<SeccompData["args"]> {
  return rules.every(({ conditions }) => conditions.length === 0) ? anyCall : bounded(rules);
}

/** Rules without conditions, most of all there are, tell no two calls apart. */
const anyCall: readonly SeccompData["args"][] = [callArgs()];

function* bounded(rules: readonly Rule[]): Generator<SeccompData["args"]> {
  let calls = 0;
  for (const args of from(0, rules, {}, new Set())) {
    calls += 1;
    if (calls > maxCalls) throw new TooManyWays(`${rules.length} rules of one syscall tell more than ${maxCalls} calls apart`);
    yield args;
  }
}

/** So many calls of one syscall are told apart. */
const maxCalls = 20_000;

type Values = { readonly [index in ArgIndex]?: bigint };

function* from(position: number, rules: readonly Rule[], values: Values, seen: Set<string>): Generator<SeccompData["args"]> {
  const index = argIndexes.slice(position).find((candidate) => rules.some(({ conditions }) => conditions.some((condition) => condition.index === candidate)));
  if (index === undefined) {
    yield callArgs(values);
    return;
  }
  for (const value of representatives(rules.flatMap((rule) => on(rule, index)))) {
    const left = rules.filter((rule) => on(rule, index).every((condition) => conditionMatches(condition, value)));
    const key = `${index} ${left.map((rule) => identity(rule)).join(" ")}`;
    if (seen.has(key)) continue;
    seen.add(key);
    yield* from(index + 1, left, { ...values, [index]: value }, seen);
  }
}

function on(rule: Rule, index: ArgIndex): readonly ArgCondition[] {
  return rule.conditions.filter((condition) => condition.index === index);
}

const identities = new WeakMap<Rule, number>();
let count = 0;
function identity(rule: Rule): number {
  let known = identities.get(rule);
  if (known === undefined) identities.set(rule, (known = count += 1));
  return known;
}
