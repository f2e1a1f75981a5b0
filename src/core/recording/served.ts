import { isSyscallName, type ScmpArch } from "../tables/index.ts";
import type { Recording } from "./types.ts";

/**
 * The architectures that a recording needs: those with a known call that did not fail with ENOSYS
 * each time. A failed probe of an x32 or unknown number is no program of another architecture.
 */
export function servedArchitectures({ syscalls }: Recording): readonly ScmpArch[] {
  return (Object.keys(syscalls) as ScmpArch[]).filter((arch) =>
    Object.entries(syscalls[arch] ?? {}).some(
      ([name, { results }]) => isSyscallName(name) && results.some((result) => result !== "ENOSYS"),
    ),
  );
}
