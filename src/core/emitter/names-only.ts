import { isAllowing, type Filter } from "../seccomp/index.ts";

/** The part of a filter that a format with names, but without arguments, can hold. */
export interface NamesOnly {
  /** Calls that the filter allows with any arguments. */
  readonly allowed: readonly string[];
  /** Calls that the filter allows only with some arguments. */
  readonly conditional: readonly string[];
}

/**
 * The names of the allowed calls, without the arguments. Throws RangeError for a filter that allows by default: a list
 * of allowed names cannot say what it denies.
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
