import { sameAnswers, type ActionRule, type Filter } from "../seccomp/index.ts";

/** At most this many rules on one call are compared with each other. */
const maxRules = 64;

/**
 * Rules that can go without changing the filter's answers: another rule says the same, libseccomp never reaches them,
 * or nothing matches them.
 */
export function shadowedRules(filter: Filter): readonly { readonly name: string; readonly rule: ActionRule }[] {
  return [...filter.syscalls].flatMap(([name, rules]) =>
    rules.length > maxRules || rules.every(({ rule }) => rule.conditions.length === 0 && rules.length === 1)
      ? []
      : shadowed(filter, name, rules),
  );
}

function shadowed(
  filter: Filter,
  name: string,
  rules: readonly ActionRule[],
): readonly { readonly name: string; readonly rule: ActionRule }[] {
  const found: { readonly name: string; readonly rule: ActionRule }[] = [];
  let left = rules;
  // Starts at the end, so that of two equal rules the first is kept.
  for (const rule of rules.toReversed()) {
    const without = left.filter((other) => other !== rule);
    const lesser: Filter = { ...filter, syscalls: new Map([[name, without]]) };
    if (sameAnswers(filter, lesser, name)) {
      found.unshift({ name, rule });
      left = without;
    }
  }
  return found;
}
