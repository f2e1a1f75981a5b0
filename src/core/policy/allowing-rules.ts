import { isAllowing, type Filter, type Rule } from "../seccomp/index.ts";

/** The rules by which a filter allows a call. One without conditions if its default action does. */
export function allowingRules(filter: Filter | undefined, name: string): readonly Rule[] {
  if (filter === undefined) return [];
  const rules = filter.syscalls.get(name);
  if (rules === undefined) return isAllowing(filter.defaultAction) ? [{ conditions: [] }] : [];
  return rules.filter(({ action }) => isAllowing(action)).map(({ rule }) => rule);
}
