import { cloneFlagsIndex } from "./architectures.ts";
import { constants } from "./data/constants.ts";
import { ioctlRequests } from "./data/ioctls.ts";
import type { ScmpArch } from "./types.ts";

interface SymbolTable {
  readonly byName: ReadonlyMap<string, bigint>;
  readonly byValue: ReadonlyMap<bigint, string>;
  /** True if its symbols are bits that are OR-ed. */
  readonly bits: boolean;
}

/** `NAME number` lines. */
function rowsOf(lines: string): readonly [string, bigint][] {
  return lines.split("\n").map((line) => {
    const [name = "", value = "0"] = line.split(" ");
    return [name, BigInt(value)];
  });
}

function rowNames(lines: string): string[] {
  return lines.split("\n").map((line) => line.slice(0, line.indexOf(" ")));
}

function readTable(lines: string, bits: boolean): SymbolTable {
  const rows = rowsOf(lines);
  return { byName: new Map(rows), byValue: new Map(rows.toReversed().map(([name, value]) => [value, name])), bits };
}

/** Tables whose symbols are OR-ed, beside those whose names say so. */
const alsoBits: ReadonlySet<string> = new Set(["mmap_prot"]);

/**
 * Symbols that strace 6.1 and 7.2 print and that `constants` lacks. strace's code adds them to the symbols of its
 * tables (futex.c, mount.c), or its tables hold them only under a condition. They replace the same symbols in
 * `constants`. Values from include/uapi/linux/{futex,fcntl,fs,io_uring}.h and asm-generic.
 */
const alsoPrinted: { readonly [table: string]: string } = {
  futexops: "FUTEX_PRIVATE_FLAG 128\nFUTEX_CLOCK_REALTIME 256",
  madvise_cmds:
    "MADV_MERGEABLE 12\nMADV_UNMERGEABLE 13\nMADV_HUGEPAGE 14\nMADV_NOHUGEPAGE 15\nMADV_DONTDUMP 16\n" +
    "MADV_DODUMP 17\nMADV_WIPEONFORK 18\nMADV_KEEPONFORK 19\nMADV_COLLAPSE 25",
  mmap_prot: "PROT_SEM 8",
  mount_flags: "MS_MGC_VAL 3236757504",
  // On 64-bit machines glibc's F_GETLK64 is F_GETLK. strace names the kernel's, which is another number.
  fcntlcmds:
    "F_GETLK64 12\nF_SETLK64 13\nF_SETLKW64 14\nF_GETOWNER_UIDS 17\nF_DUPFD_QUERY 1027\nF_CREATED_QUERY 1028\n" +
    "F_CANCELLK 1029\nF_GETDELEG 1039\nF_SETDELEG 1040",
  ptrace_cmds: "PTRACE_OLDSETOPTIONS 21",
  uring_register_opcodes: "IORING_REGISTER_USE_REGISTERED_RING 2147483648",
};

const read = new Map<string, SymbolTable>();
function table(name: string): SymbolTable {
  let found = read.get(name);
  if (found === undefined) {
    const lines = [constants[name]?.values, alsoPrinted[name]].filter((values) => values !== undefined).join("\n");
    found = readTable(lines, name.endsWith("flags") || alsoBits.has(name));
    read.set(name, found);
  }
  return found;
}

interface Use {
  readonly name: string;
  /** True if the argument has this meaning only together with another one. */
  readonly conditional: boolean;
}

const uses = new Map<string, readonly Use[]>();
/** The tables that describe an argument. */
function usesOf(syscall: string, index: number): readonly Use[] {
  const position = `${syscall}[${index}]`;
  let found = uses.get(position);
  if (found === undefined) {
    found = Object.entries(constants).flatMap(([name, { usedBy }]) =>
      usedBy
        .filter((use) => use.startsWith(position))
        .map((use) => ({ name, conditional: /^(?: (?:when|>>|&)|\.)/.test(use.slice(position.length)) })),
    );
    uses.set(position, found);
  }
  return found;
}

const requests = new Map<string, bigint>();
/**
 * The number of an ioctl request. This searches the sorted text instead of reading all of it, because a workload makes
 * only a few of the thousands of requests.
 */
function ioctlRequest(name: string): bigint | undefined {
  const known = requests.get(name);
  if (known !== undefined) return known;
  const text = ioctlRequests();
  let [low, high] = [0, text.length];
  while (low < high) {
    const start = text.lastIndexOf("\n", ((low + high) >> 1) - 1) + 1;
    const [found = "", value = "0"] = text.slice(start, text.indexOf("\n", start)).split(" ");
    if (found === name) {
      const request = BigInt(value);
      requests.set(name, request);
      return request;
    }
    if (found < name) low = text.indexOf("\n", start) + 1;
    else high = start;
  }
  return undefined;
}

let everywhere: Map<string, bigint | undefined> | undefined;
/** The number of any table's symbol, if all tables agree on it. */
function anywhere(symbol: string): bigint | undefined {
  if (everywhere === undefined) {
    everywhere = new Map();
    for (const name of Object.keys(constants)) {
      for (const [known, value] of table(name).byName)
        everywhere.set(known, everywhere.has(known) && everywhere.get(known) !== value ? undefined : value);
    }
  }
  return everywhere.get(symbol);
}

