/** Calls that reach more of the kernel, or reach deeper, than the other calls of their kind. */
export interface Exposure {
  readonly names: readonly string[];
  /**
   * `danger`: attackers look for it, and few services need it. `notable`: services need it, and its arguments decide
   * what it opens.
   */
  readonly level: "danger" | "notable";
  /** True if it is harmless enough when pinned to some arguments. */
  readonly pinnable: boolean;
  readonly reason: string;
  readonly source: string;
}

export const exposures: readonly Exposure[] = [
  {
    names: ["bpf"],
    level: "danger",
    pinnable: true,
    reason: "loads programs into the kernel",
    source: "bpf(2)",
  },
  {
    names: ["ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd"],
    level: "danger",
    pinnable: true,
    reason: "reads, writes or steers other processes",
    source: "ptrace(2), process_vm_readv(2)",
  },
  {
    names: ["keyctl", "add_key", "request_key"],
    level: "danger",
    pinnable: true,
    reason: "kernel keyrings are not namespaced",
    source: "keyrings(7)",
  },
  {
    names: ["userfaultfd"],
    level: "danger",
    pinnable: false,
    reason: "can pause the kernel in a page fault, which makes race exploits reliable",
    source: "userfaultfd(2)",
  },
  {
    names: ["perf_event_open"],
    level: "danger",
    pinnable: false,
    reason: "a large interface that sees other processes and the kernel",
    source: "perf_event_open(2)",
  },
  {
    names: ["io_uring_setup", "io_uring_enter", "io_uring_register"],
    level: "danger",
    pinnable: false,
    reason: "operations of the ring are no syscalls, so no filter sees them",
    source: "io_uring(7)",
  },
  {
    names: [
      "mount",
      "umount",
      "umount2",
      "move_mount",
      "open_tree",
      "open_tree_attr",
      "fsopen",
      "fsconfig",
      "fsmount",
      "fspick",
      "mount_setattr",
      "pivot_root",
    ],
    level: "danger",
    pinnable: false,
    reason: "changes what the container sees as its file system",
    source: "mount(2), pivot_root(2)",
  },
  {
    names: ["unshare", "setns"],
    level: "danger",
    pinnable: true,
    reason: "a user namespace gives every capability inside it",
    source: "user_namespaces(7)",
  },
  {
    names: ["init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot"],
    level: "danger",
    pinnable: false,
    reason: "replaces or extends the running kernel",
    source: "init_module(2), kexec_load(2)",
  },
  {
    names: ["open_by_handle_at", "name_to_handle_at"],
    level: "danger",
    pinnable: false,
    reason: "opens files by handle, past the container's root",
    source: "open_by_handle_at(2)",
  },
  {
    names: [
      "swapon",
      "swapoff",
      "acct",
      "quotactl",
      "quotactl_fd",
      "settimeofday",
      "clock_settime",
      "clock_settime64",
      "stime",
      "iopl",
      "ioperm",
      "lookup_dcookie",
    ],
    level: "danger",
    pinnable: false,
    reason: "administers the host",
    source: "capabilities(7)",
  },
  {
    names: ["clone3"],
    level: "notable",
    pinnable: false,
    reason: "its flags are in memory, so seccomp cannot tell whether it creates namespaces",
    source: "clone(2)",
  },
  {
    names: ["clone"],
    level: "notable",
    pinnable: true,
    reason: "its flags may make new namespaces, and a user namespace gives every capability inside it",
    source: "clone(2), user_namespaces(7)",
  },
  {
    names: ["socket", "socketpair"],
    level: "notable",
    pinnable: true,
    reason: "its first argument chooses the protocol, and with it the part of the network stack",
    source: "socket(2), address_families(7)",
  },
  {
    names: ["socketcall", "ipc", "syscall"],
    level: "notable",
    pinnable: false,
    reason: "many calls in one, with arguments in memory, where no filter sees them",
    source: "socketcall(2), ipc(2)",
  },
  {
    names: ["setsockopt"],
    level: "notable",
    pinnable: true,
    reason: "its options reach into every protocol; many kernel bugs were in rarely used ones",
    source: "setsockopt(2)",
  },
  {
    names: ["ioctl"],
    level: "notable",
    pinnable: true,
    reason: "its request chooses the driver's code; TIOCSTI types into a shared terminal",
    source: "ioctl(2), ioctl_tty(2)",
  },
  {
    names: ["prctl"],
    level: "notable",
    pinnable: true,
    reason: "dozens of unrelated operations in one call",
    source: "prctl(2)",
  },
  {
    names: ["personality"],
    level: "notable",
    pinnable: true,
    reason: "can switch off address randomization and make readable memory executable",
    source: "personality(2)",
  },
  {
    names: ["splice", "vmsplice", "tee"],
    level: "notable",
    pinnable: false,
    reason: "moves page-cache pages; several exploits wrote to files this way",
    source: "splice(2)",
  },
  {
    names: ["memfd_create"],
    level: "notable",
    pinnable: false,
    reason: "runs a program without a file on disk, also where the file system is read-only",
    source: "memfd_create(2)",
  },
  {
    names: ["modify_ldt", "vm86", "vm86old"],
    level: "notable",
    pinnable: false,
    reason: "reaches rarely used 16-bit code of x86 kernels",
    source: "modify_ldt(2), vm86(2)",
  },
  {
    names: ["fanotify_init", "fanotify_mark"],
    level: "notable",
    pinnable: false,
    reason: "shows file accesses of other processes",
    source: "fanotify(7)",
  },
  {
    names: ["mknod", "mknodat"],
    level: "notable",
    pinnable: true,
    reason: "creates device files if the container has CAP_MKNOD",
    source: "mknod(2)",
  },
  {
    names: ["chroot"],
    level: "notable",
    pinnable: false,
    reason: "changes the root directory; a process with open directories can leave it",
    source: "chroot(2)",
  },
  {
    names: ["syslog"],
    level: "notable",
    pinnable: true,
    reason: "reads the kernel's messages, which reveal addresses and what other containers do",
    source: "syslog(2)",
  },
  {
    names: ["remap_file_pages", "move_pages", "migrate_pages", "mbind", "set_mempolicy", "get_mempolicy"],
    level: "notable",
    pinnable: false,
    reason: "reaches rarely used code of the memory management",
    source: "numa(7), remap_file_pages(2)",
  },
  {
    names: ["uselib"],
    level: "notable",
    pinnable: false,
    reason: "a loader that no program has needed since a.out",
    source: "uselib(2)",
  },
];

const byName: ReadonlyMap<string, Exposure> = new Map(
  exposures.flatMap((row) => row.names.map((name): [string, Exposure] => [name, row])),
);

/** What a call exposes beyond its subsystem. `undefined` if there is nothing unusual. */
export function exposureOf(name: string): Exposure | undefined {
  return byName.get(name);
}
