import { isAllowing, type Filter } from "../seccomp/index.ts";

/** What is left of a filter where a format knows names and no arguments. */
export interface NamesOnly {
  /** Allowed with whatever arguments. */
  readonly allowed: readonly string[];
  /** Allowed with some arguments only. */
  readonly conditional: readonly string[];
}

/**
 * Names alone. Throws RangeError for a filter that allows by default: a list of what is forbidden
 * is not made of it.
 */
export function namesOnly({ defaultAction, syscalls }: Filter): NamesOnly {
  if (isAllowing(defaultAction))
    throw new RangeError(
      "the profile allows calls that it does not name, so no list of allowed calls means " + "the same",
    );
  const allowing = [...syscalls].filter(([, rules]) => rules.some(({ action }) => isAllowing(action)));
  const whole = (rules: (typeof allowing)[number][1]): boolean =>
    rules.some(({ action, rule }) => isAllowing(action) && rule.conditions.length === 0);
  const names = (list: typeof allowing): readonly string[] => list.map(([name]) => name).sort();
  return {
    allowed: names(allowing.filter(([, rules]) => whole(rules))),
    conditional: names(allowing.filter(([, rules]) => !whole(rules))),
  };
}
