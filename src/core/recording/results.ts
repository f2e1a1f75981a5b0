/**
 * What a call returned, sorted. That a call did not return (`?`) is told only where nothing else is
 * known: whether a signal or the end of a program meets it in the kernel is a matter of timing, and
 * the same run is to give the same recording.
 */
export function knownResults(words: Iterable<string>): readonly string[] {
  const all = [...new Set(words)].sort();
  const returned = all.filter((word) => word !== "?");
  return returned.length === 0 ? all : returned;
}
