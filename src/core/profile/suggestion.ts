import { syscallNames, type ScmpArch } from "../tables/index.ts";

/**
 * The known word that is nearest to a misspelt one, by letters to change. `undefined` if none is
 * near.
 */
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
 * The syscall that a name was meant to be: first one that differs only in what C and strace add to
 * names (`llseek` → `_llseek`, `pread` → `pread64`, `fstatat` → `newfstatat`), then one that ends
 * so (`gettime` → `clock_gettime`), else the nearest one of x86_64.
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

/** Functions of C that glibc makes of another call, where the architecture has none of their own. */
const otherCalls: ReadonlyMap<string, string> = new Map([
  ["recv", "recvfrom"],
  ["send", "sendto"],
  ["waitpid", "wait4"],
]);

/**
 * What an architecture has in place of another one's call: `umount` → `umount2`, `sendfile64` →
 * `sendfile`. `undefined` if there is nothing alike.
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

/** Letters to insert, delete or replace (Levenshtein). */
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
