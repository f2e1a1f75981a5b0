/** Two resolved profiles, compared by what they mean. */
export { newlyPossible } from "./change.ts";
export { compareProfiles, isSame, type ProfileComparison } from "./compare-profiles.ts";
export { elsewhereByHost, elsewhereText } from "./elsewhere-text.ts";
export { openedElsewhere } from "./elsewhere.ts";
export { profileChanges } from "./profile-changes.ts";
export { allowedCounts, diffFilters, exceeds } from "./diff-filters.ts";
export type * from "./types.ts";
