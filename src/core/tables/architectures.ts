import type { ScmpArch } from "./types.ts";

/** Set in every number of an x32 call: __X32_SYSCALL_BIT (asm/unistd.h). */
export const x32Bit = 0x4000_0000;

interface ArchitectureRow {
  /**
   * libseccomp's short name, as `includes.arches` of Docker profiles spells it
   * (moby/profiles/seccomp).
   */
  readonly docker: string;
  /** Column of the syscall table (libseccomp src/syscalls.csv). */
  readonly column: string;
  /**
   * Added to the table's number to get `seccomp_data.nr`: bit 30 of x32 (asm/unistd.h), the bases of the mips ABIs
   * (asm/unistd.h).
   */
  readonly base: number;
  /** The names in Node (`process.arch`), OCI/Go (`GOARCH`) and uname(2). */
  readonly aliases: readonly string[];
  /**
   * The architectures whose programs a 64-bit kernel also runs, by strace's word for the mode. strace has no word for
   * n32, because a strace of its own traces n32 programs.
   */
  readonly compat?: { readonly [mode in "32 bit" | "x32" | "n32"]?: ScmpArch };
}

/**
 * seccomp_arch_add(3), seccomp_api_get(3); compat modes: strace's personalities per architecture.
 */
const architectures: { readonly [arch in ScmpArch]: ArchitectureRow } = {
  SCMP_ARCH_X86: { docker: "x86", column: "x86", base: 0, aliases: ["386", "ia32", "i386", "i486", "i586", "i686"] },
  SCMP_ARCH_X86_64: {
    docker: "amd64",
    column: "x86_64",
    base: 0,
    aliases: ["x64", "x86_64", "x86-64"],
    compat: { "32 bit": "SCMP_ARCH_X86", x32: "SCMP_ARCH_X32" },
  },
  SCMP_ARCH_X32: { docker: "x32", column: "x32", base: x32Bit, aliases: [] },
  SCMP_ARCH_ARM: {
    docker: "arm",
    column: "arm",
    base: 0,
    aliases: ["armv6l", "armv7l", "armv7", "armhf", "armel", "armv5l", "armv5tel"],
  },
  SCMP_ARCH_AARCH64: {
    docker: "arm64",
    column: "aarch64",
    base: 0,
    aliases: ["aarch64", "armv8l"],
    compat: { "32 bit": "SCMP_ARCH_ARM" },
  },
  SCMP_ARCH_LOONGARCH64: { docker: "loong64", column: "loongarch64", base: 0, aliases: ["loongarch64"] },
  SCMP_ARCH_M68K: { docker: "m68k", column: "m68k", base: 0, aliases: [] },
  SCMP_ARCH_MIPS: { docker: "mips", column: "mips", base: 4000, aliases: ["mipso32"] },
  SCMP_ARCH_MIPS64: {
    docker: "mips64",
    column: "mips64",
    base: 5000,
    aliases: [],
    compat: { "32 bit": "SCMP_ARCH_MIPS", n32: "SCMP_ARCH_MIPS64N32" },
  },
  SCMP_ARCH_MIPS64N32: { docker: "mips64n32", column: "mips64n32", base: 6000, aliases: ["mipsn32", "mips64p32"] },
  SCMP_ARCH_MIPSEL: { docker: "mipsel", column: "mips", base: 4000, aliases: ["mipsle"] },
  SCMP_ARCH_MIPSEL64: {
    docker: "mipsel64",
    column: "mips64",
    base: 5000,
    aliases: ["mips64el", "mips64le"],
    compat: { "32 bit": "SCMP_ARCH_MIPSEL", n32: "SCMP_ARCH_MIPSEL64N32" },
  },
  SCMP_ARCH_MIPSEL64N32: {
    docker: "mipsel64n32",
    column: "mips64n32",
    base: 6000,
    aliases: ["mipsn32el", "mips64p32le"],
  },
  SCMP_ARCH_PARISC: { docker: "parisc", column: "parisc", base: 0, aliases: ["hppa"] },
  SCMP_ARCH_PARISC64: {
    docker: "parisc64",
    column: "parisc64",
    base: 0,
    aliases: [],
    compat: { "32 bit": "SCMP_ARCH_PARISC" },
  },
  SCMP_ARCH_PPC: { docker: "ppc", column: "ppc", base: 0, aliases: ["powerpc"] },
  SCMP_ARCH_PPC64: {
    docker: "ppc64",
    column: "ppc64",
    base: 0,
    aliases: ["powerpc64"],
    compat: { "32 bit": "SCMP_ARCH_PPC" },
  },
  SCMP_ARCH_PPC64LE: { docker: "ppc64le", column: "ppc64", base: 0, aliases: ["ppc64el"] },
  SCMP_ARCH_RISCV64: { docker: "riscv64", column: "riscv64", base: 0, aliases: [] },
  SCMP_ARCH_S390: { docker: "s390", column: "s390", base: 0, aliases: [] },
  SCMP_ARCH_S390X: { docker: "s390x", column: "s390x", base: 0, aliases: [], compat: { "32 bit": "SCMP_ARCH_S390" } },
  SCMP_ARCH_SH: { docker: "sh", column: "sh", base: 0, aliases: ["sh4", "sh4a"] },
  SCMP_ARCH_SHEB: { docker: "sheb", column: "sh", base: 0, aliases: ["sh4eb"] },
};

