/** Two resolved profiles, compared by what they mean. */
export { diffFilters, exceeds } from "./diff-filters.ts";
export type * from "./types.ts";
