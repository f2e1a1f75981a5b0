import { inspectedArguments, isRead, valuesAt, type ArgTuple, type SyscallRecord } from "../recording/index.ts";
import { callArgs, conditionMatches, ruleMatches, type ArgIndex, type Rule } from "../seccomp/index.ts";
import { cloneFlagsIndex, describeValue, hasOwnSocketTypes, type ScmpArch } from "../tables/index.ts";
import { isOpenedByCode } from "./constants-in-code.ts";
import { floorFcntlCommands, floorPrctlOptions, initIoctlRequests, initPrctlOptions } from "./floor.ts";
import { joined, sizeOf } from "./joined-rules.ts";
import { ascending, equals32, errno, ruleOf, type Pin, type PinContext, type Pinner, type Unpinned } from "./pin.ts";
import {
  formsOf,
  internetName,
  internetRooms,
  noneOf,
  pinClock,
  pinFlags,
  pinFutex,
  pinRooms,
  pinSetsockopt,
  type InternetFamily,
} from "./rooms.ts";
import { compilerAmong } from "./runtimes.ts";
import type { ArgTier } from "./types.ts";

const int = 0xffff_ffffn;

/**
 * CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (linux/sched.h): the mask of
 * Docker's default profile.
 */
export const namespaceFlags = 0x7e02_0000n;

/**
 * Families that programs look for before they use them, and do without where the kernel was built
 * without them (getaddrinfo(3), if_nameindex(3), nscd).
 */
const probedFamilies: readonly { readonly value: bigint; readonly name: string }[] = [
  {
    value: 1n,
    name: "AF_UNIX",
  },
  {
    value: 2n,
    name: "AF_INET",
  },
  {
    value: 10n,
    name: "AF_INET6",
  },
  {
    value: 16n,
    name: "AF_NETLINK",
  },
];

/**
 * prctl options that ask, name or give up something and reach nothing else: libraries use them as
 * they like (prctl(2)).
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
 * What stdio, shells and servers ask of any descriptor, and what depends on whether it is a
 * terminal (ioctl_tty(2)): TCGETS, TIOCGPGRP, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX.
 */
const ordinaryIoctlRequests: readonly bigint[] = [0x5401n, 0x540fn, 0x5413n, 0x541bn, 0x5421n, 0x5450n, 0x5451n];

/** Operations that go with any that was seen. */
interface Standing {
  readonly values: readonly bigint[];
  readonly reason: string;
  readonly source: string;
}

const runtimesOwn = (values: readonly bigint[]): Standing => ({
  values,
  reason: "what the container runtime calls it for",
  source: "strace of the runtimes",
});

function pinOperation(index: ArgIndex, always: (context: PinContext) => readonly Standing[] = () => []): Pinner {
  return (values, context, syscall) => {
    const seen = new Set(values.map(([value]) => (value ?? 0n) & 0xffff_ffffn));
    const toRule = (value: bigint): Rule => ({ conditions: [equals32(index, value)] });
    return {
      allow: [...seen].sort(ascending).map(toRule),
      also: always(context).flatMap(({ values: standing, reason, source }) => {
        const matched = (rule: Rule): readonly bigint[] =>
          standing.filter((value) => ruleMatches(rule, callArgs({ [index]: value })));
        return joined(
          standing.filter((value) => !seen.has(value)).map(toRule),
          (rule) => matched(rule).length === sizeOf(rule),
        ).map((rule) => ({
          rule,
          reason,
          source,
          words: matched(rule)
            .map((value) => describeValue(syscall, index, value) ?? value.toString())
            .join(" or "),
        }));
      }),
      answers: [],
    };
  };
}

const internetFamilies: readonly InternetFamily[] = [2n, 10n];
const netlink = 16n;

