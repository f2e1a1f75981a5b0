import type { ArgIndex } from "../seccomp/index.ts";
import type { ScmpArch } from "../tables/index.ts";
import { floorFcntlCommands, floorPrctlOptions, initIoctlRequests, initPrctlOptions } from "./floor.ts";
import { pinClone } from "./pin-clone.ts";
import { pinProtection } from "./pin-memory.ts";
import { pinOperation, pinPersonality, runtimesOwn } from "./pin-operation.ts";
import { pinRequests } from "./pin-requests.ts";
import { pinFlags } from "./pin-rooms.ts";
import { pinSocket, pinSocketpair } from "./pin-socket.ts";
import type { Pinner } from "./pin.ts";
import { pinClock, pinFutex, pinSetsockopt } from "./rooms.ts";
import type { ArgTier } from "./types.ts";

/** One opinion about arguments. */
export interface ArgumentRow {
  readonly syscalls: readonly string[];
  /** The row compares these arguments, on `width` bits, with what `constants` describes. */
  readonly indices: readonly ArgIndex[];
  readonly width: 32 | 64;
  readonly constants: string;
  readonly tier: Exclude<ArgTier, "none">;
  /** The architectures that the row is for. Absent if it is for all. */
  readonly arches?: readonly ScmpArch[];
  /** Why an attacker wants the values that the pin closes. */
  readonly attacker: string;
  /** Why programs do not vary these arguments. */
  readonly programs: string;
  readonly pin: Pinner;
}

const operation = "a program's operations are part of its code, not of its data";
const memory: Omit<ArgumentRow, "syscalls" | "pin"> = {
  indices: [2],
  width: 32,
  constants: "PROT_WRITE and PROT_EXEC",
  tier: "standard",
  attacker: "code that an attacker wrote has to become executable",
  programs:
    "the loader maps code readable and executable; memory that is both is for compilers at run time, " +
    "which are recognised",
};

/**
 * prctl options that only ask, name or give up something, and reach nothing else. Libraries use them freely (prctl(2)).
 */
const harmlessPrctlOptions: readonly bigint[] = [
  1n, // PR_SET_PDEATHSIG
  3n,
  4n, // PR_GET_DUMPABLE, PR_SET_DUMPABLE: servers protect their memory after they have changed their user
  15n,
  16n, // PR_SET_NAME, PR_GET_NAME: names of threads
  23n, // PR_CAPBSET_READ: libcap and Go look for the last capability
  38n, // PR_SET_NO_NEW_PRIVS
  0x53564d41n, // PR_SET_VMA: names of mappings (Go 1.25, glibc 2.39 malloc)
];

/**
 * What stdio, shells and servers ask of any descriptor, or after they have seen whether it is a terminal
 * (ioctl_tty(2)): TCGETS, TIOCGPGRP, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX.
 */
const ordinaryIoctlRequests: readonly bigint[] = [0x5401n, 0x540fn, 0x5413n, 0x541bn, 0x5421n, 0x5450n, 0x5451n];

