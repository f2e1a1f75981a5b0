/** Arguments that are an int: the ABI leaves the upper half of the register undefined. */
const intArguments: { readonly [syscall: string]: readonly number[] } = {
  socket: [0, 1, 2], socketpair: [0, 1, 2], ioctl: [0, 1], fcntl: [0, 1], prctl: [0], setns: [0, 1], keyctl: [0], bpf: [0], seccomp: [0, 1], madvise: [2], kill: [1], setsockopt: [1, 2], getsockopt: [1, 2],
};

/** Does the kernel look at the lower 32 bits of this argument only? */
export function isIntArgument(syscall: string, index: number): boolean {
  return Object.hasOwn(intArguments, syscall) && intArguments[syscall]?.includes(index) === true;
}
