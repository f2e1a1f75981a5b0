import type { SyscallRecord } from "../aggregator/types.ts";
import type { Action, ArgCondition, ArgIndex, Rule } from "../seccomp/types.ts";
import { errnoNumber } from "../tables/index.ts";
import type { ScmpArch } from "../tables/types.ts";
import { floorFcntlCommands, floorPrctlOptions, initIoctlRequests, initPrctlOptions } from "./floor.ts";
import type { FloorContext } from "./floor.ts";
import { compilerAmong } from "./runtimes.ts";
import type { ArgTier } from "./types.ts";

/** How a call is pinned by its arguments: what is allowed, and what the rest of interest answers. The two never overlap. */
export interface Pin {
  readonly allow: readonly Rule[];
  /** Allowed though not seen. */
  readonly also?: readonly { readonly rule: Rule; readonly reason: string; readonly source: string }[];
  readonly answers: readonly { readonly action: Action; readonly rule: Rule; readonly reason: string; readonly source: string }[];
}

/** What pinning needs to know beside the values. */
export interface PinContext {
  readonly arch: ScmpArch;
  readonly tier: ArgTier;
  /** The container runtime, and what --init puts before the program, make calls of their own under the filter. */
  readonly start: FloorContext;
  /** Base names of all programs that were seen. */
  readonly programs: ReadonlySet<string>;
}

/** An int argument: the ABI leaves the upper half of the register undefined, so only the lower 32 bits are compared (CVE-2019-7303 was a comparison of 64). */
export function equals32(index: ArgIndex, value: bigint): ArgCondition {
  return { index, op: "SCMP_CMP_MASKED_EQ", mask: 0xffff_ffffn, datum: value & 0xffff_ffffn };
}

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (linux/sched.h): the mask of Docker's default profile. */
export const namespaceFlags = 0x7e02_0000n;

const errno = (name: string): Action => ({ action: "SCMP_ACT_ERRNO", errnoRet: errnoNumber(name) ?? 1 });

/** Families that programs look for before they use them, and do without where the kernel was built without them (getaddrinfo(3), if_nameindex(3), nscd). */
const probedFamilies: readonly { readonly value: bigint; readonly name: string }[] = [
  { value: 1n, name: "AF_UNIX" },
  { value: 2n, name: "AF_INET" },
  { value: 10n, name: "AF_INET6" },
  { value: 16n, name: "AF_NETLINK" },
];

type Pinner = (values: readonly (readonly bigint[])[], context: PinContext) => Pin | Unpinned;

/** Not pinned, and why. */
interface Unpinned {
  readonly unpinned: string;
}

/** prctl options that ask, name or give up something and reach nothing else: libraries use them as they like (prctl(2)). */
const harmlessPrctlOptions: readonly bigint[] = [
  1n, // PR_SET_PDEATHSIG
  3n, 4n, // PR_GET_DUMPABLE, PR_SET_DUMPABLE: servers protect their memory after they have changed their user
  15n, 16n, // PR_SET_NAME, PR_GET_NAME: names of threads
  23n, // PR_CAPBSET_READ: libcap and Go look for the last capability
  38n, // PR_SET_NO_NEW_PRIVS
  0x53564d41n, // PR_SET_VMA: names of mappings (Go 1.25, glibc 2.39 malloc)
];

/** What stdio, shells and servers ask of any descriptor, and what depends on whether it is a terminal (ioctl_tty(2)): TCGETS, TIOCGPGRP, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX. */
const ordinaryIoctlRequests: readonly bigint[] = [0x5401n, 0x540fn, 0x5413n, 0x541bn, 0x5421n, 0x5450n, 0x5451n];

/** Operations that go with any that was seen. */
interface Also {
  readonly values: readonly bigint[];
  readonly reason: string;
  readonly source: string;
}

const runtimesOwn = (values: readonly bigint[]): Also => ({ values, reason: "what the container runtime calls it for", source: "strace of the runtimes" });

function pinOperation(index: ArgIndex, always: (context: PinContext) => readonly Also[] = () => []): Pinner {
  return (values, context) => {
    const seen = new Set(values.map(([value]) => (value ?? 0n) & 0xffff_ffffn));
    const toRule = (value: bigint): Rule => ({ conditions: [equals32(index, value)] });
    return {
      allow: [...seen].sort(ascending).map(toRule),
      also: always(context).flatMap((also) => also.values.filter((value) => !seen.has(value)).map((value) => ({ rule: toRule(value), reason: also.reason, source: also.source }))),
      answers: [],
    };
  };
}

