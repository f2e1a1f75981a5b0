import type { SeccompGenError } from "../../core/errors/index.ts";
import type { Untraced } from "./strace-command.ts";

/** One log of strace. */
export interface TraceLog {
  /** `main` for the workload, `exec-N` for a process that was started beside it. */
  readonly name: string;
  /** The growing log of strace. It can be read once. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** A program under strace, from its first instruction to its end. */
export interface Trace extends TraceLog {
  /** The program's name for people: `HEALTHCHECK`, `--exec date`, `workload`. */
  readonly label: string;
  /**
   * How it ended. Settles after `chunks` have been read to their end. Rejects only for a defect of
   * this program.
   */
  readonly end: Promise<TraceEnd>;
}

/**
 * A workload under strace. Disposing of it ends everything that still runs, and removes everything that was created for
 * it: containers, volumes, files.
 */
export interface WorkloadTrace extends Trace, AsyncDisposable {
  /** Version of the strace that writes the logs. */
  readonly straceVersion: string;
  /**
   * Processes that are not children of the workload, but that the profile binds too (health checks, `docker exec`).
   * They come in the order of their starts. The list ends with the workload. The workload waits until the logs of these
   * processes are read.
   */
  readonly beside: AsyncIterable<Trace>;
  /** Ends the workload with its own stop signal, because the trace shows enough. */
  stop(): void;
  /**
   * Keeps the stored log when the trace is disposed of. `seccomp-gen clean` can make a recording from it. The returned
   * function removes the log.
   */
  keep(): () => Promise<void>;
}

/** How a program ended. */
export type TraceEnd =
  /** It ended by itself. A container that never started has the exit code of the engine's CLI. */
  | ({ readonly kind: "exited" } & ProgramEnd)
  /** It was ended on purpose. */
  | ({ readonly kind: "stopped"; readonly by: StoppedBy } & ProgramEnd)
  /** The log is incomplete. */
  | ({ readonly kind: "cut"; readonly reason: string } & ProgramEnd)
  /** It could not be run or traced at all. */
  | { readonly kind: "failed"; readonly error: SeccompGenError };

/** How a program that ran has ended. */
export type EndOfRun = Exclude<TraceEnd, { kind: "failed" }>;

/** `enough`: `stop()` was called. `container`: the program's container ended while the program ran. */
export type StoppedBy = "while" | "stop-after" | "enough" | "interrupt" | "container";

/** The facts about a program that has ended. */
export interface ProgramEnd {
  /** `undefined` if it is unknown. */
  readonly exitCode: number | undefined;
  /**
   * SIGKILL ended it: from the engine after its stop timeout, from the kernel for lack of memory, or from `docker
   * kill`.
   */
  readonly killed: boolean;
  /** Exit code of the `--while` command. `undefined` if there was none, or if it was cut off. */
  readonly whileExitCode: number | undefined;
  /**
   * The last lines on its standard error. If the program never started, strace or the runtime explains the reason
   * there.
   */
  readonly said: string;
}

/** A program to be traced on this host. */
export interface TraceRequest {
  readonly words: readonly string[];
  /** `undefined` for our own environment. */
  readonly environment?: NodeJS.ProcessEnv | undefined;
  /** Seconds after which it is ended. */
  readonly stopAfter: number | undefined;
  /** Ctrl-C, SIGTERM. */
  readonly interrupted: AbortSignal;
  readonly notice: (line: string) => void;
  /** Calls that strace leaves out. */
  readonly untraced: Untraced;
  /**
   * Text that is stored beside the log: what a recording of the log needs if this process is killed. Without it, the
   * stored log is useless.
   */
  readonly facts?: (straceVersion: string | undefined) => string;
}

/**
 * Reads all logs of a trace as they grow. Resolves once the workload has ended and all logs are read. Throws if the
 * workload could not be run, or if a reader throws.
 */
export async function readTrace(trace: WorkloadTrace, read: (log: Trace) => Promise<void>): Promise<EndOfRun> {
  const reads = [read(trace)];
  // A reader that fails must not end the session early. Its error is thrown at the end.
  const settled = [Promise.allSettled(reads)];
  for await (const side of trace.beside) {
    const reading = read(side);
    reads.push(reading);
    settled.push(Promise.allSettled([reading]));
  }
  const end = await trace.end;
  await Promise.all(settled);
  if (end.kind === "failed") throw end.error;
  await Promise.all(reads);
  return end;
}

/** Exit code of a program that SIGKILL ended, as shells and engines count it (128 + 9). */
export const killedExitCode = 137;
