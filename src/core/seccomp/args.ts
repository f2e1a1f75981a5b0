import { is64Bit, type ScmpArch } from "../tables/index.ts";
import type { ArgIndex, SeccompData } from "./types.ts";

/** The six argument positions, ascending. */
export const argIndexes: readonly ArgIndex[] = [0, 1, 2, 3, 4, 5];

/** Makes the six arguments of a call. Arguments that are not given are zero. */
export function callArgs(values: { readonly [index in ArgIndex]?: bigint } = {}): SeccompData["args"] {
  return [values[0] ?? 0n, values[1] ?? 0n, values[2] ?? 0n, values[3] ?? 0n, values[4] ?? 0n, values[5] ?? 0n];
}

/**
 * Does libseccomp compare all 64 bits of an argument on this architecture? On other architectures, libseccomp looks
 * only at the low half (`.size` in its src/arch-*.c).
 */
export function hasWideArguments(arch: ScmpArch): boolean {
  return is64Bit(arch);
}
