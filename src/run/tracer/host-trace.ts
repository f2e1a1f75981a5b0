import { constants, createReadStream, type ReadStream } from "node:fs";
import { open, rm, writeFile } from "node:fs/promises";
import { constants as osConstants } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { execa as Execa } from "execa";
import { keptTrace, keptTraceFacts, sessionFolder } from "../container/index.ts";
import { SeccompGenError } from "../../core/errors/index.ts";
import { hostStrace, type HostStrace } from "./host-strace.ts";
import { straceWords } from "./strace-command.ts";
import type { TraceRequest, StoppedBy, Trace, TraceEnd, WorkloadTrace } from "./trace.ts";

/** The time between SIGTERM and SIGKILL when we end a program. */
const stopTimeoutMs = 10_000;

/**
 * Runs a program on this host under strace. The trace comes through a fifo in a private folder. It ends when the
 * program and all its descendants have ended.
 */
export async function openTrace(request: TraceRequest): Promise<WorkloadTrace> {
  const strace = await hostStrace();
  const folder = await sessionFolder();
  try {
    const facts = request.facts?.(strace.version);
    if (facts !== undefined) await writeFile(join(folder, keptTraceFacts), facts, { mode: 0o600 });
    const { execa } = await import("execa");
    await execa("mkfifo", ["-m", "600", join(folder, fifoName)]);
    return new HostTrace(request, strace, folder, execa);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

const fifoName = "trace";

class HostTrace implements WorkloadTrace {
  readonly name = "main";
  readonly label = "workload";
  readonly straceVersion: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly beside: AsyncIterable<Trace> = Readable.from([]);
  readonly end: Promise<TraceEnd>;
  readonly #request: TraceRequest;
  readonly #folder: string;
  readonly #child: ReturnType<typeof runShown>;
  readonly #fifo: ReadStream;
  /** Aborted when the program and its descendants have ended. */
  readonly #over = new AbortController();
  #stoppedBy: StoppedBy | undefined;
  #isKept = false;

  constructor(request: TraceRequest, strace: HostStrace, folder: string, execa: typeof Execa) {
    this.#request = request;
    this.#folder = folder;
    this.straceVersion = strace.version;
    const fifo = join(folder, fifoName);
    const { untraced, words, notice } = request;
    const [file = "", ...args] = straceWords([strace.path], fifo, words, untraced);
    this.#child = runShown(execa, file, args, request.environment ?? process.env);
    this.#fifo = createReadStream(fifo);
    this.chunks = keeping(this.#fifo, join(folder, keptTrace), notice);
    this.end = this.#run(strace.path, fifo);
    this.end.catch(() => undefined); // its reader gets the error
    this.#stopInTime();
  }

  stop(): void {
    void this.#stop("enough");
  }

  keep(): () => Promise<void> {
    this.#isKept = true;
    return () => this.#removeFolder();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over.signal.aborted) {
      void this.#stop("interrupt");
      this.#fifo.destroy();
    }
    await this.end.catch(() => undefined);
    if (!this.#isKept) await this.#removeFolder();
  }

  async #run(strace: string, fifo: string): Promise<TraceEnd> {
    const isRead = new Promise<void>((resolve) => this.#fifo.once("close", resolve));
    const { code, exitCode, signal } = await this.#child;
    await unblock(fifo);
    await isRead;
    this.#over.abort();
    if (code === "ENOENT") {
      const error = new SeccompGenError({ code: "no-tracer", detail: `${strace} cannot be run` });
      return { kind: "failed", error };
    }
    const program = {
      exitCode: exitCode ?? 128 + signalNumber(signal),
      killed: signal === "SIGKILL",
      whileExitCode: undefined,
      said: "",
    };
    return this.#stoppedBy === undefined
      ? { kind: "exited", ...program }
      : { kind: "stopped", by: this.#stoppedBy, ...program };
  }

  #stopInTime(): void {
    const { interrupted, stopAfter } = this.#request;
    const over = this.#over.signal;
    // A Ctrl-C on the terminal reaches the program directly. A SIGTERM to us alone does not.
    interrupted.addEventListener("abort", () => void this.#stop("interrupt"), { once: true, signal: over });
    if (stopAfter === undefined) return;
    void delay(stopAfter * 1000, undefined, { signal: over })
      .then(() => this.#stop("stop-after"))
      .catch(() => undefined); // it was over before
  }

  async #stop(by: StoppedBy): Promise<void> {
    this.#stoppedBy = by;
    this.#child.kill("SIGTERM");
    const isOver = await delay(stopTimeoutMs, false, { signal: this.#over.signal }).catch(() => true);
    if (!isOver) this.#child.kill("SIGKILL");
  }

  #removeFolder(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}

/** Runs a program with the user's terminal. */
function runShown(execa: typeof Execa, file: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  return execa(file, args, { env, extendEnv: false, stdio: "inherit", reject: false, forceKillAfterDelay: false });
}

/** Writes a trace to a file and passes it on, even if the file cannot be written. */
async function* keeping(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  notice: (line: string) => void,
): AsyncGenerator<Uint8Array> {
  const handle = await open(path, "wx", 0o600);
  let kept = true;
  try {
    for await (const chunk of chunks) {
      if (kept) {
        await handle.writeFile(chunk).catch((error: NodeJS.ErrnoException) => {
          kept = false;
          notice(
            `${path}: ${error.code ?? error.message}; the recording goes on, but would be lost if ` +
              "seccomp-gen were killed",
          );
        });
      }
      yield chunk;
    }
  } finally {
    await handle.close();
  }
}

/**
 * Opening a fifo for reading waits for a writer. If strace never opened it, this acts as the writer
 * for a moment.
 */
async function unblock(fifo: string): Promise<void> {
  const handle = await open(fifo, constants.O_WRONLY | constants.O_NONBLOCK).catch(() => undefined);
  await handle?.close();
}

function signalNumber(signal: string | undefined): number {
  return signal === undefined ? 0 : (osConstants.signals[signal as NodeJS.Signals] ?? 0);
}
