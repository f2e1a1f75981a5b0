/** Where the tracer's files stand inside the workload's container. */
export const tracerFolder = "/.seccomp-gen";
/** Where the session's own files stand there: gates, and traces that strace writes inside the container. One folder in all is what the workload can see of us. */
export const traceFolder = `${tracerFolder}/out`;

/**
 * strace's options for a recording (strace(1)):
 * `-f` children and threads; `-n` the number in the kernel's table (tells socketcall from socket); `-X verbose` number and
 * name of each constant; `--quiet=attach` because `-o` alone implies `-q`, which hides "runs in 32 bit mode".
 */
const straceOptions = ["-f", "-n", "-X", "verbose", "--quiet=attach"] as const;

/**
 * strace in front of a program. `detached` (`-D`) makes strace the grandchild: the program keeps its pid, signals and exit code.
 * `-A`: a container that is restarted goes on in the same log.
 */
export function straceWords(strace: readonly string[], logFile: string, program: readonly string[], options: { readonly detached: boolean }): readonly string[] {
  return [...strace, ...straceOptions, ...(options.detached ? ["-D"] : []), "-A", "-o", logFile, "--", ...program];
}

/** strace that is attached to a running process. `-I never`: no signal that the workload sends to all its processes ends the tracer. */
export function attachedStraceWords(strace: readonly string[], logFile: string): readonly string[] {
  return [...strace, ...straceOptions, "-I", "never", "-A", "-o", logFile, "-p"];
}

/** The gate at which a program waits for its tracer, and the log that the tracer writes. */
export function gateOf(name: string): string {
  return `${traceFolder}/${name}.gate`;
}

/** The holder (hold.c) in front of a program: it becomes the program as soon as somebody opens the gate. */
export function heldWords(name: string, program: readonly string[]): readonly string[] {
  return [holder, gateOf(name), ...program];
}

/** The holder as the volume has it. */
export const holder = `${tracerFolder}/hold`;

/** strace started through its own loader, so that the image needs neither libc nor shell. */
export const containerStrace: readonly string[] = [`${tracerFolder}/ld.so`, "--library-path", tracerFolder, `${tracerFolder}/strace`];
