/** Two resolved profiles, compared by what they mean. */
export { newlyPossible } from "./change.ts";
export { allowedCounts, diffFilters, exceeds } from "./diff-filters.ts";
export type * from "./types.ts";
