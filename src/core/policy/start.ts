/** A part of a program's start, and the programs or libraries that make its calls. */
interface StartRow {
  readonly names: readonly string[];
  readonly reason: string;
  readonly source: string;
}

/**
 * What a program calls before its own code runs. These calls are allowed if the recording's log lacks the program's
 * start. The rows are for all kinds of programs, because the log does not say which kind it was.
 */
export const startRows: readonly StartRow[] = [
  {
    names: [
      "access",
      "faccessat",
      "faccessat2",
      "open",
      "openat",
      "read",
      "pread64",
      "close",
      "fstat",
      "fstat64",
      "newfstatat",
      "fstatat64",
      "statx",
      "stat",
      "stat64",
      "readlink",
      "readlinkat",
      "getcwd",
      "fcntl",
      "fcntl64",
      "uname",
    ],
    reason: "the log lacks the program's start, where the dynamic loader finds libraries",
    source: "glibc elf/dl-load.c, musl ldso/dynlink.c",
  },
  {
    names: ["mmap", "mmap2", "mprotect", "munmap", "brk", "madvise", "cacheflush"],
    reason: "the log lacks the program's start, where the dynamic loader maps libraries",
    source: "glibc elf/dl-map-segments.h, musl ldso/dynlink.c",
  },
  {
    names: [
      "arch_prctl",
      "set_thread_area",
      "set_tls",
      "set_tid_address",
      "set_robust_list",
      "rseq",
      "prlimit64",
      "ugetrlimit",
      "getrlimit",
      "getrandom",
      "futex",
      "futex_time64",
    ],
    reason: "the log lacks the program's start, where the C library prepares its first thread",
    source: "glibc csu/libc-start.c, sysdeps/nptl/dl-tls_init_tp.c, musl src/env",
  },
  {
    names: ["execve", "rt_sigaction", "rt_sigprocmask", "sigaltstack", "poll", "ppoll", "sched_getaffinity", "gettid"],
    reason: "the log lacks the program's start, where runtimes of languages prepare themselves",
    source: "Go runtime/os_linux.go, Rust std/src/sys/pal/unix/mod.rs",
  },
];
