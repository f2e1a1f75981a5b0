import { engineArches, hostArch, isSyscallName, type ScmpArch } from "../tables/index.ts";
import type { Recording } from "./types.ts";

/**
 * The architectures that a recording's profile is for: those of its programs and those of the machines that run them.
 * The container's runtime is a program of the machine's own architecture. A log of an x86 program shows nothing of the
 * x86_64 runtime that started it.
 */
export function servedArchitectures(recording: Recording): readonly ScmpArch[] {
  const programs = programArchitectures(recording);
  return [...new Set([...programs, ...programs.map((arch) => hostArch(arch, engineArches))])];
}

/**
 * The architectures of a recording's programs. An architecture counts if one of its known calls did not fail with
 * ENOSYS each time. A failed probe of an x32 or unknown number does not show a program of another architecture. A
 * recording that has only such calls needs the architectures that it names.
 */
function programArchitectures({ syscalls }: Recording): readonly ScmpArch[] {
  const named = Object.keys(syscalls) as ScmpArch[];
  const served = named.filter((arch) =>
    Object.entries(syscalls[arch] ?? {}).some(
      ([name, { results }]) => isSyscallName(name) && results.some((result) => result !== "ENOSYS"),
    ),
  );
  return served.length === 0 ? named : served;
}
