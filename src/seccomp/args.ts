import type { ScmpArch } from "../tables/types.ts";
import type { ArgIndex, SeccompData } from "./types.ts";

/** The six argument positions, ascending. */
export const argIndexes: readonly ArgIndex[] = [0, 1, 2, 3, 4, 5];

/** Six arguments, zero where nothing is said. */
export function callArgs(values: { readonly [index in ArgIndex]?: bigint } = {}): SeccompData["args"] {
  return [values[0] ?? 0n, values[1] ?? 0n, values[2] ?? 0n, values[3] ?? 0n, values[4] ?? 0n, values[5] ?? 0n];
}

const narrow: ReadonlySet<ScmpArch> = new Set<ScmpArch>([
  "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_ARM", "SCMP_ARCH_M68K", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPS64N32",
  "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC", "SCMP_ARCH_PPC", "SCMP_ARCH_S390", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB",
]);

/** Does libseccomp compare all 64 bits of an argument on this architecture? On the others it looks at the low half only (`.size` in its src/arch-*.c). */
export function hasWideArguments(arch: ScmpArch): boolean {
  return !narrow.has(arch);
}
