/**
 * What strace itself calls in the container: its loader and libc start, the first process that it forks from, and tracing. A filter without one of these cannot be
 * traced under from inside. Sources: strace 6.1 to 7.2, src/strace.c, ucopy.c, exitkill and daemonizing (`-D`); glibc csu/, elf/.
 */
export const straceNeeds: readonly string[] = [
  ...["execve", "brk", "arch_prctl", "mmap", "munmap", "mremap", "mprotect", "madvise", "open", "openat", "read", "pread64", "fstat", "newfstatat", "stat", "lstat", "statx", "close", "access", "faccessat", "faccessat2"],
  ...["set_tid_address", "set_robust_list", "rseq", "prlimit64", "getrandom", "futex", "uname", "readlink", "readlinkat"],
  ...["fork", "vfork", "clone", "wait4", "ptrace", "process_vm_readv", "kill", "tkill", "tgkill", "prctl", "pipe", "pipe2", "dup", "dup2", "dup3", "fcntl", "ioctl", "setpgid", "setsid"],
  ...["getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getpgrp", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "restart_syscall"],
  ...["write", "writev", "lseek", "umask", "getdents64", "clock_gettime", "gettimeofday", "time", "nanosleep", "clock_nanosleep", "exit", "exit_group"],
];

/**
 * What the holder (hold.c) calls before it becomes the workload's program, when strace stands beside: the start of a static glibc program (csu/libc-start.c, libc-tls.c), and
 * its wait at the gate.
 */
export const holderNeeds: readonly string[] = ["execve", "brk", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64", "getrandom", "mprotect", "readlink", "readlinkat", "uname", "open", "openat", "nanosleep", "clock_nanosleep", "close", "exit_group"];