const pinSocket: Pinner = (values) => {
  const families = [...new Set(values.map(([family]) => family ?? 0n))].sort(ascending);
  const netlink = 16n;
  const allow = families.flatMap((family): Rule[] => {
    if (family !== netlink) return [{ conditions: [equals32(0, family)] }];
    const protocols = [...new Set(values.filter(([own]) => own === netlink).map(([, protocol]) => protocol ?? 0n))].sort(ascending);
    return protocols.map((protocol) => ({ conditions: [equals32(0, netlink), equals32(2, protocol)] }));
  });
  return { allow, answers: familyAnswers(families, "socket(2)") };
};

const pinSocketpair: Pinner = (values) => {
  const families = [...new Set(values.map(([family]) => family ?? 0n))].sort(ascending);
  return { allow: families.map((family) => ({ conditions: [equals32(0, family)] })), answers: [] };
};

function familyAnswers(allowed: readonly bigint[], source: string): Pin["answers"] {
  return probedFamilies
    .filter(({ value }) => !allowed.includes(value))
    .map(({ value, name }) => ({ action: errno("EAFNOSUPPORT"), rule: { conditions: [equals32(0, value)] }, reason: `${name} was not used: answers as a kernel without it`, source }));
}

/** Threads and processes, but no namespace that was not seen. */
const pinClone: Pinner = (values, { arch }) => {
  const index: ArgIndex = arch === "SCMP_ARCH_S390" || arch === "SCMP_ARCH_S390X" ? 1 : 0;
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
 * Memory is writable or executable, not both (mmap(2), mprotect(2); PROT_WRITE 2, PROT_EXEC 4), and memory that was mapped without PROT_EXEC does not
 * become executable, unless that was seen. The rest answers EACCES, as under SELinux's execmem and execmod, which just-in-time compilers know.
 */
function pinProtection(index: ArgIndex, makesExecutable: boolean): Pinner {
  return (values, { programs }) => {
    const seen = values.map(([protection]) => protection ?? 0n);
    const both = protWrite | protExec;
    if (seen.some((protection) => (protection & both) === both)) return { unpinned: "memory both writable and executable was seen" };
    const compiler = compilerAmong(programs);
    if (compiler?.memory === "writable-and-executable") return { unpinned: `${compiler.program} compiles while it runs: ${compiler.reason}` };
    const masked = (mask: bigint, datum: bigint): Rule => ({ conditions: [{ index, op: "SCMP_CMP_MASKED_EQ", mask, datum }] });
    const answer = (rule: Rule, reason: string): Pin["answers"][number] => ({ action: errno("EACCES"), rule, reason, source: "mprotect(2)" });
    if (!makesExecutable || compiler !== undefined || seen.some((protection) => (protection & protExec) !== 0n)) {
      return { allow: [protWrite, protExec].map((mask) => masked(mask, 0n)), answers: [answer(masked(both, both), "memory both writable and executable: answers as SELinux does")] };
    }
    return { allow: [masked(protExec, 0n)], answers: [answer(masked(protExec, protExec), "memory made executable: answers as SELinux does")] };
  };
}

/** personality takes the whole value (0xffffffff only asks), and Docker's default compares it whole. */
const pinPersonality: Pinner = (values) => ({
  allow: [...new Set([0n, 0xffff_ffffn, ...values.map(([value]) => value ?? 0n)])].sort(ascending).map((datum) => ({ conditions: [{ index: 0, op: "SCMP_CMP_EQ", datum }] })),
  answers: [],
});

interface PinRow {
  readonly tier: Exclude<ArgTier, "none">;
  readonly pin: Pinner;
  readonly reason: string;
}

const rows: { readonly [syscall: string]: PinRow } = {
  socket: { tier: "standard", pin: pinSocket, reason: "rare address families and netlink protocols are a steady source of kernel vulnerabilities; a program does not vary them" },
  socketpair: { tier: "standard", pin: pinSocketpair, reason: "as socket" },
  clone: { tier: "standard", pin: pinClone, reason: "a user namespace gives every capability inside of it" },
  unshare: { tier: "standard", pin: pinOperation(0), reason: "as clone" },
  setns: { tier: "standard", pin: pinOperation(1), reason: "as clone" },
  personality: { tier: "standard", pin: pinPersonality, reason: "switches off address randomization" },
  mmap: { tier: "standard", pin: pinProtection(2, false), reason: "code that an attacker wrote has to become executable" },
  mmap2: { tier: "standard", pin: pinProtection(2, false), reason: "as mmap" },
  mprotect: { tier: "standard", pin: pinProtection(2, true), reason: "as mmap" },
  pkey_mprotect: { tier: "standard", pin: pinProtection(2, true), reason: "as mmap" },
  keyctl: { tier: "standard", pin: pinOperation(0), reason: "keyrings are not namespaced" },
  bpf: { tier: "standard", pin: pinOperation(0), reason: "the kernel's verifier is a steady source of vulnerabilities" },
  ptrace: { tier: "standard", pin: pinOperation(0), reason: "reads and writes other processes" },
  seccomp: { tier: "standard", pin: pinOperation(0), reason: "operations differ in danger" },
  prctl: {
    tier: "standard",
    pin: pinOperation(0, ({ start }) => [
      ...(start.noNewPrivileges ? [] : [runtimesOwn(floorPrctlOptions)]),
      ...(start.init ? [runtimesOwn(initPrctlOptions)] : []),
      { values: harmlessPrctlOptions, reason: "a harmless option that libraries use as they like", source: "prctl(2)" },
    ]),
    reason: "each option is an operation of its own, some of them change how memory is laid out or protected",
  },
  io_uring_register: { tier: "standard", pin: pinOperation(1), reason: "each opcode is an operation of its own" },
  quotactl: { tier: "standard", pin: pinOperation(0), reason: "operations differ in danger" },
  arch_prctl: { tier: "strict", pin: pinOperation(0, () => [{ values: [0x1002n, 0x3001n], reason: "how a libc starts", source: "arch_prctl(2)" }]), reason: "each code is an operation of its own; ARCH_SET_FS and ARCH_CET_STATUS are how libcs start" },
  ioctl: { tier: "strict", pin: pinOperation(1, ({ start }) => [...(start.init ? [runtimesOwn(initIoctlRequests)] : []), { values: ordinaryIoctlRequests, reason: "asked of any descriptor, or on a terminal only", source: "ioctl_tty(2)" }]), reason: "the request decides which driver function runs; TIOCSTI types into the terminal of others" },
  fcntl: { tier: "strict", pin: pinOperation(1, () => [runtimesOwn(floorFcntlCommands)]), reason: "each command is an operation of its own" },
  fcntl64: { tier: "strict", pin: pinOperation(1, () => [runtimesOwn(floorFcntlCommands)]), reason: "as fcntl" },
  kcmp: { tier: "strict", pin: pinOperation(2), reason: "what is compared of another process" },
  syslog: { tier: "strict", pin: pinOperation(0), reason: "reading and clearing the kernel log differ" },
};

/** Where mmap takes one pointer to its arguments (mmap(2): old_mmap; s390: sys_old_mmap), the filter cannot see the protection. */
const mmapByPointer: ReadonlySet<ScmpArch> = new Set<ScmpArch>(["SCMP_ARCH_X86", "SCMP_ARCH_S390", "SCMP_ARCH_S390X", "SCMP_ARCH_M68K"]);

/** How the tier pins a call with these observed values; a reason where it could but does not; undefined: the tier has nothing to say. */
export function pinFor(syscall: string, record: SyscallRecord | undefined, context: PinContext): Pin | Unpinned | undefined {
  const row = Object.hasOwn(rows, syscall) ? rows[syscall] : undefined;
  if (row === undefined || context.tier === "none" || (row.tier === "strict" && context.tier !== "strict")) return undefined;
  if (syscall === "mmap" && mmapByPointer.has(context.arch)) return undefined;
  const values = record?.args?.values ?? [];
  if (values === "many") return { unpinned: "too many different values, or values that could not be read" };
  const pin = row.pin(values, context);
  // A call that was not observed has nothing to be pinned to, unless the row itself says what it is.
  return "allow" in pin && pin.allow.length + (pin.also ?? []).length === 0 ? undefined : pin;
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
