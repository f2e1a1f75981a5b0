import { syscallNames, type ScmpArch } from "../tables/index.ts";

/** The known word that needs the fewest changes of letters from a misspelt one. `undefined` if none is near. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.min(Math.max(2, Math.floor(word.length / 4)), word.length - 1) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/**
 * The syscall that a misspelt name probably means. First it tries names that differ only in what C and strace add to
 * them (`llseek` → `_llseek`, `pread` → `pread64`, `fstatat` → `newfstatat`). Then it tries a name with this ending
 * (`gettime` → `clock_gettime`), and last the nearest name of x86_64.
 */
export function nearestCall(name: string): string | undefined {
  const core = coreOf(name);
  const alike = (["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"] as const)
    .map((arch) => syscallNames(arch).filter((known) => coreOf(known) === core))
    .find(({ length }) => length > 0);
  if (alike !== undefined) return nearest(name, alike) ?? alike[0];
  const known = syscallNames("SCMP_ARCH_X86_64");
  const ending = known.filter((call) => call.endsWith(`_${name.toLowerCase()}`)).sort();
  return ending[0] ?? nearest(name, known) ?? nearest(name, syscallNames("SCMP_ARCH_X86"));
}

/** C functions that glibc implements with another call, on architectures that have no call of the function's name. */
const otherCalls: ReadonlyMap<string, string> = new Map([
  ["recv", "recvfrom"],
  ["send", "sendto"],
  ["waitpid", "wait4"],
]);

/**
 * The call that an architecture has instead of another one's: `umount` → `umount2`, `sendfile64` → `sendfile`.
 * `undefined` if there is none.
 */
export function callInsteadOf(arch: ScmpArch, name: string): string | undefined {
  const known = syscallNames(arch);
  const alike = known.filter((call) => coreOf(call) === coreOf(name));
  return nearest(name, alike) ?? alike[0] ?? known.find((call) => call === otherCalls.get(name));
}

function coreOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/^(?:sys_|__nr_|new|rt_)/, "")
    .replace(/_time64$/, "")
    .replaceAll("_", "")
    .replace(/\d{1,2}$/, "");
}

/** The number of letters to insert, delete or replace (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let line = 1; line <= a.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (a[line - 1] === b[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
