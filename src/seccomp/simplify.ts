import { impliedByAny } from "./implies.ts";
import { ruleKey } from "./rule.ts";
import type { Rule } from "./types.ts";

/** A law that keeps the union of rules and makes the list shorter. */
type Pass = (rules: readonly Rule[]) => readonly Rule[];

/** Rewrites applied in this order; the union stays the same call by call. The order of the rules that stay is kept. */
const passes: readonly Pass[] = [
  collapseToUnconditional, // A ∨ ⊤ = ⊤; first, because nothing is left to do then
  deduplicate, // A ∨ A = A, by canonical key: cheap, so that the next pass sees less
  absorb, // A ∨ B = B where A implies B, or the others together; quadratic, therefore last
];

/** The shortest list of these rules (all with the same action) that matches the same calls. Exact. */
export function simplify(rules: readonly Rule[]): readonly Rule[] {
  return passes.reduce((left, pass) => pass(left), rules);
}

function collapseToUnconditional(rules: readonly Rule[]): readonly Rule[] {
  const always = rules.find((rule) => rule.conditions.length === 0);
  return always === undefined ? rules : [always];
}

function deduplicate(rules: readonly Rule[]): readonly Rule[] {
  const seen = new Map(rules.toReversed().map((rule) => [ruleKey(rule), rule]));
  return rules.filter((rule) => seen.get(ruleKey(rule)) === rule);
}

function absorb(rules: readonly Rule[]): readonly Rule[] {
  return rules.reduceRight<readonly Rule[]>((left, rule) => {
    const others = left.filter((other) => other !== rule);
    return impliedByAny(rule, others) ? others : left;
  }, rules);
}
