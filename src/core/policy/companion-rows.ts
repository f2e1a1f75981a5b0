/**
 * Calls that the same program makes on another day. A row fires if one of `triggers` was observed, and all of `with`.
 * Without triggers, it fires for every program. None of `names` is more dangerous than the most dangerous trigger
 * (tables/exposures.ts). A row without triggers adds only ordinary calls.
 */
export interface CompanionRow {
  readonly triggers: readonly string[];
  readonly with?: readonly string[];
  /** The row fires only if none of these was observed. */
  readonly without?: readonly string[];
  /** The row fires only if a program with one of these names was seen. A trailing version makes no difference. */
  readonly programs?: readonly string[];
  /**
   * The row is a guess from what was seen, for recordings without code. If the code of all programs was read, it adds
   * only calls that some of this code makes. The other rows are about what code cannot show: what the kernel does, and
   * what other versions of a library or program call.
   */
  readonly guess?: true;
  readonly names: readonly string[];
  readonly reason: string;
  /** The program that breaks without the row, and how. */
  readonly breaks: string;
  readonly source: string;
}

/**
 * Calls that do the same for a program. Its libc and the libc's version decide which one it makes. `names` replaced the
 * `older` calls, and no libc goes back to those. An observed `older` call adds `names`. No call adds an `older` one.
 */
export interface TwinRow {
  readonly older?: readonly string[];
  /** Calls that only glibc makes. They too add `names`. They are added if the recording is of another libc. */
  readonly glibc?: readonly string[];
  /** The row fires only if the recording saw a new process. New threads do not count. */
  readonly forks?: true;
  /** The row fires only if a program of this name was seen. */
  readonly programs?: readonly string[];
  readonly names: readonly string[];
  /** Which libc or program makes which call. */
  readonly breaks: string;
  readonly source: string;
}

/**
 * This call tells glibc from other libcs. glibc makes it at every start (since 2.34, with or without threads). musl
 * makes it only when a program takes its first robust lock (glibc sysdeps/nptl/dl-tls_init_tp.c, musl
 * src/thread/pthread_mutex_trylock.c).
 */
export const onlyGlibc = "set_robust_list";