/** Families as they were seen; of the internet's, ordinary protocols and what was seen; of netlink, its protocols. */
const pinSocket: Pinner = (values, context, syscall) => {
  if (context.tier === "strict") return pinSocketExactly(values, context, syscall);
  const families = [...new Set(values.map(([family]) => family ?? 0n))].sort(ascending);
  const internet = internetFamilies.filter((family) => families.includes(family));
  const others = families.filter((family) => !internet.some((each) => each === family));
  const pins = [
    ...others.map((family): Pin => {
      const own = values.filter(([each]) => each === family);
      if (family !== netlink) return anyOf(family);
      const protocols = own.flatMap(([, , protocol]) => protocol ?? []);
      if (protocols.length < own.length)
        return { ...anyOf(family), lost: "a protocol of AF_NETLINK could not be read" };
      return {
        allow: [...new Set(protocols)]
          .sort(ascending)
          .map((protocol) => ({ conditions: [equals32(0, netlink), equals32(2, protocol)] })),
        answers: [],
      };
    }),
    ...pinInternet(internet, values, context, syscall),
  ];
  const lost = pins.flatMap((pin) => pin.lost ?? []);
  return {
    allow: pins.flatMap(({ allow }) => allow),
    also: pins.flatMap(({ also = [] }) => also),
    answers: [...pins.flatMap(({ answers }) => answers), ...familyAnswers(families, "socket(2)")],
    ...(lost.length === 0 ? {} : { lost: [...new Set(lost)].join("; ") }),
  };
};

/** A family as a whole. */
function anyOf(family: bigint): Pin {
  return { allow: [{ conditions: [equals32(0, family)] }], answers: [] };
}

const pinSocketExactly: Pinner = (values, context, syscall) => {
  const pin = pinRooms([0, 1, 2], [int, int, int], () => [])(values, context, syscall);
  if ("unpinned" in pin) return pin;
  const families = values.map(([family]) => family ?? 0n);
  const isOpen = ({ rule }: { readonly rule: Rule }): boolean => families.some((family) => isOfFamily(rule, family));
  return {
    ...pin,
    also: (pin.also ?? []).filter(isOpen),
    answers: [...pin.answers.filter(isOpen), ...familyAnswers(families, "socket(2)")],
  };
};

const isOfFamily = ({ conditions }: Rule, family: bigint): boolean =>
  conditions.some(({ index, datum }) => index === 0 && datum === family);

function pinInternet(
  families: readonly InternetFamily[],
  values: readonly ArgTuple[],
  context: PinContext,
  syscall: string,
): readonly Pin[] {
  const isUnread = (family: InternetFamily): boolean => values.some((tuple) => tuple[0] === family && !isRead(tuple));
  const whole = hasOwnSocketTypes(context.arch) ? families : families.filter(isUnread);
  const pinned = families.filter((family) => !whole.includes(family));
  const lost = (family: InternetFamily): string =>
    hasOwnSocketTypes(context.arch)
      ? "socket types have other numbers on this architecture"
      : `a type or protocol of ${internetName(family)} could not be read`;
  const wholes = whole.map((family) => ({ ...anyOf(family), lost: lost(family) }));
  if (pinned.length === 0) return wholes;
  const own = values.filter(([family]) => pinned.some((each) => each === family));
  const pin = pinRooms([0, 1, 2], [int, 0xfn, int], () => internetRooms(pinned))(own, context, syscall);
  if ("unpinned" in pin) return [...wholes, ...pinned.map(anyOf)];
  // Code opens operations of families that are open anyway, and no family.
  const isOwn = ({ rule: { conditions } }: { readonly rule: Rule }): boolean =>
    conditions.some(
      (condition) => condition.index === 0 && pinned.some((family) => conditionMatches(condition, family)),
    );
  return [...wholes, { ...pin, also: (pin.also ?? []).filter(isOwn), answers: pin.answers.filter(isOwn) }];
}

const pinSocketpair: Pinner = (values) => {
  const families = [...new Set(values.map(([family]) => family ?? 0n))].sort(ascending);
  return { allow: families.map((family) => ({ conditions: [equals32(0, family)] })), answers: [] };
};

function familyAnswers(allowed: readonly bigint[], source: string): Pin["answers"] {
  const unused = probedFamilies.filter(({ value }) => !allowed.includes(value));
  const names = unused.map(({ name }) => name).join(", ");
  return unused.map(({ value }) => ({
    action: errno("EAFNOSUPPORT"),
    rule: { conditions: [equals32(0, value)] },
    reason: `not used: ${names}: answers as a kernel without`,
    source,
  }));
}

