/**
 * What a call returned, sorted. `?` (it did not return) is kept only if nothing else is known.
 * Whether a signal or the program's end meets a call in the kernel is a matter of timing, and the
 * same run has to give the same recording.
 */
export function knownResults(words: Iterable<string>): readonly string[] {
  const all = [...new Set(words)].sort();
  const returned = all.filter((word) => word !== "?");
  return returned.length === 0 ? all : returned;
}
