import { isDangerousElsewhere, type Opening } from "../core/judgement/index.ts";
import type { ScmpArch } from "../core/tables/index.ts";
import type { Line, Span } from "./page.ts";
import type { ReviewModel } from "./review-model.ts";
import { clipped, nativeOf, onlyOn, openedCall } from "./review-words.ts";

const shownCalls = 5;
const shownGroups = 3;

/**
 * "web may now bpf, mount and ptrace". Profiles with the same opening share one statement. Empty if there is no opening
 * of this level. `elsewhere` is what became possible only on other hosts, and `danger-elsewhere` is the dangerous part
 * of it.
 */
export function mayNowLine(
  { profiles }: Pick<ReviewModel, "profiles">,
  level: Opening["level"] | "elsewhere" | "danger-elsewhere",
): Line {
  const isElsewhere = level === "elsewhere" || level === "danger-elsewhere";
  const groups = new Map<
    string,
    { readonly profiles: string[]; readonly isOpen: boolean; readonly calls: readonly string[] }
  >();
  for (const { path, state } of profiles) {
    if (state.type === "unreadable") continue;
    const openings = state.assessment.openings.filter((opening) => opening.level === level);
    const elsewhere = isElsewhere
      ? state.elsewhere.filter((one) => level === "elsewhere" || isDangerousElsewhere(one))
      : [];
    const arches = new Map<string, ScmpArch[]>();
    for (const opening of openings) {
      const call = openedCall(opening);
      arches.set(call, [...(arches.get(call) ?? []), opening.change.arch]);
    }
    const native = nativeOf(state);
    const calls = [
      ...new Set([
        ...[...arches].map(([call, on]) => `${call}${onlyOn(on, native)}`),
        ...elsewhere.map(({ syscall }) => syscall),
      ]),
    ];
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
      ...(isElsewhere ? [" on other hosts"] : []),
    ]);
  return all.length > shownGroups ? [...shown, `; and ${all.length - shownGroups} more profiles`] : shown;
}

/** "web keeps ptrace of the dangerous calls": what first profiles allow, as Docker's default does. */
export function keepsLine({ profiles }: Pick<ReviewModel, "profiles">): Line {
  const groups = new Map<string, { readonly names: string[]; readonly calls: readonly string[] }>();
  for (const { path, state } of profiles) {
    if (state.type !== "added" || state.keeps.length === 0) continue;
    const known = groups.get(state.keeps.join());
    if (known === undefined) groups.set(state.keeps.join(), { names: [nameOf(path)], calls: state.keeps });
    else known.names.push(nameOf(path));
  }
  const all = [...groups.values()];
  const shown = all
    .slice(0, shownGroups)
    .flatMap(({ names, calls }): Line => [
      ...listed(names, "profiles"),
      names.length === 1 ? " is new and keeps " : " are new and keep ",
      ...listed(calls, "calls"),
      " of the dangerous calls. ",
    ]);
  return all.length > shownGroups ? [...shown, `${all.length - shownGroups} more new profiles keep some.`] : shown;
}

function nameOf(path: string): string {
  return path.replace(/^.*\//, "").replace(/\.json$/, "");
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
