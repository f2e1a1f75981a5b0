/** The only file of this folder that uses the tables: names of system calls, and which of their arguments matter. */
import { operationArgumentsOf, syscallName, syscallNumber } from "../core/tables/index.ts";
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

/** The arguments of a call that choose among operations, by its number. */
export function operationArguments(machine: Machine, nr: number): readonly number[] {
  const name = nameOf(machine, nr);
  return name === undefined ? [] : operationArgumentsOf(name);
}
