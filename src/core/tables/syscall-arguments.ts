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

/**
 * Files' modes are a umode_t, of which the kernel takes 16 bits (fs/open.c, fs/namei.c, ipc/mqueue.c). A mode with bit
 * 16 set differs in a comparison of 32 bits, but the call does the same (tried on Linux 6.18).
 */
const modes: ReadonlyMap<string, Index> = new Map([
  ["chmod", 1],
  ["creat", 1],
  ["fchmod", 1],
  ["fchmodat", 2],
  ["fchmodat2", 2],
  ["mkdir", 1],
  ["mkdirat", 2],
  ["mknod", 1],
  ["mknodat", 2],
  ["mq_open", 2],
  ["open", 2],
  ["openat", 3],
]);

/** How many bits of an argument of `intArgumentsOf` the kernel looks at. */
export function argumentBits(syscall: string, index: number): 16 | 32 {
  return modes.get(syscall) === index ? 16 : 32;
}
