import { syscallTableOf } from "./architectures.ts";
import { syscallNames as everyName, syscallNumbers } from "./data/syscall-numbers.ts";
import type { ScmpArch } from "./types.ts";

interface Table {
  readonly byName: ReadonlyMap<string, number>;
  /** Made on first use. */
  byNumber?: ReadonlyMap<number, string>;
  readonly names: readonly string[];
}

const allNames = everyName.split(" ");
const known: ReadonlySet<string> = new Set(allNames);
const tables = new Map<ScmpArch, Table>();

function tableOf(arch: ScmpArch): Table {
  let table = tables.get(arch);
  if (table === undefined) {
    const { column, base } = syscallTableOf(arch);
    const numbers = syscallNumbers[column]?.split(" ") ?? [];
    const names = allNames.filter((_, index) => numbers[index] !== "-");
    const present = numbers.filter((number) => number !== "-");
    table = { byName: new Map(names.map((name, index) => [name, Number(present[index]) + base])), names };
    tables.set(arch, table);
  }
  return table;
}

/** The `seccomp_data.nr` of a syscall. `undefined` if this architecture has no such call or the name is unknown. */
export function syscallNumber(arch: ScmpArch, name: string): number | undefined {
  return tableOf(arch).byName.get(name);
}

/** libseccomp's name for a number. */
export function syscallName(arch: ScmpArch, nr: number): string | undefined {
  const table = tableOf(arch);
  table.byNumber ??= new Map([...table.byName].map(([name, number]) => [number, name]));
  return table.byNumber.get(nr);
}

/** All syscalls of an architecture, sorted. */
export function syscallNames(arch: ScmpArch): readonly string[] {
  return tableOf(arch).names;
}

/** Does libseccomp know the name on any architecture? */
export function isSyscallName(name: string): boolean {
  return known.has(name);
}

/**
 * strace's names that differ from libseccomp's. The tables of both projects were compared number by number (strace
 * 7.2).
 */
const renamed: { readonly [arch in ScmpArch]?: { readonly [strace: string]: string } } = {
  SCMP_ARCH_ARM: { fadvise64_64: "arm_fadvise64_64", sync_file_range2: "arm_sync_file_range" },
};

/**
 * strace's names before 4.11 that differ from libseccomp's name of the same number (strace's tables of 2010 to 2020,
 * compared number by number). A name counts only if the architecture has no call of that name: `umount` is another call
 * on i386.
 */
const formerly: { readonly [strace: string]: string } = {
  _exit: "exit",
  getrlimit: "ugetrlimit",
  newfstat: "fstat",
  newlstat: "lstat",
  newstat: "stat",
  newuname: "uname",
  old_getrlimit: "getrlimit",
  old_mmap: "mmap",
  oldgetrlimit: "getrlimit",
  oldselect: "select",
  oldumount: "umount",
  pread: "pread64",
  pwrite: "pwrite64",
  select: "_newselect",
  siggetmask: "sgetmask",
  sigsetmask: "ssetmask",
  umount: "umount2",
};

/** The first argument of socketcall(2) for each call: SYS_SOCKET … of linux/net.h. */
const socketCalls: readonly string[] = [
  "",
  "socket",
  "bind",
  "connect",
  "listen",
  "accept",
  "getsockname",
  "getpeername",
  "socketpair",
  "send",
  "recv",
  "sendto",
  "recvfrom",
  "shutdown",
  "setsockopt",
  "getsockopt",
  "sendmsg",
  "recvmsg",
  "accept4",
  "recvmmsg",
  "sendmmsg",
];

/** The first argument of ipc(2) for each call: SEMOP … of linux/ipc.h. */
const ipcCalls: { readonly [name: string]: number } = {
  semop: 1,
  semget: 2,
  semctl: 3,
  semtimedop: 4,
  msgsnd: 11,
  msgrcv: 12,
  msgget: 13,
  msgctl: 14,
  shmat: 21,
  shmdt: 22,
  shmget: 23,
  shmctl: 24,
};

/**
 * Calls that strace names even if the program entered the kernel through socketcall(2) or ipc(2) (linux/net.h,
 * linux/ipc.h). Only architectures with these multiplexers have them.
 */
const multiplexed: ReadonlyMap<string, "socketcall" | "ipc"> = new Map([
  ...socketCalls.slice(1).map((name) => [name, "socketcall"] as const),
  ...Object.keys(ipcCalls).map((name) => [name, "ipc"] as const),
]);

/** The number of a call in socketcall(2) or ipc(2). 0 if it has none. */
export function multiplexedNumber(name: string): number {
  return multiplexed.get(name) === "socketcall" ? socketCalls.indexOf(name) : (ipcCalls[name] ?? 0);
}

/**
 * The multiplexer through which a call may have come on this architecture. `undefined` if it has only its own entry.
 */
export function multiplexerOf(arch: ScmpArch, name: string): "socketcall" | "ipc" | undefined {
  const multiplexer = multiplexed.get(name);
  return multiplexer === undefined || syscallNumber(arch, multiplexer) === undefined ? undefined : multiplexer;
}

/**
 * libseccomp's name for strace's name. It reads numbers too: `syscall_0x1c3`, and `SYS_318` of strace before 4.9.
 * `undefined` if no profile can name this call.
 */
export function libseccompName(arch: ScmpArch, straceName: string): string | undefined {
  const numbered = /^(?:syscall|SYS)_(0x[0-9a-f]+|\d+)$/i.exec(straceName)?.[1];
  if (numbered !== undefined) return syscallName(arch, Number(numbered));
  const others = renamed[arch] ?? {};
  const name = (Object.hasOwn(others, straceName) ? others[straceName] : undefined) ?? straceName;
  if (existsOn(arch, name)) return name;
  const former = Object.hasOwn(formerly, name) ? formerly[name] : /^o32_(\w+)$/.exec(name)?.[1];
  return former !== undefined && existsOn(arch, former) ? former : undefined;
}

function existsOn(arch: ScmpArch, name: string): boolean {
  return syscallNumber(arch, name) !== undefined || multiplexerOf(arch, name) !== undefined;
}
