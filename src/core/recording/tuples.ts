/** Numeric order, position by position. */
export function compareTuples(a: readonly bigint[], b: readonly bigint[]): number {
  for (const [position, value] of a.entries()) {
    const other = b[position] ?? 0n;
    if (value !== other) return value < other ? -1 : 1;
  }
  return a.length - b.length;
}
