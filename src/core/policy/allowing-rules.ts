import { isAllowing, type Filter, type Rule } from "../seccomp/index.ts";

/**
 * The rules with which a filter allows a call. If its default action allows the call, this is one rule without
 * conditions.
 */
export function allowingRules(filter: Filter | undefined, name: string): readonly Rule[] {
  if (filter === undefined) return [];
  const rules = filter.syscalls.get(name);
  if (rules === undefined) return isAllowing(filter.defaultAction) ? [{ conditions: [] }] : [];
  return rules.filter(({ action }) => isAllowing(action)).map(({ rule }) => rule);
}
