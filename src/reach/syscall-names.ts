/** The only door of this folder to the tables: names of system call numbers. */
import { syscallName, syscallNumber } from "../core/tables/index.ts";
import type { Machine } from "./types.ts";

const archOf = { "x86-64": "SCMP_ARCH_X86_64", aarch64: "SCMP_ARCH_AARCH64" } as const;

/** libseccomp's name of a number. `undefined` if the architecture has no such call. */
export function nameOf(machine: Machine, nr: number): string | undefined {
  return syscallName(archOf[machine], nr);
}

/** The number of a name. `undefined` if the architecture has no such call. */
export function numberOf(machine: Machine, name: string): number | undefined {
  return syscallNumber(archOf[machine], name);
}
