import { constants } from "node:os";
import type { ScmpArch } from "../../core/tables/index.ts";

/** Where the tracer's files are inside the workload's container. */
export const tracerFolder = "/.seccomp-gen";
/**
 * Where the session's own files are there: gates, and logs that strace writes inside the
 * container.
 */
export const traceFolder = `${tracerFolder}/out`;

/**
 * strace's options for a recording (strace(1)): `-f` children and threads; `-n` the number in the
 * kernel's table (tells socketcall from socket); `-X verbose` number and name of each constant;
 * `--quiet=attach` because `-o` alone implies `-q`, which hides "runs in 32 bit mode".
 */
const straceOptions = ["-f", "-n", "-X", "verbose", "--quiet=attach"] as const;

/**
 * strace in front of a program. `detached` (`-D`) makes strace the grandchild: the program keeps
 * its pid, signals and exit code. `-A`: a restarted container continues the same log.
 */
export function straceWords(
  strace: readonly string[],
  logFile: string,
  program: readonly string[],
  options: { readonly detached: boolean; readonly untraced?: Untraced; readonly more?: readonly string[] },
): readonly string[] {
  return [
    ...strace,
    ...straceOptions,
    ...(options.more ?? []),
    ...untracedOptions(options.untraced ?? traceAll),
    ...(options.detached ? ["-D"] : []),
    "-A",
    "-o",
    logFile,
    "--",
    ...program,
  ];
}

/** What is left out of a trace. */
export interface Untraced {
  /** Whole calls, by architecture. */
  readonly calls: ReadonlyMap<ScmpArch, readonly string[]>;
  /**
   * An array of `struct sock_filter` that runs before strace's own filter and lets calls through by
   * their arguments (known-arguments.c).
   */
  readonly letThrough: Uint8Array | undefined;
}

/** Every call is traced. */
export const traceAll: Untraced = { calls: new Map(), letThrough: undefined };

export function leavesOut(untraced: Untraced): boolean {
  return [...untraced.calls.values()].some((calls) => calls.length > 0);
}

/**
 * What strace calls an architecture's mode (strace(1), "syscall_set"); calls in other modes are all
 * traced.
 */
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
 * `--seccomp-bpf` (strace 5.3): a filter of strace's own decides in the kernel which calls stop for
 * it, so that the others run at nearly full speed. To install it strace sets no_new_privs, always:
 * setuid programs and file capabilities gain nothing then (strace filter_seccomp.c). `?`: a name
 * that this strace does not know is no error.
 */
function untracedOptions({ calls: known, letThrough }: Untraced): readonly string[] {
  const names = [...known].flatMap(([arch, calls]) =>
    modes[arch] === undefined ? [] : calls.map((name) => `?${name}@${modes[arch]}`),
  );
  return names.length === 0
    ? []
    : [
        "--seccomp-bpf",
        "-e",
        `trace=!${names.join(",")}`,
        ...(letThrough === undefined ? [] : ["-E", `${letThroughMark}${Buffer.from(letThrough).toString("hex")}`]),
      ];
}

/**
 * How strace names a signal that an engine was given by name or number (`TERM`, `SIGRTMIN+3`, `37`;
 * moby pkg/signal). strace counts real-time signals from the kernel's SIGRTMIN, 32 (strace
 * signal.c); engines count from glibc's, 34.
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

/**
 * strace that is attached to a running process. `-I never`: no signal that the workload sends to
 * all its processes ends the tracer.
 */
export function attachedStraceWords(
  strace: readonly string[],
  logFile: string,
  more: readonly string[],
): readonly string[] {
  return [...strace, ...straceOptions, ...more, "-I", "never", "-A", "-o", logFile, "-p"];
}

/**
 * The gate at which a program waits for its tracer. Named after the session too: process namespaces
 * that containers share (`--pid`) show the gates of all.
 */
export function gateOf(session: string, name: string): string {
  return `${traceFolder}/${name}-${session}.gate`;
}

/** The holder (hold.c) in front of a program: it becomes the program once the gate is opened. */
export function heldWords(session: string, name: string, program: readonly string[]): readonly string[] {
  return [holder, gateOf(session, name), ...program];
}

/** The holder as the volume has it. */
export const holder = `${tracerFolder}/hold`;

/** strace started through its own loader, so that the image needs neither libc nor shell. */
export const containerStrace: readonly string[] = [
  `${tracerFolder}/ld.so`,
  "--library-path",
  tracerFolder,
  `${tracerFolder}/strace`,
];

/**
 * What known-arguments.c looks for. No variable of the environment has such a name, so that strace
 * takes none away.
 */
const letThroughMark = "seccomp-gen.let-through:";

/**
 * strace with known-arguments.c, which is loaded by strace's loader and so by nothing that strace
 * starts.
 */
export const filteringStrace: readonly string[] = [
  `${tracerFolder}/ld.so`,
  "--library-path",
  tracerFolder,
  "--preload",
  `${tracerFolder}/known-arguments.so`,
  `${tracerFolder}/strace`,
];

/** Whether the trace cannot show when a service begins to serve. */
export function leavesOutConnections(untraced: Untraced): boolean {
  return [...untraced.calls.values()].some((names) => names.includes("accept") || names.includes("accept4"));
}
