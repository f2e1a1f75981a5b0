import { syscallTableOf } from "./architectures.ts";
import { columns, syscallNumbers } from "./data/syscall-numbers.ts";
import type { ScmpArch } from "./types.ts";

interface Table {
  readonly byName: ReadonlyMap<string, number>;
  /** Made when it is first asked for. */
  byNumber?: ReadonlyMap<number, string>;
  readonly names: readonly string[];
}

const rows = syscallNumbers.trim().split("\n");
const known: ReadonlySet<string> = new Set(rows.map((row) => fieldOf(row, 0)));
const tables = new Map<ScmpArch, Table>();

function tableOf(arch: ScmpArch): Table {
  let table = tables.get(arch);
  if (table === undefined) {
    const { column, base } = syscallTableOf(arch);
    const position = (columns as readonly string[]).indexOf(column) + 1;
    const numbered = rows.flatMap((row): [string, number][] => {
      const number = fieldOf(row, position);
      return number === "-" ? [] : [[fieldOf(row, 0), Number(number) + base]];
    });
    table = { byName: new Map(numbered), names: numbered.map(([name]) => name) };
    tables.set(arch, table);
  }
  return table;
}

/** One field of a row, without making strings of the others: most starts ask for one architecture. */
function fieldOf(row: string, position: number): string {
  let start = 0;
  for (let at = 0; at < position; at += 1) start = row.indexOf(" ", start) + 1;
  const end = row.indexOf(" ", start);
  return end < 0 ? row.slice(start) : row.slice(start, end);
}

/** `seccomp_data.nr` of a syscall; undefined: this architecture has no such call, or nobody knows the name. */
export function syscallNumber(arch: ScmpArch, name: string): number | undefined {
  return tableOf(arch).byName.get(name);
}

/** libseccomp's name of a number. */
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

/** Where strace's name is not libseccomp's. Compared number by number over both projects' tables (strace 7.2). */
const renamed: { readonly [arch in ScmpArch]?: { readonly [strace: string]: string } } = {
  SCMP_ARCH_ARM: { fadvise64_64: "arm_fadvise64_64", sync_file_range2: "arm_sync_file_range" },
};

/**
 * Calls that strace names even where the kernel was entered through socketcall(2) or ipc(2) (linux/net.h, linux/ipc.h), on the
 * architectures that have these multiplexers.
 */
const socketCalls: ReadonlySet<string> = new Set([
  "socket", "bind", "connect", "listen", "accept", "getsockname", "getpeername", "socketpair", "send", "recv",
  "sendto", "recvfrom", "shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg", "accept4", "recvmmsg", "sendmmsg",
]);
const ipcCalls: ReadonlySet<string> = new Set(["semop", "semget", "semctl", "semtimedop", "msgsnd", "msgrcv", "msgget", "msgctl", "shmat", "shmdt", "shmget", "shmctl"]);

/** The multiplexer a call may have come through on this architecture; undefined: it has its own entry only. */
export function multiplexerOf(arch: ScmpArch, name: string): "socketcall" | "ipc" | undefined {
  if (socketCalls.has(name) && syscallNumber(arch, "socketcall") !== undefined) return "socketcall";
  if (ipcCalls.has(name) && syscallNumber(arch, "ipc") !== undefined) return "ipc";
  return undefined;
}

/** strace's name (also `syscall_0x1c3`) → libseccomp's; undefined: no profile can name this call. */
export function libseccompName(arch: ScmpArch, straceName: string): string | undefined {
  const numbered = /^syscall_(0x[0-9a-f]+|\d+)$/i.exec(straceName)?.[1];
  if (numbered !== undefined) return syscallName(arch, Number(numbered));
  const others = renamed[arch] ?? {};
  const name = (Object.hasOwn(others, straceName) ? others[straceName] : undefined) ?? straceName;
  return syscallNumber(arch, name) !== undefined || multiplexerOf(arch, name) !== undefined ? name : undefined;
}
