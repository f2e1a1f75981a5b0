/**
 * Newer calls that libraries try first. If the kernel answers ENOSYS, the libraries use older calls. Every profile
 * names them, for two reasons. First, Docker before 23 ignores `defaultErrnoRet` and would answer EPERM. Programs do
 * not fall back after EPERM. Second, runc and crun disagree about calls above the highest one that a profile names.
 */
export interface ProbeRow {
  readonly names: readonly string[];
  readonly who: string;
  readonly fallback: string;
}

/** Calls with which programs probe for a feature of the kernel, and which they can do without. */
export const probeRows: readonly ProbeRow[] = [
  {
    names: ["clone3"],
    who: "glibc 2.34 (threads, posix_spawn)",
    fallback: "clone",
  },
  {
    names: ["statx"],
    who: "glibc (32-bit stat), coreutils, Rust, Qt",
    fallback: "newfstatat, fstat",
  },
  {
    names: ["faccessat2"],
    who: "glibc 2.33, Go",
    fallback: "faccessat",
  },
  {
    names: ["fchmodat2"],
    who: "glibc 2.39, Go",
    fallback: "fchmodat",
  },
  {
    names: ["openat2"],
    who: "runc, systemd, tar",
    fallback: "openat",
  },
  {
    names: ["close_range"],
    who: "glibc closefrom, Python, OpenSSH, crun",
    fallback: "close in a loop",
  },
  {
    names: ["epoll_pwait2"],
    who: "glibc 2.35, libuv, libevent",
    fallback: "epoll_wait",
  },
  {
    names: ["rseq"],
    who: "glibc 2.35",
    fallback: "getcpu",
  },
  {
    names: ["membarrier"],
    who: "musl, .NET, liburcu",
    fallback: "signals, mprotect",
  },
  {
    names: ["getrandom"],
    who: "glibc, OpenSSL, Python",
    fallback: "/dev/urandom",
  },
  {
    names: ["memfd_create"],
    who: "systemd, Wayland, OpenJDK",
    fallback: "a file in /tmp",
  },
  {
    names: ["copy_file_range"],
    who: "coreutils, Go, Python shutil",
    fallback: "read and write",
  },
  {
    names: ["renameat2"],
    who: "coreutils mv, systemd, Qt",
    fallback: "renameat",
  },
  {
    names: ["preadv2", "pwritev2"],
    who: "glibc, RocksDB, libuv",
    fallback: "preadv, pwritev",
  },
  {
    names: ["execveat"],
    who: "glibc fexecve",
    fallback: "execve of /proc/self/fd",
  },
  {
    names: ["mlock2"],
    who: "glibc",
    fallback: "mlock",
  },
  {
    names: ["pidfd_open", "pidfd_send_signal", "pidfd_getfd"],
    who: "Go 1.23, Python, systemd, glibc 2.36",
    fallback: "kill, waitid",
  },
  {
    names: ["futex_waitv", "futex_wait", "futex_wake", "futex_requeue"],
    who: "Wine, newer libc",
    fallback: "futex",
  },
  {
    names: ["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"],
    who: "xz, sshd, file managers sandboxing themselves",
    fallback: "no second sandbox",
  },
  {
    names: ["io_uring_setup", "io_uring_enter", "io_uring_register"],
    who: "libuv, MariaDB, PostgreSQL 18, nginx modules",
    fallback: "epoll and threads",
  },
  {
    names: ["cachestat", "process_madvise", "process_mrelease", "map_shadow_stack", "mseal", "set_mempolicy_home_node"],
    who: "newer libc and allocators",
    fallback: "nothing; the call is a hint",
  },
  {
    names: [
      "statmount",
      "listmount",
      "lsm_get_self_attr",
      "lsm_set_self_attr",
      "lsm_list_modules",
      "getxattrat",
      "setxattrat",
      "listxattrat",
      "removexattrat",
      "file_getattr",
      "file_setattr",
    ],
    who: "newer libmount, libselinux, coreutils",
    fallback: "/proc/self/mountinfo, the calls without `at`",
  },
];

/**
 * Newer calls to which the kernel never answers EPERM: their manual pages do not list it. A filter that does not know
 * these calls does answer EPERM. Filters of libseccomp before 2.4.2 are an example (release notes of Alpine 3.13).
 */
export const neverEperm: ReadonlySet<string> = new Set([
  "clock_getres_time64",
  "clock_gettime64",
  "clock_nanosleep_time64",
  "close_range",
  "epoll_pwait2",
  "faccessat2",
  "getrandom",
  "ppoll_time64",
  "pselect6_time64",
  "rseq",
  "rt_sigtimedwait_time64",
  "statx",
]);
