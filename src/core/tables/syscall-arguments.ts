import { cloneFlagsIndex } from "./architectures.ts";
import { syscallArguments } from "./data/syscall-arguments.ts";
import type { ScmpArch } from "./types.ts";

/** One of a call's six arguments, counted from 0. */
type Index = 0 | 1 | 2 | 3 | 4 | 5;

interface Arguments {
  readonly ints: readonly Index[];
  readonly pointers: readonly Index[];
}

let read: ReadonlyMap<string, Arguments> | undefined;
function argumentsOf(syscall: string): Arguments {
  read ??= new Map(
    syscallArguments
      .trim()
      .split("\n")
      .map((line) => {
        const [name = "", kinds = ""] = line.split(" ");
        const of = (wanted: string): readonly Index[] =>
          kinds.split("").flatMap((kind, index) => (kind === wanted ? [index as Index] : []));
        return [name, { ints: of("i"), pointers: of("p") }];
      }),
  );
  return read.get(syscall) ?? { ints: [], pointers: [] };
}

/**
 * The arguments of which the kernel uses only the lower 32 bits. The ABI leaves the upper half of the register
 * undefined. clone's flags are a long in its prototype, but the kernel uses only `lower_32_bits(clone_flags)`
 * (kernel/fork.c).
 */
export function intArgumentsOf(syscall: string, arch: ScmpArch = "SCMP_ARCH_X86_64"): readonly Index[] {
  return syscall === "clone" ? [cloneFlagsIndex(arch)] : argumentsOf(syscall).ints;
}

/** The arguments that are addresses. No filter sees what is stored there. */
export function pointerArgumentsOf(syscall: string): readonly Index[] {
  return argumentsOf(syscall).pointers;
}
