/** Where the tracer's files stand inside the workload's container. */
export const tracerFolder = "/.seccomp-gen";
/** Where traces are written inside the workload's container. */
export const traceFolder = "/.seccomp-gen-out";

/**
 * strace's options for a recording (strace(1)):
 * `-f` children and threads; `-n` the number in the kernel's table (tells socketcall from socket); `-X verbose` number and
 * name of each constant; `--quiet=attach` because `-o` alone implies `-q`, which hides "runs in 32 bit mode".
 */
const straceOptions = ["-f", "-n", "-X", "verbose", "--quiet=attach"] as const;

/** strace in front of a program. `detached` (`-D`) makes strace the grandchild: the program keeps its pid, signals and exit code. */
export function straceWords(strace: readonly string[], logFile: string, program: readonly string[], options: { readonly detached: boolean }): readonly string[] {
  return [...strace, ...straceOptions, ...(options.detached ? ["-D"] : []), "-o", logFile, "--", ...program];
}

/** strace started through its own loader, so that the image needs neither libc nor shell. */
export const containerStrace: readonly string[] = [`${tracerFolder}/ld.so`, "--library-path", tracerFolder, `${tracerFolder}/strace`];
