import { representatives } from "./cells.ts";
import { conditionMatches } from "./condition.ts";
import { argIndexes } from "./args.ts";
import type { ArgCondition, ArgIndex, Rule } from "./types.ts";

/** Does every call that matches `a` match `b`? Exact. */
export function implies(a: Rule, b: Rule): boolean {
  return impliedByAny(a, [b]);
}

/**
 * Does every call that matches `a` match one of `rules`? Exact, also where only several together cover `a`: the answers that values of
 * one argument can give are tried one by one, argument after argument, and only with the rules that are still possible.
 */
export function impliedByAny(a: Rule, rules: readonly Rule[]): boolean {
  return covered(a, rules, 0, new Map());
}

function covered(a: Rule, rules: readonly Rule[], position: number, known: Map<string, boolean>): boolean {
  const index = argIndexes[position];
  if (index === undefined) return rules.length > 0;
  if (rules.some((rule) => rule.conditions.every((condition) => condition.index < index))) return true;
  const own = on(a, index);
  const conditions = [...own, ...rules.flatMap((rule) => on(rule, index))];
  if (conditions.length === 0) return covered(a, rules, position + 1, known);
  return representatives(conditions)
    .filter((value) => own.every((condition) => conditionMatches(condition, value)))
    .every((value) => {
      const left = rules.filter((rule) => on(rule, index).every((condition) => conditionMatches(condition, value)));
      const key = `${position} ${left.map((rule) => rules.indexOf(rule)).join(" ")}`;
      const answer = position === 0 ? undefined : known.get(key);
      if (answer !== undefined) return answer;
      return covered(a, left, position + 1, new Map());
    });
}

function on(rule: Rule, index: ArgIndex): readonly ArgCondition[] {
  return rule.conditions.filter((condition) => condition.index === index);
}
