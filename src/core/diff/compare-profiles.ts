import { resolveFor, type DockerProfile, type HostContext } from "../profile/index.ts";
import { diffFilters } from "./diff-filters.ts";
import { openedElsewhere, type ElsewhereContext } from "./elsewhere.ts";
import { profileChanges } from "./profile-changes.ts";
import type { Elsewhere, ProfileDiff } from "./types.ts";

/** How two profiles differ, on the given hosts and on all others. */
export interface ProfileComparison extends ProfileDiff {
  readonly openedElsewhere: readonly Elsewhere[];
  readonly closedElsewhere: readonly Elsewhere[];
}

/**
 * Compares two profiles. They are two states of one profile unless `sameProfile` is false. Throws TooManyWays like
 * `diffFilters`.
 */
export function compareProfiles(
  before: DockerProfile,
  after: DockerProfile,
  hosts: readonly HostContext[],
  { ceiling, sameProfile = true }: Pick<ElsewhereContext, "ceiling" | "sameProfile"> = {},
): ProfileComparison {
  const diff = diffFilters(resolveFor(before, hosts), resolveFor(after, hosts));
  const judged = hosts.map(({ arch }) => arch);
  const context = { hosts, sameProfile, ...(ceiling === undefined ? {} : { ceiling }) };
  return {
    ...diff,
    profile: [...profileChanges(before, after, judged), ...diff.profile],
    openedElsewhere: openedElsewhere(before, after, context),
    closedElsewhere: openedElsewhere(after, before, context),
  };
}

/** Does every call get the same answer, on every host? */
export function isSame({
  profile,
  syscalls,
  openedElsewhere: opened,
  closedElsewhere: closed,
}: ProfileComparison): boolean {
  return profile.length + syscalls.length + opened.length + closed.length === 0;
}
