/** Calls that open a part of the kernel that attackers look for, and that few services need. `pinnable`: harmless enough when pinned to some arguments. */
export interface DangerousCall {
  readonly names: readonly string[];
  readonly pinnable: boolean;
  readonly reason: string;
  readonly source: string;
}

export const dangerousCalls: readonly DangerousCall[] = [
  { names: ["bpf"], pinnable: true, reason: "loads programs into the kernel", source: "bpf(2)" },
  { names: ["ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd"], pinnable: true, reason: "reads, writes or steers other processes", source: "ptrace(2), process_vm_readv(2)" },
  { names: ["keyctl", "add_key", "request_key"], pinnable: true, reason: "kernel keyrings are not namespaced", source: "keyrings(7)" },
  { names: ["userfaultfd"], pinnable: false, reason: "halts the kernel inside of a page fault, which makes races winnable", source: "userfaultfd(2)" },
  { names: ["perf_event_open"], pinnable: false, reason: "a large interface that sees other processes and the kernel", source: "perf_event_open(2)" },
  { names: ["io_uring_setup", "io_uring_enter", "io_uring_register"], pinnable: false, reason: "what is done through the ring is no syscall, so no filter sees it", source: "io_uring(7)" },
  { names: ["mount", "umount", "umount2", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "pivot_root"], pinnable: false, reason: "changes what the container sees as its file system", source: "mount(2), pivot_root(2)" },
  { names: ["unshare", "setns"], pinnable: true, reason: "a user namespace gives every capability inside of it", source: "user_namespaces(7)" },
  { names: ["init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot"], pinnable: false, reason: "replaces or extends the running kernel", source: "init_module(2), kexec_load(2)" },
  { names: ["open_by_handle_at", "name_to_handle_at"], pinnable: false, reason: "opens files by handle, past the container's root", source: "open_by_handle_at(2)" },
  { names: ["swapon", "swapoff", "acct", "quotactl", "settimeofday", "clock_settime", "stime", "iopl", "ioperm", "lookup_dcookie"], pinnable: false, reason: "administers the host", source: "capabilities(7)" },
];
