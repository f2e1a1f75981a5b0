import { allowsSome, type Filter } from "../seccomp/index.ts";
import { syscallNumber } from "../tables/index.ts";
import { floorOn, type FloorContext } from "./floor.ts";

/**
 * The calls that container runtimes may make before the workload's program runs, and that the filter denies. Sorted.
 */
export function missingFloor(filter: Filter, start: FloorContext): readonly string[] {
  const needed = new Set(floorOn(filter.arch, "any", start).flatMap(({ names }) => names));
  return [...needed]
    .filter((name) => syscallNumber(filter.arch, name) !== undefined && !allowsSome(filter, name))
    .sort();
}
