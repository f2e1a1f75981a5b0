import type { ArgTuple, ArgValues } from "./types.ts";

/** Compares two tuples by number, position by position. Unreadable values come last. */
export function compareTuples(a: ArgTuple, b: ArgTuple): number {
  for (const [position, value] of a.entries()) {
    const other = b[position] ?? null;
    if (value === other) continue;
    if (value === null || other === null) return value === null ? 1 : -1;
    return value < other ? -1 : 1;
  }
  return a.length - b.length;
}

/** One tuple's values of the wanted arguments. Arguments that it lacks count as unreadable. */
export function tupleAt(indices: readonly number[], tuple: ArgTuple, wanted: readonly number[]): ArgTuple {
  return wanted.map((index) => tuple[indices.indexOf(index)] ?? null);
}

/**
 * The recorded values of these arguments. A recording by another version may hold other arguments. Arguments that it
 * lacks count as unreadable.
 */
export function valuesAt({ indices, values }: ArgValues, wanted: readonly number[]): readonly ArgTuple[] | "many" {
  return values === "many" ? values : values.map((tuple) => tupleAt(indices, tuple, wanted));
}
