/**
 * The results of a call, sorted. `?` (it did not return) is kept only if there is no other result. Only timing decides
 * whether a signal or the program's end meets a call in the kernel. The same run must give the same recording.
 */
export function knownResults(words: Iterable<string>): readonly string[] {
  const all = [...new Set(words)].sort();
  const returned = all.filter((word) => word !== "?");
  return returned.length === 0 ? all : returned;
}
