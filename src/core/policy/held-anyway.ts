import { inspectedArguments } from "../recording/index.ts";
import type { ScmpArch } from "../tables/index.ts";
import { companionRows, twinRows } from "./companion-rows.ts";
import { floorFor } from "./floor.ts";

/**
 * Calls that every profile allows without conditions, and that add no other call when they are seen: the floor, and
 * companions of every program. They need no tracing. A recording that left them out says so (`lean`). Its profile
 * allows them with any floor, and without companions too. Only rows that apply to every container count.
 */
export function heldAnyway(arch: ScmpArch, denied: readonly string[]): readonly string[] {
  const floor = floorFor("any", { noNewPrivileges: true, init: false }).flatMap(({ names }) => names);
  const companions = companionRows
    .filter(({ triggers, programs }) => triggers.length === 0 && programs === undefined)
    .flatMap(({ names }) => names);
  const bringing = new Set([
    ...companionRows.flatMap(({ triggers, with: all = [], without = [] }) => [...triggers, ...all, ...without]),
    ...twinRows.flatMap(({ names, older = [], glibc = [] }) => [...names, ...older, ...glibc]),
    ...denied,
  ]);
  return [...new Set([...floor, ...companions])]
    .filter((name) => !bringing.has(name) && inspectedArguments(arch, name) === undefined)
    .sort();
}
