/**
 * Calls that the same program makes on another day. A row fires when one of `triggers` was observed; no triggers: for every program. The `reason` is the
 * case that breaks without it.
 */
export interface CompanionRow {
  readonly triggers: readonly string[];
  /** Only where a program of this name was seen. */
  readonly programs?: readonly string[];
  readonly names: readonly string[];
  readonly reason: string;
  readonly source: string;
}

/**
 * Calls that do the same for a program: which one is used depends on the libc, its version and the architecture. `older` ones are replaced by `names`, but no
 * libc goes back to them: they bring their successors in, and are not brought in.
 */
export interface TwinRow {
  readonly older?: readonly string[];
  readonly names: readonly string[];
  readonly source: string;
}

export const companionRows: readonly CompanionRow[] = [
  { triggers: [], names: ["exit", "exit_group"], reason: "every program and thread ends", source: "exit_group(2)" },
  {
    triggers: [],
    names: ["getuid", "geteuid", "getgid", "getegid", "getuid32", "geteuid32", "getgid32", "getegid32", "getpid", "getppid", "gettid", "umask"],
    reason: "always successful by contract, so nobody checks: denied, getuid answers 4294967258",
    source: "getuid(2), getpid(2), umask(2)",
  },
  { triggers: [], names: ["restart_syscall"], reason: "a sleep that was stopped and continued goes on through it", source: "restart_syscall(2)" },
  { triggers: [], names: ["rt_sigreturn", "sigreturn"], reason: "the return from every signal handler", source: "sigreturn(2)" },
  { triggers: [], names: ["clock_gettime", "clock_gettime64", "gettimeofday", "time", "getcpu", "clock_getres"], reason: "the vDSO falls back to the call where the clock cannot be read without the kernel", source: "vdso(7)" },
  { triggers: [], names: ["rt_sigprocmask", "rt_sigaction", "gettid", "getpid", "tgkill", "tkill"], reason: "abort(3), assertions and stack protector end a program through them", source: "glibc stdlib/abort.c; musl src/exit/abort.c, src/signal/raise.c (tkill)" },
  { triggers: ["brk", "mmap", "mmap2"], names: ["brk", "mmap", "mmap2", "munmap", "mremap", "madvise", "mprotect"], reason: "malloc grows, shrinks and protects memory as the load asks", source: "glibc malloc/malloc.c, malloc/arena.c; musl src/malloc" },
  { triggers: ["brk", "mmap", "mmap2"], names: ["getrandom"], reason: "malloc's thread cache takes a random key", source: "glibc malloc/malloc.c, tcache_key_initialize (2.34)" },
  { triggers: ["futex", "clone", "clone3", "futex_time64"], names: ["futex", "futex_time64", "sched_yield", "set_robust_list", "rseq", "madvise", "munmap", "gettid", "sched_getaffinity"], reason: "threads contend, start and end; malloc counts the processors when it opens another arena", source: "glibc nptl/, malloc/arena.c, sysdeps/unix/sysv/linux/getsysstats.c; musl src/thread" },
  { triggers: ["brk", "mmap", "mmap2"], names: ["sysinfo"], reason: "qsort(3) of a large array asks how much memory there is", source: "glibc stdlib/msort.c (before 2.37)" },
  { triggers: ["clone", "clone3", "fork", "vfork"], names: ["wait4", "kill"], reason: "a parent waits for children and ends those that do not end; the recording ended before they did", source: "wait4(2), kill(2)" },
  { triggers: ["pipe", "pipe2", "socketpair", "connect"], names: ["poll"], reason: "a pipe or connection that is full or empty is waited for: xz polls its output only when nobody reads it fast enough", source: "poll(2); xz src/xz/file_io.c" },
  {
    triggers: ["unlink", "unlinkat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat", "symlink"],
    names: ["rename", "unlink", "fsync", "ftruncate", "utimensat"],
    reason: "what makes or removes files replaces them too: written, flushed, given their time and renamed over the old one",
    source: "rename(2); OpenJDK Files.move, tar -x, sqlite's journal",
  },
  { triggers: ["ftruncate"], names: ["truncate"], reason: "databases shorten files they have open and, when a table is dropped, files by name", source: "PostgreSQL src/backend/storage/smgr/md.c, mdunlinkfork" },
  { triggers: ["execve"], programs: ["sh", "dash", "bash", "ash", "busybox"], names: ["dup2", "fcntl", "pipe2", "wait4", "getdents64", "chdir", "faccessat2"], reason: "a script takes another branch: redirections, pipes, patterns, tests, cd", source: "dash src/redir.c, src/expand.c, src/bltin/test.c; bash redir.c" },
  { triggers: ["listen"], names: ["accept4", "getpeername", "getsockname", "getsockopt", "setsockopt", "shutdown"], reason: "a client that fails or stalls is asked about and hung up on", source: "accept(2), shutdown(2)" },
  {
    triggers: ["set_tid_address", "arch_prctl", "set_thread_area", "set_tls"],
    names: ["set_tid_address", "set_robust_list", "rseq", "prlimit64", "getrandom", "arch_prctl", "brk", "mmap", "mmap2", "mprotect", "munmap", "readlinkat", "readlink"],
    reason: "the start of another libc version",
    source: "glibc csu/libc-start.c, sysdeps/nptl/dl-tls_init_tp.c; musl src/env/__libc_start_main.c",
  },
  { triggers: ["pread64", "openat"], names: ["access", "faccessat", "openat", "read", "pread64", "fstat", "newfstatat", "fstat64", "fstatat64", "close", "lseek"], reason: "the dynamic loader and stdio open and read files", source: "glibc elf/dl-load.c, libio/fileops.c; musl ldso/dynlink.c" },
  { triggers: ["sendto", "sendmsg", "sendmmsg"], names: ["sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "poll", "ppoll", "connect", "bind", "getsockname"], reason: "the resolver asks one or several questions at once, over UDP or TCP", source: "glibc resolv/res_send.c; musl src/network/res_msend.c" },
  { triggers: ["close_range"], names: ["getdents64", "openat", "close", "fcntl", "prlimit64"], reason: "where close_range fails, descriptors are closed one by one from /proc/self/fd", source: "glibc io/closefrom.c; CPython Modules/_posixsubprocess.c" },
  { triggers: ["setxattr", "fsetxattr"], names: ["chmod", "fchmod", "fchmodat"], reason: "cp -a, install and mv set permissions through an ACL or, since coreutils 9.6, with fchmod where there is none", source: "gnulib lib/qcopy-acl.c; libacl" },
  { triggers: ["execve"], programs: ["node", "nodejs", "java"], names: ["sched_getaffinity", "sched_yield", "madvise", "getrusage", "eventfd2", "pipe2", "epoll_create1", "epoll_ctl", "epoll_wait"], reason: "V8 and the JVM collect garbage, compile and open selectors in threads of their own as the load asks", source: "libuv src/unix; OpenJDK src/hotspot/os/linux" },
  { triggers: ["execve"], programs: ["java"], names: ["dup", "sendfile"], reason: "the class library lists a directory from a duplicate of its descriptor and copies files with sendfile: Files.list and Files.copy fail without", source: "OpenJDK 17 sun.nio.fs.UnixNativeDispatcher, UnixCopyFile" },
  { triggers: ["copy_file_range"], names: ["sendfile", "sendfile64", "splice"], reason: "where copy_file_range cannot copy between two file systems", source: "copy_file_range(2); coreutils src/copy.c; Go internal/poll" },
];

export const twinRows: readonly TwinRow[] = [
  { names: ["fsync", "fdatasync"], source: "fsync(2); databases choose one by configuration" },
  { names: ["open", "openat"], source: "open(2)" },
  { names: ["stat", "stat64", "lstat", "lstat64", "newfstatat", "fstatat64", "statx"], source: "stat(2), statx(2)" },
  { names: ["fstat", "fstat64", "newfstatat", "fstatat64", "statx"], source: "stat(2); glibc 2.33 sysdeps/unix/sysv/linux/fstat.c" },
  { names: ["statfs", "statfs64"], source: "statfs(2)" },
  { names: ["fstatfs", "fstatfs64"], source: "statfs(2)" },
  { names: ["access", "faccessat", "faccessat2"], source: "access(2)" },
  { names: ["pipe", "pipe2"], source: "pipe(2)" },
  { names: ["dup2", "dup3"], source: "dup(2)" },
  { names: ["fork", "vfork", "clone"], source: "fork(2); glibc posix/fork.c" },
  { names: ["waitpid", "wait4", "waitid"], source: "wait4(2)" },
  { older: ["epoll_create"], names: ["epoll_create1"], source: "epoll_create(2)" },
  { names: ["epoll_wait", "epoll_pwait"], source: "epoll_wait(2)" },
  { names: ["select", "_newselect", "pselect6", "pselect6_time64"], source: "select(2)" },
  { names: ["poll", "ppoll", "ppoll_time64"], source: "poll(2)" },
  { names: ["mkdir", "mkdirat"], source: "mkdir(2)" },
  { names: ["mknod", "mknodat"], source: "mknod(2)" },
  { names: ["unlink", "unlinkat"], source: "unlink(2)" },
  { names: ["rmdir", "unlinkat"], source: "rmdir(2)" },
  { names: ["rename", "renameat", "renameat2"], source: "rename(2)" },
  { names: ["link", "linkat"], source: "link(2)" },
  { names: ["symlink", "symlinkat"], source: "symlink(2)" },
  { names: ["readlink", "readlinkat"], source: "readlink(2)" },
  { names: ["chmod", "fchmod", "fchmodat", "fchmodat2"], source: "chmod(2); tar, cp and install change with names or descriptors" },
  { names: ["getxattr", "lgetxattr", "fgetxattr", "listxattr", "llistxattr", "flistxattr"], source: "listxattr(2); coreutils 9.5 ls and cp list attributes where older ones asked for each" },
  { older: ["lchown", "lchown32"], names: ["chown", "chown32", "fchown", "fchown32", "fchownat"], source: "chown(2); as chmod" },
  { older: ["utime", "utimes", "futimesat"], names: ["utimensat", "utimensat_time64"], source: "utime(2), utimensat(2)" },
  { older: ["getdents"], names: ["getdents64"], source: "getdents(2)" },
  { names: ["accept", "accept4"], source: "accept(2)" },
  { names: ["send", "sendto"], source: "send(2)" },
  { names: ["recv", "recvfrom"], source: "recv(2)" },
  { names: ["recvmmsg", "recvmmsg_time64"], source: "recvmmsg(2)" },
  { older: ["eventfd"], names: ["eventfd2"], source: "eventfd(2)" },
  { older: ["inotify_init"], names: ["inotify_init1"], source: "inotify_init(2)" },
  { older: ["signalfd"], names: ["signalfd4"], source: "signalfd(2)" },
  { names: ["timerfd_settime", "timerfd_settime64"], source: "timerfd_create(2)" },
  { names: ["nanosleep", "clock_nanosleep", "clock_nanosleep_time64"], source: "nanosleep(2); glibc 2.31 posix/nanosleep.c" },
  { names: ["clock_gettime", "clock_gettime64"], source: "clock_gettime(2)" },
  { older: ["getrlimit", "ugetrlimit"], names: ["prlimit64"], source: "getrlimit(2)" },
  { older: ["setrlimit"], names: ["prlimit64"], source: "setrlimit(2)" },
  { older: ["alarm"], names: ["setitimer"], source: "alarm(2)" },
  { names: ["getpgrp", "getpgid"], source: "getpgrp(2)" },
  { names: ["read", "readv"], source: "stdio reads with either (glibc libio, musl src/stdio/__stdio_read.c)" },
  { names: ["write", "writev"], source: "stdio writes with either (glibc libio, musl src/stdio/__stdio_write.c)" },
  { names: ["preadv", "preadv2"], source: "preadv2(2)" },
  { names: ["pwritev", "pwritev2"], source: "pwritev2(2)" },
  { names: ["fcntl", "fcntl64"], source: "fcntl(2)" },
  { names: ["lseek", "_llseek"], source: "lseek(2)" },
  { names: ["truncate", "truncate64"], source: "truncate(2)" },
  { names: ["ftruncate", "ftruncate64"], source: "truncate(2)" },
  { names: ["fadvise64", "fadvise64_64", "arm_fadvise64_64"], source: "posix_fadvise(2)" },
  { names: ["sendfile", "sendfile64"], source: "sendfile(2)" },
  { names: ["mmap", "mmap2"], source: "mmap2(2)" },
  { names: ["futex", "futex_time64"], source: "futex(2)" },
  { names: ["getuid", "getuid32"], source: "getuid(2)" },
  { names: ["geteuid", "geteuid32"], source: "getuid(2)" },
  { names: ["getgid", "getgid32"], source: "getgid(2)" },
  { names: ["getegid", "getegid32"], source: "getgid(2)" },
  { names: ["getgroups", "getgroups32"], source: "getgroups(2)" },
  { names: ["setuid", "setuid32"], source: "setuid(2)" },
  { names: ["setgid", "setgid32"], source: "setgid(2)" },
  { names: ["setgroups", "setgroups32"], source: "getgroups(2)" },
  { names: ["setresuid", "setresuid32"], source: "setresuid(2)" },
  { names: ["setresgid", "setresgid32"], source: "setresuid(2)" },
  { names: ["sigaction", "rt_sigaction"], source: "sigaction(2)" },
  { names: ["sigprocmask", "rt_sigprocmask"], source: "sigprocmask(2)" },
  { names: ["rt_sigtimedwait", "rt_sigtimedwait_time64"], source: "sigwaitinfo(2)" },
];

/** A companion call and why it is there. */
export interface Companion {
  readonly name: string;
  readonly reason: string;
  readonly source: string;
}

/** What goes with the observed calls. Twins are taken of observed calls only, not of other companions. */
export function companionsOf(observed: ReadonlySet<string>, programs: ReadonlySet<string>): readonly Companion[] {
  const known = (row: CompanionRow): boolean => row.programs === undefined || row.programs.some((name) => programs.has(name));
  const rows = companionRows.filter((row) => known(row) && (row.triggers.length === 0 || row.triggers.some((name) => observed.has(name))));
  const twins = twinRows.filter(({ names, older = [] }) => [...names, ...older].some((name) => observed.has(name)));
  const all = [
    ...rows.flatMap(({ names, reason, source }) => names.map((name) => ({ name, reason, source }))),
    ...twins.flatMap(({ names, source }) => names.map((name) => ({ name, reason: "the same operation by another libc or architecture", source }))),
  ];
  const first = new Map(all.toReversed().map((companion) => [companion.name, companion]));
  return [...first.values()].filter(({ name }) => !observed.has(name));
}
