import { isAllowing, type ActionRule, type Rule } from "../seccomp/index.ts";
import type { Draft } from "./draft.ts";
import { joined, overlaps } from "./joined-rules.ts";

/**
 * Adds the answers of pins to the book, after all rules of every architecture. libseccomp's own order decides between
 * rules that overlap, so an answer that overlaps an allowing rule is left out. Answers with the same reason are joined
 * if the joined rule overlaps no other rule.
 */
export function addPinAnswers({ book, answers }: Draft): void {
  for (const [name, given] of answers) {
    const allowing = book.rulesOf(name).filter(({ action }) => isAllowing(action));
    const disjoint = given.filter(({ rule }) => !allowing.some((other) => overlaps(other.rule, rule)));
    for (const reason of new Set(disjoint.map(reasonKey))) {
      const own = disjoint.filter((one) => reasonKey(one) === reason);
      const apart = [...allowing, ...disjoint.filter((one) => !own.includes(one))];
      const isFree = (rule: Rule): boolean => !apart.some((other) => overlaps(other.rule, rule));
      const rules = joined(
        own.map(({ rule }) => rule),
        isFree,
      );
      for (const rule of rules) for (const one of own.slice(0, 1)) book.add(name, { ...one, rule });
    }
  }
}

function reasonKey({ action, because }: ActionRule): string {
  return JSON.stringify([action, because]);
}
