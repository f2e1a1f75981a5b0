import { constants } from "node:os";
import type { ScmpArch } from "../../core/tables/index.ts";

/**
 * strace's options for a recording (strace(1)). `-f` follows children and threads. `-n` prints the number in the
 * kernel's table, which tells socketcall from socket. `-X verbose` prints number and name of each constant.
 * `--quiet=attach` is needed because `-o` alone implies `-q`, which hides "runs in 32 bit mode".
 */
const straceOptions = ["-f", "-n", "-X", "verbose", "--quiet=attach"] as const;

/**
 * The words that run a program under strace. `-D` makes strace the grandchild, so the program keeps its pid, signals
 * and exit code.
 */
export function straceWords(
  strace: readonly string[],
  logFile: string,
  program: readonly string[],
  untraced: Untraced,
): readonly string[] {
  return [...strace, ...straceOptions, ...untracedOptions(untraced), "-D", "-A", "-o", logFile, "--", ...program];
}

/** The calls that a trace leaves out. */
export interface Untraced {
  /** Whole calls, by architecture. */
  readonly calls: ReadonlyMap<ScmpArch, readonly string[]>;
}

/** Every call is traced. */
export const traceAll: Untraced = { calls: new Map() };

/** strace's names for the modes of architectures (strace(1), "syscall_set"). Calls in other modes are all traced. */
const modes: { readonly [arch in ScmpArch]?: string } = {
  SCMP_ARCH_X86_64: "64",
  SCMP_ARCH_X86: "32",
  SCMP_ARCH_X32: "x32",
  SCMP_ARCH_AARCH64: "64",
  SCMP_ARCH_ARM: "32",
  SCMP_ARCH_S390X: "64",
  SCMP_ARCH_PPC64LE: "64",
  SCMP_ARCH_RISCV64: "64",
};

/**
 * `--seccomp-bpf` (strace 5.3): a filter of strace decides in the kernel which calls stop for strace. The others run at
 * nearly full speed. To install it, strace always sets no_new_privs, so setuid programs and file capabilities gain
 * nothing (strace filter_seccomp.c). With `?`, a name that this strace does not know is no error.
 */
function untracedOptions({ calls: known }: Untraced): readonly string[] {
  const names = [...known].flatMap(([arch, calls]) =>
    modes[arch] === undefined ? [] : calls.map((name) => `?${name}@${modes[arch]}`),
  );
  return names.length === 0 ? [] : ["--seccomp-bpf", "-e", `trace=!${names.join(",")}`];
}

/**
 * strace's name for a signal that an engine got by name or number (`TERM`, `SIGRTMIN+3`, `37`; moby pkg/signal). strace
 * counts real-time signals from the kernel's SIGRTMIN, 32 (strace signal.c). Engines count from glibc's, 34.
 */
export function straceSignal(given: string): string {
  const name = given.toUpperCase().replace(/^(?:SIG)?/, "SIG");
  const realTime = /^SIGRTMIN(?:\+(\d+))?$/.exec(name);
  const number = realTime === null ? Number(given) : 34 + Number(realTime[1] ?? 0);
  if (Number.isNaN(number)) return name;
  return number >= 32
    ? `SIGRT_${number - 32}`
    : (Object.entries(constants.signals).find(([, known]) => known === number)?.[0] ?? given);
}

/** True if the trace cannot show when the program begins to serve. */
export function leavesOutConnections(untraced: Untraced): boolean {
  return [...untraced.calls.values()].some((names) => names.includes("accept") || names.includes("accept4"));
}