/** The rows of the stricter tier come after the others. */
export const argumentRows: readonly ArgumentRow[] = [
  {
    syscalls: ["socket"],
    indices: [0, 1, 2],
    width: 32,
    constants: "families seen; of AF_NETLINK the protocols seen, of AF_INET and AF_INET6 TCP, UDP and what was seen",
    tier: "standard",
    attacker: "rare address families and netlink protocols are a steady source of kernel vulnerabilities",
    programs:
      "a program speaks the protocols it was written for; for others it gets the answer of a kernel built " +
      "without them",
    pin: pinSocket,
  },
  {
    syscalls: ["socketpair"],
    indices: [0],
    width: 32,
    constants: "families seen",
    tier: "standard",
    attacker: "as socket",
    programs: "pairs are of AF_UNIX",
    pin: pinSocketpair,
  },
  {
    syscalls: ["clone"],
    indices: [0],
    width: 64,
    constants: "no CLONE_NEW* that was not seen",
    tier: "standard",
    attacker: "a user namespace gives every capability inside of it",
    programs: "libcs start threads and processes without namespaces; only sandboxes and container tools make them",
    pin: pinClone,
  },
  {
    syscalls: ["unshare"],
    indices: [0],
    width: 32,
    constants: "flags seen",
    tier: "standard",
    attacker: "as clone",
    programs: operation,
    pin: pinOperation(0),
  },
  {
    syscalls: ["setns"],
    indices: [1],
    width: 32,
    constants: "kinds seen",
    tier: "standard",
    attacker: "as clone",
    programs: operation,
    pin: pinOperation(1),
  },
  {
    syscalls: ["personality"],
    indices: [0],
    width: 64,
    constants: "0, 0xffffffff (asks) and values seen",
    tier: "standard",
    attacker: "switches off address randomization",
    programs: "debuggers and old programs only change it",
    pin: pinPersonality,
  },
  {
    syscalls: ["mmap", "mmap2"],
    ...memory,
    pin: pinProtection(2, false),
  },
  {
    syscalls: ["mprotect", "pkey_mprotect"],
    ...memory,
    pin: pinProtection(2, true),
  },
  {
    syscalls: ["keyctl"],
    indices: [0],
    width: 32,
    constants: "operations seen",
    tier: "standard",
    attacker: "keyrings are not namespaced",
    programs: operation,
    pin: pinOperation(0),
  },
  {
    syscalls: ["bpf"],
    indices: [0],
    width: 32,
    constants: "commands seen",
    tier: "standard",
    attacker: "the kernel's verifier is a steady source of vulnerabilities",
    programs: operation,
    pin: pinOperation(0),
  },
  {
    syscalls: ["ptrace"],
    indices: [0],
    width: 32,
    constants: "requests seen",
    tier: "standard",
    attacker: "reads and writes other processes",
    programs: operation,
    pin: pinOperation(0),
  },
  {
    syscalls: ["seccomp"],
    indices: [0],
    width: 32,
    constants: "operations seen",
    tier: "standard",
    attacker: "a listener lets one process answer the calls of another",
    programs: operation,
    pin: pinOperation(0),
  },
  {
    syscalls: ["prctl"],
    indices: [0],
    width: 32,
    constants: "options seen, the container runtime's, and harmless ones",
    tier: "standard",
    attacker: "dozens of unrelated operations, some of which change how memory is laid out or protected",
    programs: "an option belongs to a feature; those that libraries use as they like are harmless",
    pin: pinOperation(0, ({ start }) => [
      ...(start.noNewPrivileges ? [] : [runtimesOwn(floorPrctlOptions)]),
      ...(start.init ? [runtimesOwn(initPrctlOptions)] : []),
      {
        values: harmlessPrctlOptions,
        reason: "a harmless option that libraries use as they like",
        source: "prctl(2)",
      },
    ]),
  },
  {
    syscalls: ["io_uring_register"],
    indices: [1],
    width: 32,
    constants: "opcodes seen",
    tier: "standard",
    attacker: "each opcode is an operation of its own",
    programs: operation,
    pin: pinOperation(1),
  },
  {
    syscalls: ["quotactl"],
    indices: [0],
    width: 32,
    constants: "commands seen",
    tier: "standard",
    attacker: "switches quotas off",
    programs: operation,
    pin: pinOperation(0),
  },
  {
    syscalls: ["mount"],
    indices: [3],
    width: 32,
    constants: "flags seen",
    tier: "standard",
    attacker: "a bind mount or a changed propagation reaches what the program's own mounts do not",
    programs: "a program that mounts does it in few ways",
    pin: pinOperation(3),
  },
  {
    syscalls: ["umount2"],
    indices: [1],
    width: 32,
    constants: "flags seen",
    tier: "standard",
    attacker: "MNT_DETACH uncovers what lies below a busy mount",
    programs: operation,
    pin: pinOperation(1),
  },
  {
    syscalls: ["fsconfig"],
    indices: [1],
    width: 32,
    constants: "commands seen",
    tier: "standard",
    attacker: "each command has its own parser (CVE-2022-0185)",
    programs: operation,
    pin: pinOperation(1),
  },
  {
    syscalls: ["perf_event_open"],
    indices: [4],
    width: 32,
    constants: "flags seen",
    tier: "standard",
    attacker:
      "PERF_FLAG_PID_CGROUP counts what other containers do; what is counted is in memory, where no " +
      "filter sees it",
    programs: operation,
    pin: pinOperation(4),
  },
  {
    syscalls: ["ioctl"],
    indices: [1],
    width: 32,
    constants: "anything but TIOCSTI, TIOCLINUX, TIOCSETD and TIOCGSID",
    tier: "standard",
    attacker:
      "they type into the terminal that the container shares with its user (CVE-2019-7303, CVE-2023-1523), " +
      "or load protocols of serial lines",
    programs: "no service types into its own terminal; shells ask for its process group, which stays allowed",
    pin: pinRequests,
  },
  {
    syscalls: ["setsockopt"],
    indices: [1, 2],
    width: 32,
    constants: "options that programs set as they like, and those seen",
    tier: "standard",
    attacker: "options reach into every protocol; TCP_ULP puts another protocol on a socket (CVE-2023-0461)",
    programs: "rare options belong to a feature that a program was written or configured for",
    pin: pinSetsockopt,
  },
  {
    syscalls: ["futex", "futex_time64"],
    indices: [1],
    width: 32,
    constants: "waiting and waking, and operations seen",
    tier: "standard",
    attacker: "priority inheritance is the most exploited part of futexes (CVE-2014-3153, CVE-2021-3347)",
    programs: "locks of C libraries wait and wake; other operations are attributes that a program asks for",
    pin: pinFutex,
  },
  {
    syscalls: ["pipe2"],
    indices: [1],
    width: 32,
    constants: "any flags but O_NOTIFICATION_PIPE",
    tier: "standard",
    attacker: "makes a pipe a queue of kernel events (CVE-2022-0995)",
    programs: "hardly any program watches keys",
    pin: pinFlags(1, "flags"),
  },
  {
    syscalls: ["send", "sendto", "sendmmsg"],
    indices: [3],
    width: 32,
    constants: "any flags but MSG_OOB",
    tier: "standard",
    attacker: "out-of-band data takes its own way through the protocol's code (CVE-2025-38236)",
    programs: "a protocol has out-of-band data or has not",
    pin: pinFlags(3, "flags"),
  },
  {
    syscalls: ["sendmsg"],
    indices: [2],
    width: 32,
    constants: "as sendto",
    tier: "standard",
    attacker: "as sendto",
    programs: "as sendto",
    pin: pinFlags(2, "flags"),
  },
  {
    syscalls: ["recv", "recvfrom", "recvmmsg", "recvmmsg_time64"],
    indices: [3],
    width: 32,
    constants: "any flags but MSG_PEEK, if no code passes it",
    tier: "standard",
    attacker: "peeking leaves a message in the queue that another thread takes out (CVE-2021-0920)",
    programs: "code that receives with constants never peeks if none of them has the flag",
    pin: pinFlags(3, "flags"),
  },
  {
    syscalls: ["recvmsg"],
    indices: [2],
    width: 32,
    constants: "as recvfrom",
    tier: "standard",
    attacker: "as recvfrom",
    programs: "as recvfrom",
    pin: pinFlags(2, "flags"),
  },
  {
    syscalls: ["timer_create", "clock_nanosleep", "clock_nanosleep_time64"],
    indices: [0],
    width: 32,
    constants: "clocks of the machine, and those seen",
    tier: "standard",
    attacker: "timers of processor time raced with the end of their thread (CVE-2022-2585, CVE-2025-38352)",
    programs: "only profilers measure by processor time",
    pin: pinClock,
  },
  {
    syscalls: ["waitid"],
    indices: [2],
    width: 64,
    constants: "no address of the kernel",
    tier: "standard",
    attacker: "a forgotten check let it write there (CVE-2017-5123)",
    programs: "no program has memory there",
    arches: ["SCMP_ARCH_X86_64"],
    pin: pinFlags(2, "address"),
  },
  {
    syscalls: ["arch_prctl"],
    indices: [0],
    width: 32,
    constants: "codes seen, ARCH_SET_FS and ARCH_CET_STATUS",
    tier: "strict",
    attacker: "each code is an operation of its own",
    programs: "those two are how libcs start, the others belong to features",
    pin: pinOperation(0, () => [
      {
        values: [0x1002n, 0x3001n],
        reason: "how a libc starts",
        source: "arch_prctl(2)",
      },
    ]),
  },
  {
    syscalls: ["ioctl"],
    indices: [1],
    width: 32,
    constants: "requests seen, and those of any descriptor or terminal",
    tier: "strict",
    attacker: "the request decides which driver's function runs",
    programs: "a request belongs to a device that the program was written for",
    pin: pinOperation(1, ({ start }) => [
      ...(start.init ? [runtimesOwn(initIoctlRequests)] : []),
      {
        values: ordinaryIoctlRequests,
        reason: "asked of any descriptor, or on a terminal only",
        source: "ioctl_tty(2)",
      },
    ]),
  },
  {
    syscalls: ["fcntl", "fcntl64"],
    indices: [1],
    width: 32,
    constants: "commands seen and the container runtime's",
    tier: "strict",
    attacker: "leases, notifications and pipe sizes have had vulnerabilities",
    programs: operation,
    pin: pinOperation(1, () => [runtimesOwn(floorFcntlCommands)]),
  },
  {
    syscalls: ["kcmp"],
    indices: [2],
    width: 32,
    constants: "kinds seen",
    tier: "strict",
    attacker: "tells the layout of kernel memory by comparing",
    programs: operation,
    pin: pinOperation(2),
  },
  {
    syscalls: ["syslog"],
    indices: [0],
    width: 32,
    constants: "actions seen",
    tier: "strict",
    attacker: "clears the kernel's log",
    programs: operation,
    pin: pinOperation(0),
  },
];