/** The companions of all programs. Each row says which program breaks without it. */
export const companionRows: readonly CompanionRow[] = [
  {
    triggers: [],
    names: ["exit", "exit_group"],
    reason: "every program and thread ends",
    breaks: "a thread of any service that ends after the recording was stopped",
    source: "exit_group(2)",
  },
  {
    triggers: [],
    names: [
      "getuid",
      "geteuid",
      "getgid",
      "getegid",
      "getuid32",
      "geteuid32",
      "getgid32",
      "getegid32",
      "getpid",
      "getppid",
      "gettid",
      "umask",
    ],
    reason: "these calls cannot fail, so no program checks them: denied, getuid would answer 4294967258",
    breaks: "bash compares getuid with geteuid and drops its environment as if it were setuid",
    source: "getuid(2), getpid(2), umask(2)",
  },
  {
    triggers: [],
    names: ["restart_syscall"],
    reason: "the kernel continues a stopped sleep through it",
    breaks: "sleep after docker pause, SIGSTOP or a debugger: nanosleep fails",
    source: "restart_syscall(2)",
  },
  {
    triggers: [],
    names: ["rt_sigreturn", "sigreturn"],
    reason: "every signal handler returns through it",
    breaks: "nginx on SIGHUP: it crashes when the handler ends",
    source: "sigreturn(2)",
  },
  {
    triggers: [],
    names: ["clock_gettime", "clock_gettime64", "gettimeofday", "time"],
    reason: "the vDSO falls back to the call if it cannot read the clock by itself",
    breaks: "any program on a virtual machine whose clocksource is not tsc, or without vDSO: it has no time",
    source: "vdso(7)",
  },
  {
    triggers: [],
    names: ["clock_nanosleep"],
    reason: "programs sleep before they try again; denied, they spin",
    breaks: "nginx's master when it reloads (usleep), bash's sleep",
    source: "glibc 2.31 posix/nanosleep.c, sysdeps/posix/usleep.c",
  },
  {
    triggers: [],
    names: ["rt_sigprocmask", "rt_sigaction", "gettid", "getpid", "tgkill"],
    reason: "abort(3), assertions and stack protector end a program through them",
    breaks: "PostgreSQL's assertion: abort() does not end the process by SIGABRT",
    source: "glibc stdlib/abort.c",
  },
  {
    triggers: ["set_tid_address"],
    without: [onlyGlibc],
    names: ["tkill"],
    reason: "abort(3) of musl, which is known by starting without a list of robust locks",
    breaks: "a program of Alpine that aborts: it ends by another signal",
    source:
      "musl src/exit/abort.c, src/signal/raise.c; glibc sysdeps/nptl/dl-tls_init_tp.c calls " +
      "set_robust_list at every start",
  },
  {
    triggers: ["brk", "mmap", "mmap2"],
    names: ["brk", "mmap", "mmap2", "munmap", "mremap", "madvise", "mprotect"],
    reason: "malloc grows, shrinks and protects memory under load",
    breaks: "redis with a value of some megabytes: realloc moves it by mremap",
    source: "glibc malloc/malloc.c, malloc/arena.c; musl src/malloc",
  },
  {
    triggers: ["futex", "clone", "clone3", "futex_time64"],
    names: ["futex", "futex_time64", "sched_yield", "set_robust_list", "rseq", "madvise", "munmap", "gettid"],
    reason: "threads wait for each other, start and end",
    breaks: "memcached with 8 clients: its threads had not met each other while it was recorded",
    source: "glibc nptl/; musl src/thread",
  },
  {
    triggers: ["connect"],
    guess: true,
    names: ["poll"],
    reason: "a program waits for a connection that is slow or silent",
    breaks: "psql and curl when the server takes its time; the resolver",
    source: "poll(2); PostgreSQL src/interfaces/libpq/fe-misc.c; curl lib/select.c",
  },
  {
    triggers: [
      "unlink",
      "unlinkat",
      "mkdir",
      "mkdirat",
      "rename",
      "renameat",
      "renameat2",
      "link",
      "linkat",
      "symlink",
    ],
    guess: true,
    names: ["rename", "unlink"],
    reason:
      "programs that make or remove files also replace them: they write a new file and rename it over " + "the old one",
    breaks: "Java's Files.move, nginx's temporary files",
    source: "rename(2); OpenJDK Files.move; nginx src/core/ngx_file.c",
  },
  {
    triggers: ["write", "writev"],
    names: ["dup"],
    reason: "GNU tools check for write errors at exit by closing a duplicate of stdout",
    breaks: "mkfs and other tools of util-linux in Debian 13, recorded in Debian 12: write error",
    source: "util-linux include/closestream.h, flush_standard_stream",
  },
  {
    triggers: ["pwrite64", "fdatasync", "fsync"],
    guess: true,
    names: ["fsync", "ftruncate"],
    reason: "programs that write in the middle of files also shorten and flush them",
    breaks: "sqlite's checkpoint and VACUUM, git gc",
    source: "sqlite src/os_unix.c, unixTruncate; git csum-file.c",
  },
  {
    triggers: ["mkdir", "mkdirat"],
    guess: true,
    names: ["rmdir"],
    reason: "programs that make folders remove them",
    breaks: "git gc, mktemp -d, tar",
    source: "rmdir(2)",
  },
  {
    triggers: ["listen"],
    guess: true,
    names: ["rename", "unlink"],
    reason: "a service that keeps its own log renames and removes it when it is full or at midnight",
    breaks: "Python's RotatingFileHandler, log4j, winston",
    source: "CPython Lib/logging/handlers.py, doRollover",
  },
  {
    triggers: ["fsync", "fdatasync"],
    with: ["listen"],
    guess: true,
    names: ["mkdir", "rmdir", "truncate", "pwritev", "wait4", "kill"],
    reason:
      "a database makes, shortens and removes files and folders, writes its log ahead, and lets a child " +
      "write its snapshot",
    breaks:
      "redis when its append-only file is rewritten (mkdir, wait4); PostgreSQL's DROP TABLE " +
      "(truncate), DROP DATABASE (rmdir) and new WAL segments (pwritev)",
    source: "redis src/aof.c, src/rdb.c; PostgreSQL src/backend/storage/smgr/md.c, src/common/file_utils.c",
  },
  {
    triggers: ["listen"],
    without: ["accept", "accept4"],
    names: ["accept", "accept4"],
    reason: "a program that listens accepts connections, even if none came while it was recorded",
    breaks: "dnsmasq's first question over TCP, the monitoring port of any service",
    source: "accept(2); dnsmasq src/dnsmasq.c, check_dns_listeners",
  },
  {
    triggers: ["listen"],
    names: ["getpeername", "getsockname", "getsockopt", "shutdown"],
    reason: "servers ask about clients that fail or stall, and close the connection",
    breaks:
      "nginx when a client hangs up in the middle (shutdown), Java's accept after a failed one " +
      "(getsockopt); redis CLIENT LIST and memcached's stats conns (getpeername, getsockname)",
    source: "shutdown(2), getpeername(2); redis src/anet.c, memcached.c",
  },
  {
    triggers: ["listen"],
    programs: ["redis-server", "valkey-server", "memcached", "postgres", "node", "nodejs"],
    guess: true,
    names: ["getrusage"],
    reason: "services report how much they have used",
    breaks:
      "redis INFO, memcached's stats, PostgreSQL's VACUUM VERBOSE and autovacuum's log line, node's " +
      "process.cpuUsage",
    source:
      "getrusage(2); redis src/server.c; memcached.c; PostgreSQL src/backend/utils/misc/pg_rusage.c; " +
      "libuv src/unix/core.c",
  },
  {
    triggers: ["timer_create", "timer_settime"],
    guess: true,
    names: ["timer_settime", "timer_delete"],
    reason: "programs that set timers also cancel them",
    breaks: "haproxy when a thread ends at a reload; timeout(1) whose command ends in time",
    source: "timer_create(2); haproxy src/wdt.c",
  },
  {
    triggers: ["inotify_init1", "inotify_add_watch"],
    guess: true,
    names: ["inotify_rm_watch"],
    reason: "programs that watch files also stop watching them",
    breaks: "tail -F of a rotated log",
    source: "inotify(7)",
  },
  {
    triggers: ["shmget", "shmat"],
    guess: true,
    names: ["shmat", "shmdt", "shmctl"],
    reason: "a service gives shared memory back when it ends",
    breaks: "PostgreSQL and Apache when they are stopped",
    source: "shmop(2)",
  },
  {
    triggers: ["io_setup", "io_submit"],
    guess: true,
    names: ["io_submit", "io_getevents", "io_cancel", "io_destroy"],
    reason: "services start asynchronous writes under load and end them at their end",
    breaks: "MariaDB under load",
    source: "io_setup(2)",
  },
  {
    triggers: ["flock"],
    guess: true,
    names: ["flock", "fcntl"],
    reason: "programs take locks again and ask about them",
    breaks: "apt and logrotate where another one runs",
    source: "flock(2)",
  },
  {
    triggers: ["set_tid_address", "arch_prctl", "set_thread_area", "set_tls"],
    names: [
      "set_tid_address",
      "set_robust_list",
      "rseq",
      "prlimit64",
      "getrandom",
      "arch_prctl",
      "brk",
      "mmap",
      "mmap2",
      "mprotect",
      "munmap",
    ],
    reason: "another libc version starts with it",
    breaks: "a program recorded with musl and run with glibc",
    source: "glibc csu/libc-start.c, sysdeps/nptl/dl-tls_init_tp.c; musl src/env/__libc_start_main.c",
  },
  {
    triggers: ["pread64", "openat", "open"],
    names: [
      "access",
      "faccessat",
      "openat",
      "read",
      "pread64",
      "fstat",
      "newfstatat",
      "fstat64",
      "fstatat64",
      "close",
      "lseek",
    ],
    reason: "the dynamic loader and stdio open and read files",
    breaks: "a program recorded with musl and run with glibc: its loader does not start",
    source: "glibc elf/dl-load.c, libio/fileops.c; musl ldso/dynlink.c",
  },
  {
    triggers: ["sendto", "sendmmsg"],
    with: ["connect"],
    names: ["sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "poll", "bind", "getsockname"],
    reason: "the resolver sends one or several questions at once, over UDP or TCP",
    breaks: "curl on another libc, or where the name server's answer is too long for UDP",
    source: "glibc resolv/res_send.c; musl src/network/res_msend.c",
  },
  {
    triggers: ["close_range"],
    names: ["getdents64", "openat", "close", "fcntl", "prlimit64"],
    reason: "if close_range fails, programs close descriptors one by one from /proc/self/fd",
    breaks: "Python's subprocess on a kernel before 5.9",
    source: "glibc io/closefrom.c; CPython Modules/_posixsubprocess.c",
  },
  {
    triggers: ["setxattr", "fsetxattr"],
    names: ["chmod", "fchmod", "fchmodat"],
    reason: "coreutils set permissions through an ACL or, from 9.6 on, with fchmod if there is none",
    breaks: "cp -a, install and mv after a base-image bump",
    source: "gnulib lib/qcopy-acl.c; libacl",
  },
  {
    triggers: ["copy_file_range"],
    names: ["sendfile", "sendfile64", "fadvise64"],
    reason: "copy_file_range cannot copy between two file systems",
    breaks: "cp, Go's io.Copy and Java's Files.copy from an image to a volume",
    source: "copy_file_range(2); coreutils src/copy.c; Go internal/poll",
  },
  {
    triggers: ["execve"],
    programs: ["sh", "dash", "bash", "ash", "busybox", "zsh", "ksh"],
    guess: true,
    names: [
      "dup2",
      "fcntl",
      "pipe2",
      "wait4",
      "kill",
      "getdents64",
      "chdir",
      "getcwd",
      "faccessat2",
      "rt_sigsuspend",
      "prlimit64",
      "lseek",
    ],
    reason: "a script takes another branch: redirections, pipes, patterns, tests, cd, wait, traps, ulimit",
    breaks: "an entrypoint whose branch for a missing file was not recorded; dash's wait (rt_sigsuspend)",
    source: "dash src/redir.c, src/expand.c, src/jobs.c, src/bltin/test.c; bash redir.c, jobs.c",
  },
  {
    triggers: ["execve"],
    programs: ["sh", "dash", "ash", "busybox", "python", "ruby"],
    guess: true,
    names: ["vfork"],
    reason: "shells start programs without copying themselves",
    breaks: "an entrypoint that was recorded with exec, or with an older dash",
    source:
      "dash src/jobs.c, vforkexec; busybox libbb/vfork_daemon_rexec.c; CPython " +
      "Modules/_posixsubprocess.c; ruby process.c",
  },
  {
    triggers: ["execve"],
    programs: ["python", "perl", "ruby", "php", "php-fpm"],
    guess: true,
    names: ["dup2", "fcntl", "getcwd", "lseek", "pipe2", "wait4", "pselect6", "poll"],
    reason: "the interpreter starts programs and waits",
    breaks: "perl's backticks (pipe2, dup2), Python's subprocess (poll), sleep in Ruby (pselect6)",
    source: "CPython Modules/_posixsubprocess.c, Lib/subprocess.py; perl util.c, my_popen",
  },
  {
    triggers: ["execve"],
    without: ["listen"],
    programs: ["python", "perl", "ruby", "php"],
    guess: true,
    names: ["rename", "unlink", "mkdir"],
    reason: "a script keeps what it made in files",
    breaks: "perl's first mkdir and rename",
    source: "perl pp_sys.c",
  },
  {
    triggers: ["execve"],
    programs: ["perl"],
    guess: true,
    names: ["alarm"],
    reason: "a script gives up what takes too long",
    breaks: "the usual alarm around whatever may block",
    source: "perlipc, Signals; perl pp_sys.c",
  },
  {
    triggers: ["execve"],
    programs: ["git"],
    guess: true,
    names: ["uname", "setsid", "fsync"],
    reason:
      "git's house-keeping starts after some commits: it flushes packs, writes the host's name into its " +
      "lock, and from 2.47 on runs in the background",
    breaks:
      "git gc and git commit: the pack is not written (fsync), the host's name cannot be asked for " +
      "(uname); setsid failed, once a commit",
    source: "git builtin/gc.c, lock_repo_for_gc; setup.c, daemonize",
  },
  {
    triggers: ["execve"],
    without: ["listen"],
    programs: ["busybox"],
    guess: true,
    names: ["unlink", "rename", "mkdir", "rmdir", "chmod", "utimensat", "ftruncate"],
    reason: "all tools of busybox are one program",
    breaks: "a script whose first rm or mv comes later",
    source: "busybox coreutils",
  },
  {
    triggers: ["execve"],
    without: ["listen"],
    programs: ["chmod", "chown", "cp", "dpkg", "install", "ln", "mkdir", "mktemp", "mv", "rm", "rmdir", "tar", "touch"],
    guess: true,
    names: [
      "dup",
      "fchdir",
      "fchmod",
      "fchmodat",
      "fsync",
      "ftruncate",
      "mkdir",
      "mkdirat",
      "readlink",
      "renameat2",
      "rmdir",
      "symlinkat",
      "unlinkat",
      "utimensat",
    ],
    reason: "a script that works on files does other things to them in another branch",
    breaks:
      "one that packs, and unpacks only where there is something to restore; that cleans up only when " +
      "it was interrupted",
    source: "coreutils src; tar src/extract.c",
  },
  {
    triggers: ["execve"],
    programs: ["ruby"],
    names: [
      "eventfd2",
      "ppoll",
      "timer_create",
      "timer_settime",
      "timer_delete",
      "epoll_create1",
      "epoll_ctl",
      "epoll_wait",
    ],
    reason:
      "Ruby switches threads by a timer once there are two, and wakes them through an event; from 3.3 on " +
      "through epoll",
    breaks: "Ruby's second thread; any thread after a base-image bump: it crashes",
    source: "ruby 3.1 and 3.3 thread_pthread.c, timer_thread_setup_mn",
  },
  {
    triggers: ["execve"],
    programs: ["php", "php-fpm"],
    guess: true,
    names: ["flock", "setitimer", "pwrite64", "ftruncate"],
    reason: "PHP locks, writes and shortens sessions, and limits a script's time",
    breaks: "PHP's session_start (flock, pwrite64, ftruncate)",
    source: "php-src ext/session/mod_files.c, Zend/zend_execute_API.c",
  },
];

/** Programs that change permissions by name or by descriptor, depending on their version. */
const fileTools: readonly string[] = ["busybox", "chmod", "cp", "dpkg", "install", "mkdir", "mkfifo", "mv", "tar"];
const libcs = "musl's stdio reads and writes vectors, glibc's plain buffers";
const wide = "32-bit programs: after a rebuild with 64-bit time or file sizes";
const ids = "32-bit programs: glibc and musl call those with 32-bit ids, old static ones those with 16";

/** Calls that replace each other between libcs, versions or configurations. */
export const twinRows: readonly TwinRow[] = [
  {
    names: ["fsync", "fdatasync"],
    breaks: "PostgreSQL, MariaDB and redis choose one by configuration",
    source: "fsync(2)",
  },
  {
    names: ["open", "openat"],
    breaks: "musl opens with open, glibc 2.26 with openat",
    source: "open(2)",
  },
  {
    names: ["stat", "stat64", "lstat", "lstat64", "newfstatat", "fstatat64", "statx"],
    breaks: "ls: glibc before 2.33 and musl call stat and lstat, later glibc newfstatat, newer coreutils statx",
    source: "stat(2), statx(2)",
  },
  {
    names: ["fstat", "fstat64", "newfstatat", "fstatat64", "statx"],
    breaks: "cat: glibc 2.33 to 2.38 calls newfstatat where others call fstat",
    source: "stat(2); glibc 2.33 sysdeps/unix/sysv/linux/fstat.c",
  },
  {
    names: ["statfs", "statfs64"],
    breaks: wide,
    source: "statfs(2)",
  },
  {
    names: ["fstatfs", "fstatfs64"],
    breaks: wide,
    source: "statfs(2)",
  },
  {
    names: ["access", "faccessat", "faccessat2"],
    breaks: "bash and test: musl calls access, glibc 2.33 faccessat2",
    source: "access(2)",
  },
  {
    names: ["pipe", "pipe2"],
    breaks: "sh: musl's pipe is pipe, glibc's pipe2",
    source: "pipe(2)",
  },
  {
    forks: true,
    older: ["vfork"],
    names: ["fork", "clone"],
    breaks: "bash: musl forks with fork, glibc with clone; Python with vfork where it can",
    source: "fork(2); glibc posix/fork.c; musl src/process/_Fork.c",
  },
  {
    older: ["waitpid"],
    names: ["wait4"],
    breaks: "32-bit programs with an old static libc",
    source: "wait4(2)",
  },
  {
    glibc: ["epoll_create"],
    names: ["epoll_create1"],
    breaks: "nginx on another libc: epoll_create(3) is epoll_create1 in musl, epoll_create in glibc",
    source: "epoll_create(2)",
  },
  {
    names: ["epoll_wait", "epoll_pwait"],
    breaks: "nginx and redis: musl waits with epoll_pwait, glibc with epoll_wait",
    source: "epoll_wait(2)",
  },
  {
    names: ["select", "_newselect", "pselect6", "pselect6_time64"],
    breaks: "perl: glibc 2.34 selects with pselect6, musl and older glibc with select",
    source: "select(2)",
  },
  {
    older: ["ppoll"],
    names: ["poll", "ppoll_time64"],
    breaks: wide,
    source: "poll(2)",
  },
  {
    names: ["mknod", "mknodat"],
    breaks: "mkfifo: musl calls mknod, glibc 2.33 mknodat",
    source: "mknod(2)",
  },
  {
    names: ["readlink", "readlinkat"],
    breaks: "static glibc programs start with readlink, since 2.37 with readlinkat",
    source: "readlink(2)",
  },
  {
    programs: fileTools,
    names: ["chmod", "fchmod", "fchmodat", "fchmodat2"],
    breaks: "chmod -R and tar: coreutils 9.7 and tar 1.35 with glibc 2.41 call fchmodat2",
    source: "chmod(2)",
  },
  {
    names: ["getxattr", "lgetxattr", "fgetxattr", "listxattr", "llistxattr", "flistxattr"],
    breaks: "coreutils 9.5 ls and cp list attributes where older ones asked for each",
    source: "listxattr(2)",
  },
  {
    older: ["utime", "utimes", "futimesat"],
    names: ["utimensat", "utimensat_time64"],
    breaks: "touch and cp -p: newer coreutils and musl call utimensat",
    source: "utime(2), utimensat(2)",
  },
  {
    older: ["getdents"],
    names: ["getdents64"],
    breaks: "find with glibc 2.30",
    source: "getdents(2)",
  },
  {
    names: ["send", "sendto"],
    breaks: "32-bit programs without socketcall",
    source: "send(2)",
  },
  {
    names: ["recv", "recvfrom"],
    breaks: "32-bit programs without socketcall",
    source: "recv(2)",
  },
  {
    names: ["recvmmsg", "recvmmsg_time64"],
    breaks: wide,
    source: "recvmmsg(2)",
  },
  {
    older: ["eventfd"],
    names: ["eventfd2"],
    breaks: "haproxy on musl",
    source: "eventfd(2)",
  },
  {
    glibc: ["inotify_init"],
    names: ["inotify_init1"],
    breaks: "inotify_init(3) is inotify_init1 in musl, inotify_init in glibc",
    source: "inotify_init(2)",
  },
  {
    older: ["signalfd"],
    names: ["signalfd4"],
    breaks: "any service with signalfd: glibc's is signalfd4",
    source: "signalfd(2)",
  },
  {
    names: ["timerfd_settime", "timerfd_settime64"],
    breaks: wide,
    source: "timerfd_create(2)",
  },
  {
    names: ["nanosleep", "clock_nanosleep", "clock_nanosleep_time64"],
    breaks: "sleep: musl and glibc before 2.31 call nanosleep",
    source: "nanosleep(2); glibc 2.31 posix/nanosleep.c",
  },
  {
    names: ["clock_gettime", "clock_gettime64"],
    breaks: wide,
    source: "clock_gettime(2)",
  },
  {
    older: ["getrlimit", "ugetrlimit"],
    names: ["prlimit64"],
    breaks: "ulimit in sh on another libc",
    source: "getrlimit(2)",
  },
  {
    older: ["setrlimit"],
    names: ["prlimit64"],
    breaks: "ulimit in sh on another libc",
    source: "setrlimit(2)",
  },
  {
    glibc: ["alarm"],
    names: ["setitimer"],
    breaks: "perl's alarm: setitimer in musl, alarm in glibc",
    source: "alarm(2)",
  },
  {
    names: ["tgkill", "tkill"],
    breaks: "raise(3) and pthread_kill(3): tkill in musl, tgkill in glibc",
    source: "tkill(2); musl src/signal/raise.c, src/thread/pthread_kill.c",
  },
  {
    names: ["getpgrp", "getpgid"],
    breaks: "bash: getpgid in musl, getpgrp in glibc",
    source: "getpgrp(2)",
  },
  {
    names: ["read", "readv"],
    breaks: libcs,
    source: "glibc libio; musl src/stdio/__stdio_read.c",
  },
  {
    names: ["write", "writev"],
    breaks: libcs,
    source: "glibc libio; musl src/stdio/__stdio_write.c",
  },
  {
    older: ["preadv2"],
    names: ["preadv"],
    breaks: "RocksDB on an older glibc",
    source: "preadv2(2)",
  },
  {
    older: ["pwritev2"],
    names: ["pwritev"],
    breaks: "RocksDB on an older glibc",
    source: "pwritev2(2)",
  },
  {
    names: ["fcntl", "fcntl64"],
    breaks: wide,
    source: "fcntl(2)",
  },
  {
    names: ["lseek", "_llseek"],
    breaks: wide,
    source: "lseek(2)",
  },
  {
    names: ["truncate", "truncate64"],
    breaks: wide,
    source: "truncate(2)",
  },
  {
    names: ["ftruncate", "ftruncate64"],
    breaks: wide,
    source: "truncate(2)",
  },
  {
    names: ["fadvise64", "fadvise64_64", "arm_fadvise64_64"],
    breaks: wide,
    source: "posix_fadvise(2)",
  },
  {
    names: ["sendfile", "sendfile64"],
    breaks: wide,
    source: "sendfile(2)",
  },
  {
    names: ["mmap", "mmap2"],
    breaks: wide,
    source: "mmap2(2)",
  },
  {
    names: ["futex", "futex_time64"],
    breaks: wide,
    source: "futex(2)",
  },
  {
    names: ["getuid", "getuid32"],
    breaks: ids,
    source: "getuid(2)",
  },
  {
    names: ["geteuid", "geteuid32"],
    breaks: ids,
    source: "getuid(2)",
  },
  {
    names: ["getgid", "getgid32"],
    breaks: ids,
    source: "getgid(2)",
  },
  {
    names: ["getegid", "getegid32"],
    breaks: ids,
    source: "getgid(2)",
  },
  {
    names: ["getgroups", "getgroups32"],
    breaks: ids,
    source: "getgroups(2)",
  },
  {
    names: ["setuid", "setuid32"],
    breaks: ids,
    source: "setuid(2)",
  },
  {
    names: ["setgid", "setgid32"],
    breaks: ids,
    source: "setgid(2)",
  },
  {
    names: ["setgroups", "setgroups32"],
    breaks: ids,
    source: "getgroups(2)",
  },
  {
    names: ["setresuid", "setresuid32"],
    breaks: ids,
    source: "setresuid(2)",
  },
  {
    names: ["setresgid", "setresgid32"],
    breaks: ids,
    source: "setresuid(2)",
  },
  {
    names: ["sigaction", "rt_sigaction"],
    breaks: "32-bit programs with an old static libc",
    source: "sigaction(2)",
  },
  {
    names: ["sigprocmask", "rt_sigprocmask"],
    breaks: "32-bit programs with an old static libc",
    source: "sigprocmask(2)",
  },
  {
    names: ["rt_sigtimedwait", "rt_sigtimedwait_time64"],
    breaks: wide,
    source: "sigwaitinfo(2)",
  },
];