/** Second names of address families (sys/socket.h). strace 4.10 prints `PF_LOCAL`. */
const familySynonyms: { readonly [name: string]: string } = {
  AF_LOCAL: "AF_UNIX",
  AF_FILE: "AF_UNIX",
  AF_ROUTE: "AF_NETLINK",
};

/** strace before 4.13 prints address families as `PF_INET` (strace commit 71fe62e6). */
function presentFamily(symbol: string): string {
  const name = symbol.replace(/^PF_/, "AF_");
  return Object.hasOwn(familySynonyms, name) ? (familySynonyms[name] ?? name) : name;
}

/**
 * The number of a symbol that strace prints as a call's argument: ("socket", 0, "AF_INET") → 2n. Values are those of
 * x86_64. `undefined` for an unknown symbol.
 *
 * Old straces print `A or B` for requests whose lower 16 bits are the same. The lowest number is taken: requests of
 * terminals have nothing above those bits, and programs make them most.
 */
export function symbolValue(syscall: string, index: number, symbol: string): bigint | undefined {
  const names = (syscall.startsWith("socket") ? presentFamily(symbol) : symbol).split(" or ");
  const [name = ""] = names;
  if (syscall === "ioctl" && index === 1)
    return names
      .flatMap((each) => ioctlRequest(each) ?? [])
      .reduce<bigint | undefined>((least, value) => (least === undefined || value < least ? value : least), undefined);
  for (const use of usesOf(syscall, index)) {
    const value = table(use.name).byName.get(name);
    if (value !== undefined) return value;
  }
  return anywhere(name);
}

/**
 * A value in words: ("socket", 0, 2n) → "AF_INET", ("clone", 0, 0x111n) → "CLONE_VM|SIGCHLD". `undefined` if no table
 * describes this argument. Bits above the lower 32 follow the name of the lower ones: "AF_NETLINK|0x100000000".
 */
export function describeValue(
  syscall: string,
  index: number,
  value: bigint,
  arch: ScmpArch = "SCMP_ARCH_X86_64",
): string | undefined {
  const upper = value & ~0xffff_ffffn;
  // A negative int that was extended with its sign.
  if (upper === 0n || BigInt.asIntN(64, value) === BigInt.asIntN(32, value))
    return describeLower(syscall, placeOf(syscall, index, arch), value);
  const lower = describeLower(syscall, placeOf(syscall, index, arch), value & 0xffff_ffffn);
  return lower === undefined ? undefined : `${lower}|0x${upper.toString(16)}`;
}

/** The tables have most machines' order of arguments. On s390, clone's first two change places. */
function placeOf(syscall: string, index: number, arch: ScmpArch): number {
  return syscall === "clone" && index < 2 && cloneFlagsIndex(arch) === 1 ? 1 - index : index;
}

function describeLower(syscall: string, index: number, value: bigint): string | undefined {
  if (syscall === "ioctl" && index === 1) return requestName(value);
  const tables = usesOf(syscall, index)
    .filter((use) => !use.conditional)
    .map((use) => table(use.name));
  if (tables.length === 0) return undefined;
  for (const { byValue } of tables) {
    const name = byValue.get(value) ?? byValue.get(BigInt.asIntN(32, value));
    if (name !== undefined) return name;
  }
  // -1 is no set of flags: personality(0xffffffff) asks which are set.
  if (BigInt.asIntN(32, value) === -1n) return undefined;
  const parts: string[] = [];
  let rest = value;
  for (const { byValue } of tables.filter(({ bits }) => bits)) {
    for (const [bit, name] of [...byValue].sort(([a], [b]) => (a < b ? 1 : -1))) {
      if (bit > 0n && (rest & bit) === bit) {
        parts.unshift(name);
        rest &= ~bit;
      }
    }
  }
  if (rest !== 0n) {
    const low =
      syscall === "clone"
        ? table("signals").byValue.get(rest)
        : tables.find(({ bits, byValue }) => !bits && byValue.has(rest))?.byValue.get(rest);
    parts.push(low ?? `0x${rest.toString(16)}`);
  }
  return parts.length === 0 ? "0" : parts.join("|");
}

/** Requests of terminals come first, because containers meet them. Other requests share their numbers. */
function requestName(value: bigint): string | undefined {
  const text = ioctlRequests();
  const names: string[] = [];
  const wanted = ` ${value}\n`;
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1))
    names.push(text.slice(text.lastIndexOf("\n", at) + 1, at));
  return names.find((name) => /^(T[CI]|FI)/.test(name)) ?? names[0];
}

/** The number of an errno(3) name. */
export function errnoNumber(name: string): number | undefined {
  const value = table("errnos").byName.get(name);
  return value === undefined ? undefined : Number(value);
}

/** The errno(3) name of a number. */
export function errnoName(number: number): string | undefined {
  return table("errnos").byValue.get(BigInt(number));
}

/** Every capability of capabilities(7), as the kernel headers number them. */
export const allCapabilities: readonly string[] = rowNames(constants["cap"]?.values ?? "").sort();
