type Index = 0 | 1 | 2 | 3 | 4 | 5;

/**
 * The arguments by which a call chooses among its operations. The manual page of each call names them. In most
 * programs, the values of these arguments are constants in the code. Only the lower 32 bits count.
 */
const rows: { readonly [syscall: string]: readonly Index[] } = {
  accept4: [3],
  arch_prctl: [0],
  bpf: [0],
  clone: [0],
  fallocate: [1],
  fcntl: [1],
  fsconfig: [1],
  futex: [1],
  getsockopt: [1, 2],
  io_uring_register: [1],
  ioctl: [1],
  kcmp: [2],
  keyctl: [0],
  madvise: [2],
  memfd_create: [1],
  mount: [3],
  mprotect: [2],
  mremap: [3],
  perf_event_open: [4],
  personality: [0],
  pipe2: [1],
  prctl: [0],
  ptrace: [0],
  quotactl: [0],
  recvfrom: [3],
  recvmmsg: [3],
  recvmsg: [2],
  renameat2: [4],
  seccomp: [0],
  sendmmsg: [3],
  sendmsg: [2],
  sendto: [3],
  setns: [1],
  setsockopt: [1, 2],
  socket: [0, 1, 2],
  socketpair: [0, 1, 2],
  splice: [5],
  syslog: [0],
  tee: [3],
  umount2: [1],
  unshare: [0],
  vmsplice: [3],
  waitid: [0, 3],
};

/** The arguments by which a call chooses among its operations. Most calls have none. */
export function operationArgumentsOf(syscall: string): readonly Index[] {
  return Object.hasOwn(rows, syscall) ? (rows[syscall] ?? []) : [];
}
