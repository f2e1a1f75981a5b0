import { allowsSome, isAllowing, sameAction, type Filter } from "../seccomp/index.ts";
import { syscallNames, type ScmpArch } from "../tables/index.ts";
import { compareSyscall } from "./change.ts";
import type { AllowedCounts, ProfileChange, ProfileDiff, SyscallChange } from "./types.ts";

type Filters = ReadonlyMap<ScmpArch, Filter>;

/**
 * Compares two resolved profiles by meaning. The comparison is complete: it covers every syscall of the architecture's
 * table, and every set of rules that a call can match. Each change has a witness. A changed default action is one
 * profile change. The diff then also lists the syscalls that one of the profiles names. If the default changed between
 * allowing and denying, the diff lists all syscalls. Throws TooManyWays if the rules of a call overlap in more ways
 * than can be compared in bounded time.
 */
export function diffFilters(before: Filters, after: Filters): ProfileDiff {
  const profile: ProfileChange[] = [];
  const syscalls: SyscallChange[] = [];
  for (const arch of new Set([...before.keys(), ...after.keys()])) {
    const [old, next] = [before.get(arch), after.get(arch)];
    if (old === undefined || next === undefined) {
      profile.push({ kind: old === undefined ? "architecture-added" : "architecture-removed", arch });
      continue;
    }
    const defaults = !sameAction(old.defaultAction, next.defaultAction);
    if (defaults) profile.push({ kind: "default-changed", arch, was: old.defaultAction, is: next.defaultAction });
    // A call that neither profile names differs only by the default, or by where runc's stub begins.
    const crossed = isAllowing(old.defaultAction) !== isAllowing(next.defaultAction);
    const onlyNamed = !crossed && (defaults || old.enosysAbove === next.enosysAbove);
    for (const name of onlyNamed ? namedIn(arch, old, next) : callable(arch, old, next)) {
      const change = compareSyscall(old, next, name);
      if (change !== undefined) syscalls.push(change);
    }
  }
  return { profile, syscalls, ...allowedCounts(before, after) };
}

/** How much two resolved profiles allow. Throws TooManyWays like `diffFilters`. */
export function allowedCounts(before: Filters, after: Filters): AllowedCounts {
  return { allowedBefore: allowedIn(before), allowedAfter: allowedIn(after) };
}

/**
 * The calls that `filter` allows with some arguments and `ceiling` denies. Empty if the filter is never wider. Throws
 * RangeError if the two are of different architectures, and TooManyWays like `diffFilters`.
 */
export function exceeds(filter: Filter, ceiling: Filter): readonly SyscallChange[] {
  if (filter.arch !== ceiling.arch) throw new RangeError(`${filter.arch} cannot be compared with ${ceiling.arch}`);
  return callable(filter.arch, filter, ceiling).flatMap((name) => {
    const change = compareSyscall(ceiling, filter, name);
    return change !== undefined && !isAllowing(change.was) && isAllowing(change.is) ? [change] : [];
  });
}

/** All syscalls that have a number on the architecture, and those that the filters name beyond the table, sorted. */
function callable(arch: ScmpArch, ...filters: readonly Filter[]): readonly string[] {
  const names = syscallNames(arch);
  const known = new Set(names);
  const more = filters.flatMap(({ syscalls }) => [...syscalls.keys()].filter((name) => !known.has(name)));
  return more.length === 0 ? names : [...new Set([...names, ...more])].sort();
}

function namedIn(arch: ScmpArch, before: Filter, after: Filter): readonly string[] {
  return callable(arch, before, after).filter((name) => before.syscalls.has(name) || after.syscalls.has(name));
}

function allowedIn(filters: Filters): { readonly [arch in ScmpArch]?: number } {
  return Object.fromEntries(
    [...filters].map(([arch, filter]) => [
      arch,
      syscallNames(arch)
        .filter((name) => filter.syscalls.has(name) || isAllowing(filter.defaultAction))
        .filter((name) => allowsSome(filter, name)).length,
    ]),
  );
}
