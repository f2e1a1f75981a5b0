import { allowsSome, type Filter } from "../seccomp/index.ts";
import { syscallNumber } from "../tables/index.ts";
import { floorOn, type FloorContext } from "./floor.ts";

/**
 * The calls of the floor that the filter denies, sorted. Container runtimes may make them before the workload's program
 * runs.
 */
export function missingFloor(filter: Filter, start: FloorContext): readonly string[] {
  const needed = new Set(floorOn(filter.arch, "any", start).flatMap(({ names }) => names));
  return [...needed]
    .filter((name) => syscallNumber(filter.arch, name) !== undefined && !allowsSome(filter, name))
    .sort();
}
