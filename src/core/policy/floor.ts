import { is64Bit, spellingsOf, type ScmpArch } from "../tables/index.ts";
import type { FloorChoice } from "./types.ts";

/**
 * The calls of a container runtime after the filter is installed and before the workload's program runs. Without those
 * in `neededToStart` no container starts (exit 125). They were measured with strace on x86_64, Linux 6.18, with and
 * without no-new-privileges: runc 1.1.5 and crun 1.8.1 (Docker 20.10.24), runc 1.1.15 and crun 1.21 (Docker 26.1.5),
 * runc 1.3.6 and crun 1.28 (Docker 28.5.2). Each was measured with plain starts, a user, a terminal, a health check,
 * `docker exec` in four ways and --init. The rounds went on until three of them showed nothing new. In the last
 * measurement (2026-11-25), no row was missing. `npm run floor` measures again and says what these rows lack.
 */
export interface FloorRow {
  readonly names: readonly string[];
  readonly runtimes: readonly ("runc" | "crun")[];
  /**
   * `privileged`: only without no-new-privileges. Then the filter is installed before the runtime drops its privileges.
   * `init`: only with --init.
   */
  readonly when: "always" | "privileged" | "init";
  readonly reason: string;
  readonly source: string;
}

const measured = "strace of the runtimes, see above";

/** The calls of the runtimes, each with the reason why it is needed. */
export const floorRows: readonly FloorRow[] = [
  {
    names: ["execve"],
    runtimes: ["runc", "crun"],
    when: "always",
    reason: "starts the program",
    source: measured,
  },
  {
    names: ["close", "close_range"],
    runtimes: ["runc", "crun"],
    when: "always",
    reason: "closes the runtime's descriptors",
    source: measured,
  },
  {
    names: ["write"],
    runtimes: ["runc", "crun"],
    when: "always",
    reason: "tells the engine that the container starts",
    source: measured,
  },
  {
    names: ["umask"],
    runtimes: ["crun"],
    when: "always",
    reason: "docker exec sets the file mode mask",
    source: measured,
  },
  {
    names: ["openat", "openat2", "fstat", "fstatfs", "fcntl", "getdents64"],
    runtimes: ["runc"],
    when: "always",
    reason: "marks inherited descriptors close-on-exec through /proc/self/fd, opens the exec fifo",
    source: measured,
  },
  {
    names: ["statx"],
    runtimes: ["runc"],
    when: "always",
    reason: "reopens the exec fifo; runc 1.3 does not start without it, also not if it answers ENOSYS",
    source: `${measured}; runc issue 4984`,
  },
  {
    names: [
      "clone",
      "epoll_ctl",
      "epoll_pwait",
      "exit",
      "exit_group",
      "futex",
      "getpid",
      "gettid",
      "madvise",
      "mmap",
      "mprotect",
      "munmap",
      "nanosleep",
      "rt_sigprocmask",
      "rt_sigreturn",
      "sched_yield",
      "set_robust_list",
      "sigaltstack",
      "tgkill",
      "rseq",
    ],
    runtimes: ["runc"],
    when: "always",
    reason: "Go's scheduler may start or park a thread at any time",
    source: `${measured}; Go runtime/os_linux.go`,
  },
  {
    names: ["capget", "capset", "prctl"],
    runtimes: ["runc", "crun"],
    when: "privileged",
    reason: "drops capabilities",
    source: measured,
  },
  {
    names: ["setgid", "setgroups", "setuid", "setresgid", "setresuid"],
    runtimes: ["runc", "crun"],
    when: "privileged",
    reason: "becomes the container's user",
    source: measured,
  },
  {
    names: ["fchown"],
    runtimes: ["runc", "crun"],
    when: "privileged",
    reason: "gives the standard streams to the container's user",
    source: measured,
  },
  {
    names: ["chdir", "getcwd", "newfstatat", "faccessat", "faccessat2", "getppid"],
    runtimes: ["runc"],
    when: "privileged",
    reason: "goes to the working directory and looks up the program",
    source: measured,
  },
  {
    names: ["read"],
    runtimes: ["runc"],
    when: "always",
    reason: "Go reads what woke its poller",
    source: `${measured}; runc 1.3.6, in some starts only`,
  },
  {
    names: ["read"],
    runtimes: ["runc", "crun"],
    when: "privileged",
    reason: "waits for the engine's start signal",
    source: measured,
  },
  {
    names: ["pselect6", "rt_sigaction", "rt_sigprocmask"],
    runtimes: ["crun"],
    when: "privileged",
    reason: "waits for the engine's start signal, resets signal handlers",
    source: measured,
  },
  {
    names: ["openat", "statx", "fstat", "ioctl"],
    runtimes: ["crun"],
    when: "privileged",
    reason: "docker exec looks up the user and the program, and asks whether its streams are terminals (TCGETS)",
    source: measured,
  },
  {
    names: [
      "arch_prctl",
      "brk",
      "clone",
      "execve",
      "exit_group",
      "getpgrp",
      "getpid",
      "getrandom",
      "ioctl",
      "kill",
      "mprotect",
      "prctl",
      "prlimit64",
      "readlink",
      "readlinkat",
      "rseq",
      "rt_sigaction",
      "rt_sigprocmask",
      "rt_sigreturn",
      "rt_sigtimedwait",
      "set_robust_list",
      "set_tid_address",
      "setpgid",
      "wait4",
      "write",
    ],
    runtimes: ["runc", "crun"],
    when: "init",
    reason:
      "tini, which --init, Compose's init or the engine's configuration puts before the program, starts it, passes " +
      "signals on and reaps zombies",
    source: "strace of tini 0.19.0, with and without a terminal; tini src/tini.c",
  },
];

