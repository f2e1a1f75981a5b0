import { isSyscallName, type ScmpArch } from "../tables/index.ts";
import type { Recording } from "./types.ts";

/**
 * The architectures that a recording needs: those with a known call that did not fail with ENOSYS each time. A failed
 * probe of an x32 or unknown number does not show a program of another architecture. A recording that has only such
 * calls needs the architectures that it names.
 */
export function servedArchitectures({ syscalls }: Recording): readonly ScmpArch[] {
  const named = Object.keys(syscalls) as ScmpArch[];
  const served = named.filter((arch) =>
    Object.entries(syscalls[arch] ?? {}).some(
      ([name, { results }]) => isSyscallName(name) && results.some((result) => result !== "ENOSYS"),
    ),
  );
  return served.length === 0 ? named : served;
}