/** Threads and processes, but no namespace that was not seen. */
const pinClone: Pinner = (values, { arch }) => {
  const index = cloneFlagsIndex(arch);
  const used = values.reduce((flags, [value]) => flags | (value ?? 0n), 0n) & namespaceFlags;
  const denied = namespaceFlags & ~used;
  const bits = [...Array(32).keys()].map((bit) => 1n << BigInt(bit)).filter((bit) => (denied & bit) !== 0n);
  return {
    allow: [{ conditions: [{ index, op: "SCMP_CMP_MASKED_EQ", mask: denied, datum: 0n }] }],
    answers: bits.map((bit) => ({
      action: errno("EPERM"),
      rule: { conditions: [{ index, op: "SCMP_CMP_MASKED_EQ", mask: bit, datum: bit }] },
      reason: "a new namespace: answers as under Docker's default",
      source: "clone(2)",
    })),
  };
};

const protWrite = 2n;
const protExec = 4n;

/**
 * Memory is writable or executable, not both (mmap(2), mprotect(2); PROT_WRITE 2, PROT_EXEC 4), and
 * memory that was mapped without PROT_EXEC does not become executable, unless that was seen. The
 * rest answers EACCES, as under SELinux's execmem and execmod, which just-in-time compilers know.
 */
function pinProtection(index: ArgIndex, makesExecutable: boolean): Pinner {
  return (values, { programs }) => {
    const seen = values.map(([protection]) => protection ?? 0n);
    const both = protWrite | protExec;
    if (seen.some((protection) => (protection & both) === both))
      return { unpinned: "memory both writable and executable was seen" };
    const compiler = compilerAmong(programs);
    if (compiler?.memory === "writable-and-executable")
      return { unpinned: `${compiler.program} compiles while it runs: ${compiler.reason}` };
    const masked = (mask: bigint, datum: bigint): Rule => ({
      conditions: [{ index, op: "SCMP_CMP_MASKED_EQ", mask, datum }],
    });
    const answer = (rule: Rule, reason: string): Pin["answers"][number] => ({
      action: errno("EACCES"),
      rule,
      reason,
      source: "mprotect(2)",
    });
    if (!makesExecutable || compiler !== undefined || seen.some((protection) => (protection & protExec) !== 0n)) {
      return {
        allow: [protWrite, protExec].map((mask) => masked(mask, 0n)),
        answers: [answer(masked(both, both), "memory both writable and executable: answers as SELinux does")],
      };
    }
    return {
      allow: [masked(protExec, 0n)],
      answers: [answer(masked(protExec, protExec), "memory made executable: answers as SELinux does")],
    };
  };
}

/**
 * personality takes the whole value (0xffffffff only asks), and Docker's default compares it whole.
 */
const pinPersonality: Pinner = (values) => ({
  allow: [...new Set([0n, 0xffff_ffffn, ...values.map(([value]) => value ?? 0n)])]
    .sort(ascending)
    .map((datum) => ({ conditions: [{ index: 0, op: "SCMP_CMP_EQ", datum }] })),
  answers: [],
});

/** Where ioctls have the numbers of asm-generic/ioctls.h. */
const genericIoctls: ReadonlySet<ScmpArch> = new Set<ScmpArch>([
  "SCMP_ARCH_X86_64",
  "SCMP_ARCH_X86",
  "SCMP_ARCH_X32",
  "SCMP_ARCH_ARM",
  "SCMP_ARCH_AARCH64",
  "SCMP_ARCH_S390",
  "SCMP_ARCH_S390X",
  "SCMP_ARCH_RISCV64",
  "SCMP_ARCH_LOONGARCH64",
]);

/**
 * All requests but those that stay closed (operations.ts). "Not equal" on 32 bits takes a rule for
 * each bit that may differ, because there is no "not equal under a mask". Only type and number of
 * the request are compared, its lower 16 bits: half the rules. Seen requests with the same 16 bits
 * (SNDRV_TIMER_IOCTL_PARAMS) are allowed as they are.
 */