/**
 * The calls of the floor without which no container started, with and without no-new-privileges. Each was denied alone,
 * with EPERM, in 2 starts of each kind (runc 1.1.5 and crun 1.8.1 under Docker 20.10.24). The runtimes can do without
 * the others, or make them only in some starts.
 */
export const neededToStart: { readonly [runtime in "runc" | "crun"]: readonly string[] } = {
  runc: ["execve", "close", "write", "openat", "fstatfs", "getdents64", "futex"],
  crun: ["execve"],
};

/**
 * Calls that runtimes try, and do without if Docker's default denies them. They are not part of the floor. runc 1.3
 * opens /proc with open_tree, or with openat2 if that fails (its pathrs-lite).
 */
export const floorAttempts: readonly string[] = ["open_tree"];

/** What tini (--init) asks for: prctl PR_GET_CHILD_SUBREAPER (prctl(2)) and ioctl TIOCSPGRP (ioctl_tty(2)). */
export const initPrctlOptions: readonly bigint[] = [37n];
export const initIoctlRequests: readonly bigint[] = [0x5410n];

/**
 * The prctl options that the runtimes use after the filter is installed (prctl(2)): PR_SET_KEEPCAPS, PR_CAPBSET_DROP,
 * PR_CAP_AMBIENT. They are needed only without no-new-privileges.
 */
export const floorPrctlOptions: readonly bigint[] = [8n, 24n, 47n];

/**
 * The fcntl commands that the runtimes use (fcntl(2)): F_GETFD, F_SETFD, and F_GETFL, F_SETFL, F_DUPFD_CLOEXEC of Go's
 * os package.
 */
export const floorFcntlCommands: readonly bigint[] = [1n, 2n, 3n, 4n, 1030n];

/** How the container starts. */
export interface FloorContext {
  /** Every recorded run had no-new-privileges. */
  readonly noNewPrivileges: boolean;
  /** A recorded run had --init. */
  readonly init: boolean;
}

/** The rows that apply. */
export function floorFor(choice: FloorChoice, { noNewPrivileges, init }: FloorContext): readonly FloorRow[] {
  const applies = { always: true, privileged: !noNewPrivileges, init };
  return floorRows.filter(
    (row) => (choice === "any" || choice === "old-runc" || row.runtimes.includes(choice)) && applies[row.when],
  );
}

/**
 * The same for a runtime that is a program of this architecture. A 32-bit runtime makes the variants that have room for
 * large files, user ids and times: fstat64, setuid32, futex_time64.
 */
export function floorOn(arch: ScmpArch, choice: FloorChoice, context: FloorContext): readonly FloorRow[] {
  const rows = floorFor(choice, context);
  return is64Bit(arch) ? rows : rows.map((row) => ({ ...row, names: row.names.flatMap(wideSpellings) }));
}

function wideSpellings(name: string): readonly string[] {
  return spellingsOf(name).filter((spelling) => !spelling.startsWith("old"));
}
