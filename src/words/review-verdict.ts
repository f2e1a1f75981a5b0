import type { Opening } from "../core/judgement/index.ts";
import { isAllowing } from "../core/seccomp/index.ts";
import { describeValue } from "../core/tables/index.ts";
import type { Line, Span } from "./page.ts";
import type { ReviewModel } from "./review-model.ts";
import { clipped } from "./review-words.ts";

const shownCalls = 5;
const shownGroups = 3;

/**
 * "web may now bpf, mount and ptrace": who may do what, the same of several profiles said once.
 * Empty if no opening is of this level.
 */
export function mayNowLine({ profiles }: Pick<ReviewModel, "profiles">, level: Opening["level"]): Line {
  const groups = new Map<
    string,
    { readonly profiles: string[]; readonly isOpen: boolean; readonly calls: readonly string[] }
  >();
  for (const { path, state } of profiles) {
    if (state.type === "unreadable") continue;
    const openings = state.assessment.openings.filter((opening) => opening.level === level);
    const calls = [...new Set(openings.map(callWords))];
    const isOpen = state.assessment.open && level === "danger";
    if (calls.length === 0 && !isOpen) continue;
    const key = JSON.stringify([isOpen, calls]);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { profiles: [nameOf(path)], isOpen, calls });
    else known.profiles.push(nameOf(path));
  }
  const all = [...groups.values()];
  const shown = all
    .slice(0, shownGroups)
    .flatMap(({ profiles: names, isOpen, calls }, at): Line => [
      ...(at === 0 ? [] : ["; "]),
      ...listed(names, "profiles"),
      " may now ",
      ...(isOpen
        ? [calls.length === 0 ? "make every call that no rule names" : "make every call that no rule names, "]
        : []),
      ...listed(calls, "calls"),
    ]);
  return all.length > shownGroups ? [...shown, `; and ${all.length - shownGroups} more profiles`] : shown;
}

function nameOf(path: string): string {
  return path.replace(/^.*\//, "").replace(/\.json$/, "");
}

/** The call, and the family or operation if it may be made with that one only. */
function callWords({ change, exposes }: Opening): string {
  const allowing = change.after.filter(({ action }) => isAllowing(action));
  const isNamed = exposes?.startsWith("AF_") === true;
  const [condition] = isNamed ? [{ index: 0 as const }] : (allowing[0]?.rule.conditions ?? []);
  const isPinned = isNamed || (allowing.length > 0 && allowing.every(({ rule }) => rule.conditions.length > 0));
  const value = condition === undefined ? undefined : change.witness.args[condition.index];
  const words =
    !isPinned || condition === undefined || value === undefined || value === 0n
      ? undefined
      : describeValue(change.syscall, condition.index, value);
  return words === undefined ? change.syscall : `${change.syscall}(${words})`;
}

/** "a, b and c", "a, b and 7 more calls". */
function listed(names: readonly string[], noun: string): Line {
  const shown = names.length > shownCalls + 1 ? names.slice(0, shownCalls) : names;
  const rest = names.length - shown.length;
  return [
    ...shown.flatMap((name, at): readonly Span[] => [
      ...(at === 0 ? [] : [at === shown.length - 1 && rest === 0 ? " and " : ", "]),
      { data: clipped(name, 80) },
    ]),
    ...(rest === 0 ? [] : [` and ${rest} more ${noun}`]),
  ];
}
