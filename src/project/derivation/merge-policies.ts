import type { PolicyArguments } from "./derivation.ts";

/** Options that both sides changed in different ways. */
export interface PolicyConflict {
  readonly of: string;
  readonly reason: string;
}

/**
 * Merges the options of two descendants of one policy.json. If only one side changed an option, that change is taken. A
 * name that one side allows and the other denies is a conflict.
 */
export function mergePolicies(
  base: PolicyArguments,
  ours: PolicyArguments,
  theirs: PolicyArguments,
): { readonly policy: PolicyArguments; readonly conflicts: readonly PolicyConflict[] } {
  const conflicts: PolicyConflict[] = [];
  const choose = <Key extends keyof PolicyArguments>(key: Key): PolicyArguments[Key] => {
    if (ours[key] === theirs[key] || theirs[key] === base[key]) return ours[key];
    if (ours[key] !== base[key])
      conflicts.push({ of: `--${key}`, reason: "the two sides changed it in different ways" });
    return theirs[key];
  };
  const [allow, deny] = [
    mergeNames(base.allow, ours.allow, theirs.allow),
    mergeNames(base.deny, ours.deny, theirs.deny),
  ];
  const both = allow.filter((name) => deny.includes(name));
  const isOwn = ({ allow: allowed, deny: denied }: PolicyArguments): boolean =>
    both.every((name) => allowed.includes(name) && denied.includes(name));
  if (both.length > 0 && !isOwn(ours) && !isOwn(theirs))
    conflicts.push({ of: both.join(", "), reason: "one side allows it, the other denies it" });
  return {
    policy: {
      args: choose("args"),
      exact: choose("exact"),
      reach: choose("reach"),
      floor: choose("floor"),
      allow,
      deny,
      against: choose("against"),
      mode: choose("mode"),
    },
    conflicts,
  };
}

/** If one side has exactly the merged names, the result keeps that side's order. */
function mergeNames(base: readonly string[], ours: readonly string[], theirs: readonly string[]): readonly string[] {
  const merged = [...new Set([...ours, ...theirs])].filter(
    (name) => !base.includes(name) || (ours.includes(name) && theirs.includes(name)),
  );
  const isAll = (side: readonly string[]): boolean =>
    side.length === merged.length && side.every((name) => merged.includes(name));
  if (isAll(ours) && isAll(theirs)) return ours.join() < theirs.join() ? ours : theirs;
  if (isAll(ours)) return ours;
  return isAll(theirs) ? theirs : merged.sort();
}
