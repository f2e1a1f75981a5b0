import { cloneFlagsIndex, hasOwnNumbers, hasOwnSocketTypes, type ScmpArch } from "../tables/index.ts";

/**
 * The scalar arguments of a call that the recording keeps. A profile can compare these arguments, and an attacker would
 * profit from choosing them.
 */
export interface Inspected {
  /** Kernel argument indices (`seccomp_data.args`), ascending. */
  readonly indices: readonly number[];
  /**
   * strace's names for them, if strace's order is not the kernel's (clone prints child_stack first: strace clone.c).
   */
  readonly names?: readonly string[];
  readonly reason: string;
  /**
   * Some of the inspected arguments. On this architecture, their symbols may have other numbers than in the tables, so
   * the symbols say nothing.
   */
  readonly ownNumbers?: readonly number[];
}

const rows: { readonly [syscall: string]: Inspected } = {
  socket: {
    indices: [0, 1, 2],
    reason: "family, type and protocol decide which kernel subsystem is reached (socket(2))",
  },
  socketpair: {
    indices: [0],
    reason: "as socket (socketpair(2))",
  },
  clone: {
    indices: [0],
    names: ["flags"],
    reason: "CLONE_NEW* create namespaces (clone(2))",
  },
  unshare: {
    indices: [0],
    reason: "CLONE_NEW* create namespaces (unshare(2))",
  },
  setns: {
    indices: [1],
    reason: "the kind of namespace that is entered (setns(2))",
  },
  personality: {
    indices: [0],
    reason: "execution domains and disabled address randomization (personality(2))",
  },
  prctl: {
    indices: [0],
    reason: "each option is an operation of its own (prctl(2))",
  },
  arch_prctl: {
    indices: [0],
    reason: "each code is an operation of its own (arch_prctl(2))",
  },
  keyctl: {
    indices: [0],
    reason: "each operation is a call of its own (keyctl(2))",
  },
  bpf: {
    indices: [0],
    reason: "each command is a call of its own (bpf(2))",
  },
  ptrace: {
    indices: [0],
    reason: "each request is a call of its own (ptrace(2))",
  },
  seccomp: {
    indices: [0],
    reason: "each operation is a call of its own (seccomp(2))",
  },
  ioctl: {
    indices: [1],
    reason: "the request decides which driver function runs (ioctl(2))",
  },
  fcntl: {
    indices: [1],
    reason: "each command is an operation of its own (fcntl(2))",
  },
  fcntl64: {
    indices: [1],
    reason: "as fcntl, on 32-bit architectures (fcntl(2))",
  },
  futex: {
    indices: [1],
    reason: "requeue and PI operations are rare and have had vulnerabilities (futex(2))",
  },
  futex_time64: {
    indices: [1],
    reason: "as futex, on 32-bit architectures (futex(2))",
  },
  madvise: {
    indices: [2],
    reason: "each advice is an operation of its own (madvise(2))",
  },
  mmap: {
    indices: [2],
    reason: "PROT_EXEC together with PROT_WRITE (mmap(2))",
  },
  mmap2: {
    indices: [2],
    reason: "as mmap, on 32-bit architectures (mmap2(2))",
  },
  mprotect: {
    indices: [2],
    reason: "PROT_EXEC on what was written before (mprotect(2))",
  },
  pkey_mprotect: {
    indices: [2],
    reason: "as mprotect (pkey_mprotect(2))",
  },
  setsockopt: {
    indices: [1, 2],
    reason: "level and option decide which protocol code runs (setsockopt(2))",
  },
  getsockopt: {
    indices: [1, 2],
    reason: "level and option decide which protocol code runs (getsockopt(2))",
  },
  quotactl: {
    indices: [0],
    reason: "each command is an operation of its own (quotactl(2))",
  },
  io_uring_register: {
    indices: [1],
    reason: "each opcode is an operation of its own (io_uring_register(2))",
  },
  mount: {
    indices: [3],
    reason: "a new mount, a bind mount and a changed propagation differ by flags (mount(2))",
  },
  umount2: {
    indices: [1],
    reason: "MNT_DETACH and its like (umount2(2))",
  },
  fsconfig: {
    indices: [1],
    reason: "each command is an operation of its own (fsconfig(2))",
  },
  perf_event_open: {
    indices: [4],
    reason: "PERF_FLAG_PID_CGROUP watches others (perf_event_open(2))",
  },
  pipe2: {
    indices: [1],
    reason: "O_NOTIFICATION_PIPE makes a watch queue (pipe2(2))",
  },
  send: {
    indices: [3],
    reason: "as sendto, on some 32-bit architectures (send(2))",
  },
  sendto: {
    indices: [3],
    reason: "MSG_OOB takes another way through the protocol's code (send(2))",
  },
  sendmsg: {
    indices: [2],
    reason: "as sendto (sendmsg(2))",
  },
  sendmmsg: {
    indices: [3],
    reason: "as sendto (sendmmsg(2))",
  },
  recv: {
    indices: [3],
    reason: "as recvfrom, on some 32-bit architectures (recv(2))",
  },
  recvfrom: {
    indices: [3],
    reason: "MSG_PEEK leaves a message in the queue (recv(2))",
  },
  recvmsg: {
    indices: [2],
    reason: "as recvfrom (recvmsg(2))",
  },
  recvmmsg: {
    indices: [3],
    reason: "as recvfrom (recvmmsg(2))",
  },
  recvmmsg_time64: {
    indices: [3],
    reason: "as recvmmsg, on 32-bit architectures (recvmmsg(2))",
  },
  timer_create: {
    indices: [0],
    reason: "timers of processor time are code of their own (timer_create(2))",
  },
  clock_nanosleep: {
    indices: [0],
    reason: "as timer_create (clock_nanosleep(2))",
  },
  clock_nanosleep_time64: {
    indices: [0],
    reason: "as clock_nanosleep, on 32-bit architectures (clock_nanosleep(2))",
  },
  kcmp: {
    indices: [2],
    reason: "what is compared of another process (kcmp(2))",
  },
  syslog: {
    indices: [0],
    reason: "reading and clearing the kernel log are different operations (syslog(2))",
  },
};

/** The inspected arguments of a call on an architecture. `undefined` if there are none. */
export function inspectedArguments(arch: ScmpArch, syscall: string): Inspected | undefined {
  if (!Object.hasOwn(rows, syscall)) return undefined;
  const row = rows[syscall];
  if (row !== undefined && hasOwnNumbers(arch, syscall)) return { ...row, ownNumbers: row.indices };
  if (row !== undefined && syscall === "socket" && hasOwnSocketTypes(arch)) return { ...row, ownNumbers: [1] };
  return row === undefined || syscall !== "clone" || cloneFlagsIndex(arch) === 0
    ? row
    : { ...row, indices: [cloneFlagsIndex(arch)] };
}
