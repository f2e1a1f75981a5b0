import { syscallNumber } from "../tables/index.ts";
import { isAllowing } from "./action.ts";
import { evaluate } from "./evaluate.ts";
import { partition } from "./partition.ts";
import type { Filter } from "./types.ts";

/** Does the filter let the call through with some arguments? */
export function allowsSome(filter: Filter, name: string): boolean {
  const nr = syscallNumber(filter.arch, name);
  for (const args of partition((filter.syscalls.get(name) ?? []).map(({ rule }) => rule))) {
    if (isAllowing(evaluate(filter, { arch: filter.arch, name, nr, args }))) return true;
  }
  return false;
}