const wide: ReadonlySet<ScmpArch> = new Set<ScmpArch>([
  "SCMP_ARCH_X86_64",
  "SCMP_ARCH_AARCH64",
  "SCMP_ARCH_LOONGARCH64",
  "SCMP_ARCH_MIPS64",
  "SCMP_ARCH_MIPSEL64",
  "SCMP_ARCH_PARISC64",
  "SCMP_ARCH_PPC64",
  "SCMP_ARCH_PPC64LE",
  "SCMP_ARCH_RISCV64",
  "SCMP_ARCH_S390X",
]);

const byAlias = new Map<string, ScmpArch>(
  (Object.entries(architectures) as [ScmpArch, ArchitectureRow][]).flatMap(([arch, row]) =>
    [arch, row.docker, ...row.aliases].map((name) => [name.toLowerCase(), arch]),
  ),
);

const bigEndian: ReadonlySet<ScmpArch> = new Set<ScmpArch>([
  "SCMP_ARCH_M68K",
  "SCMP_ARCH_MIPS",
  "SCMP_ARCH_MIPS64",
  "SCMP_ARCH_MIPS64N32",
  "SCMP_ARCH_PARISC",
  "SCMP_ARCH_PARISC64",
  "SCMP_ARCH_PPC",
  "SCMP_ARCH_PPC64",
  "SCMP_ARCH_S390",
  "SCMP_ARCH_S390X",
  "SCMP_ARCH_SHEB",
]);

/** The byte order (`.endian` in libseccomp's src/arch-*.c). All architectures of one filter have the same order. */
export function isBigEndian(arch: ScmpArch): boolean {
  return bigEndian.has(arch);
}

/** Every architecture for which libseccomp has a token. */
export const allArchitectures = Object.keys(architectures) as readonly ScmpArch[];

/**
 * An architecture's token from libseccomp's, Docker's, Node's or uname's name. `undefined` for any
 * other name.
 */
export function nativeArch(name: string): ScmpArch | undefined {
  return byAlias.get(name.toLowerCase());
}

/** Does the filter see 64 bits of each argument in this architecture's kernel? */
export function is64Bit(arch: ScmpArch): boolean {
  return wide.has(arch);
}

/** Is this text one of libseccomp's tokens? */
export function isScmpArch(text: string): text is ScmpArch {
  return Object.hasOwn(architectures, text);
}

/** The name in `includes.arches` and `--arch`: `amd64`, `x86`, `arm64`, … */
export function dockerArch(arch: ScmpArch): string {
  return architectures[arch].docker;
}

/**
 * The architecture through which a program in this strace personality enters the kernel. `undefined` if the machine has
 * no such mode. "64 bit" is also the mode of a log that never names one.
 */
export function compatArch(native: ScmpArch, personality: "64 bit" | "32 bit" | "x32"): ScmpArch | undefined {
  // strace names no modes on a 32-bit machine. Its only mode is the one that the parser takes for 64 bit.
  if (personality === "64 bit" || native === "SCMP_ARCH_X32") return native;
  return is64Bit(native) || personality === "x32" ? architectures[native].compat?.[personality] : native;
}

/**
 * The native architecture, among the given ones, whose kernel runs this one: x86_64 for x86 and x32. A native
 * architecture is its own host.
 */
export function hostArch(arch: ScmpArch, among: readonly ScmpArch[]): ScmpArch {
  return (
    among.find((native) => Object.values<ScmpArch | undefined>(architectures[native].compat ?? {}).includes(arch)) ??
    arch
  );
}

/** The 64-bit and the 31-bit kernel of IBM Z. */
export function isS390(arch: ScmpArch): boolean {
  return arch === "SCMP_ARCH_S390X" || arch === "SCMP_ARCH_S390";
}

/** The architectures on which Docker and podman run. A condition on architectures is judged on each. */
export const engineArches: readonly ScmpArch[] = [
  "SCMP_ARCH_X86_64",
  "SCMP_ARCH_X86",
  "SCMP_ARCH_AARCH64",
  "SCMP_ARCH_ARM",
  "SCMP_ARCH_PPC64LE",
  "SCMP_ARCH_S390X",
  "SCMP_ARCH_RISCV64",
  "SCMP_ARCH_LOONGARCH64",
  "SCMP_ARCH_MIPS64",
  "SCMP_ARCH_MIPSEL64",
];

/** Calls whose requests and options have other numbers in the headers of some architectures. */
const renumbered: ReadonlySet<string> = new Set([
  "ioctl",
  "fcntl",
  "fcntl64",
  "getsockopt",
  "setsockopt",
  "madvise",
  "pipe2",
]);

/**
 * May a symbol of this call have another number here than on x86_64? On mips, parisc, powerpc and sh it may. They have
 * ioctls.h, socket.h, fcntl.h or mman.h of their own (arch/*\/include/uapi/asm).
 */
export function hasOwnNumbers(arch: ScmpArch, syscall: string): boolean {
  return renumbered.has(syscall) && /_(?:MIPS|PARISC|PPC|SH)/.test(arch);
}

/** mips exchanges the numbers of SOCK_STREAM and SOCK_DGRAM (arch/mips/include/asm/socket.h). */
export function hasOwnSocketTypes(arch: ScmpArch): boolean {
  return arch.includes("MIPS");
}

/**
 * The argument of clone that has its flags: the first. On s390 it is the second, because its kernel takes the stack
 * first (CONFIG_CLONE_BACKWARDS2, clone(2)).
 */
export function cloneFlagsIndex(arch: ScmpArch): 0 | 1 {
  return isS390(arch) ? 1 : 0;
}

/** The column of the syscall table, and the base that its numbers need. */
export function syscallTableOf(arch: ScmpArch): { readonly column: string; readonly base: number } {
  return architectures[arch];
}
