/**
 * Arguments that are an int (SYSCALL_DEFINE in the kernel): the ABI leaves the upper half of the
 * register undefined, and the kernel does not look at it.
 */
const intArguments: { readonly [syscall: string]: readonly (0 | 1 | 2)[] } = {
  socket: [0, 1, 2],
  socketpair: [0, 1, 2],
  ioctl: [0, 1],
  fcntl: [0, 1],
  prctl: [0],
  setns: [0, 1],
  keyctl: [0],
  bpf: [0],
  seccomp: [0, 1],
  madvise: [2],
  kill: [1],
  setsockopt: [1, 2],
  getsockopt: [1, 2],
};

/** The arguments of which the kernel looks at the lower 32 bits only. */
export function intArgumentsOf(syscall: string): readonly (0 | 1 | 2)[] {
  return Object.hasOwn(intArguments, syscall) ? (intArguments[syscall] ?? []) : [];
}