const pinRequests: Pinner = (values, context, syscall) => {
  if (!genericIoctls.has(context.arch))
    return { unpinned: "the requests of terminals have other numbers on this architecture" };
  const seen = new Set(values.map(([request]) => (request ?? 0n) & 0xffff_ffffn));
  const closed = formsOf(syscall, context.arch)
    .map(({ operation, form }) => ({ operation, form, request: BigInt(form.args?.[0]?.value ?? 0) }))
    .filter(({ operation, form, request }) => !seen.has(request) && !isOpenedByCode(context, syscall, operation, form));
  const denied = closed.map(({ request }) => request).sort(ascending);
  if (denied.length === 0) return { unpinned: "all that a pin would deny was seen" };
  const same = [...seen].filter((request) => denied.includes(request & 0xffffn)).sort(ascending);
  const taken = new Set(same.map((request) => request & 0xffffn));
  return {
    words: `any request but ${denied.map((request) => describeValue("ioctl", 1, request)).join(", ")}`,
    allow: [...noneOf(1, 16, denied), ...same.map((request): Rule => ({ conditions: [equals32(1, request)] }))],
    answers: closed
      .filter(({ request }) => !taken.has(request))
      .map(({ operation: { answer, source }, form }) => ({
        action: errno(answer.errno),
        rule: ruleOf(form),
        reason: `not seen: ${answer.then}`,
        source,
      })),
  };
};

/** One opinion about arguments. */
export interface ArgumentRow {
  readonly syscalls: readonly string[];
  /** Which arguments are compared, on how many bits, and with what. */
  readonly indices: readonly ArgIndex[];
  readonly width: 32 | 64;
  readonly constants: string;
  readonly tier: Exclude<ArgTier, "none">;
  /** Only there. */
  readonly arches?: readonly ScmpArch[];
  /** Why an attacker wants the rest. */
  readonly attacker: string;
  /** Why programs do not vary it. */
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

/** Rows of the stricter tier stand after those of the other. */
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

/** The strictest row of the tier. */
function rowFor(syscall: string, tier: ArgTier): ArgumentRow | undefined {
  return tier === "none"
    ? undefined
    : argumentRows.findLast((row) => row.syscalls.includes(syscall) && (row.tier === "standard" || tier === "strict"));
}

/**
 * Where mmap takes one pointer to its arguments (mmap(2): old_mmap; s390: sys_old_mmap), the filter
 * cannot see the protection.
 */
const mmapByPointer: ReadonlySet<ScmpArch> = new Set<ScmpArch>([
  "SCMP_ARCH_X86",
  "SCMP_ARCH_S390",
  "SCMP_ARCH_S390X",
  "SCMP_ARCH_M68K",
]);

/**
 * How the tier pins a call with these observed values; a reason if it could but does not;
 * `undefined` if the tier does not pin the call.
 */
export function pinFor(
  syscall: string,
  record: SyscallRecord | undefined,
  context: PinContext,
): Pin | Unpinned | undefined {
  const row = rowFor(syscall, context.tier);
  if (row === undefined) return undefined;
  if (syscall === "mmap" && mmapByPointer.has(context.arch)) return undefined;
  if (row.arches?.includes(context.arch) === false) return undefined;
  const indices = syscall === "clone" ? [cloneFlagsIndex(context.arch)] : row.indices;
  const values = valuesOf(record, indices, inspectedArguments(context.arch, syscall) !== undefined);
  if (values === "many") return { unpinned: "it had too many different values, or its log has no arguments" };
  if (values.some(([first]) => first === null)) return { unpinned: "an argument could not be read" };
  const pin = row.pin(values, context, syscall);
  // A call that was not observed has nothing to be pinned to, unless the row itself says what it
  // is.
  return "allow" in pin && pin.allow.length + (pin.also ?? []).length === 0 ? undefined : pin;
}

/** The recorded values of these arguments. Of older recordings some calls have none. */
function valuesOf(
  record: SyscallRecord | undefined,
  indices: readonly ArgIndex[],
  inspected: boolean,
): readonly ArgTuple[] | "many" {
  if (record === undefined || !inspected) return [];
  if (record.args === undefined || record.args.values === "many") return "many";
  return valuesAt(record.args, indices);
}
