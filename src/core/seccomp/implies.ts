import { Diagram } from "./diagram.ts";
import type { Rule } from "./types.ts";

/**
 * Does every call that matches `a` match one of `rules`? The answer is exact, even if only several rules together cover
 * `a`.
 */
export function impliedByAny(a: Rule, rules: readonly Rule[]): boolean {
  if (rules.some(({ conditions }) => conditions.length === 0)) return true;
  const diagram = new Diagram("one syscall");
  const [yes, no] = [diagram.leaf("yes"), diagram.leaf("no")];
  const any = rules.reduceRight((otherwise, rule) => diagram.rule(rule, yes, otherwise), no);
  return diagram.rule(a, any, yes) === yes;
}
