import type { ArgTuple } from "./types.ts";

/** Numeric order, position by position; what could not be read comes last. */
export function compareTuples(a: ArgTuple, b: ArgTuple): number {
  for (const [position, value] of a.entries()) {
    const other = b[position] ?? null;
    if (value === other) continue;
    if (value === null || other === null) return value === null ? 1 : -1;
    return value < other ? -1 : 1;
  }
  return a.length - b.length;
}
