import { constants, createReadStream } from "node:fs";
import { open, rm, writeFile } from "node:fs/promises";
import { constants as osConstants } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { keptTrace, keptTraceFacts, sessionFolder } from "../container/index.ts";
import { SeccompGenError } from "../../core/errors/index.ts";
import type { TraceSink } from "./container-trace.ts";
import { hostStrace } from "./host-strace.ts";
import { straceWords, type Untraced } from "./strace-command.ts";

/** What became of a program traced on this host. */
export interface HostEnd {
  /** Its exit code, 128 + n when signal n ended it. */
  readonly exitCode: number;
  readonly by: "itself" | "stop-after" | "stable" | "interrupt";
  readonly strace: string;
  /**
   * Gives the trace away; until then a recording can be made of it should this process be killed.
   */
  readonly release: () => Promise<void>;
}

export interface HostExercise {
  readonly stopAfter: number | undefined;
  /** Resolves when nothing new has come for long enough. */
  readonly stable: ((over: AbortSignal) => Promise<void>) | undefined;
  readonly interrupted: AbortSignal;
  readonly notice: (line: string) => void;
}

/** Between SIGTERM and SIGKILL when we end the program. */
const stopTimeoutMs = 10_000;

/**
 * Runs a program on this host under strace. The trace comes through a fifo in a private folder,
 * where it is kept until `release`, beside `facts`: what is needed to make a recording of it. Ends
 * when the program and all its descendants have ended.
 */
export async function traceOnHost(
  program: readonly string[],
  exercise: HostExercise,
  sink: TraceSink,
  untraced: Untraced,
  facts: (strace: string) => string,
): Promise<HostEnd> {
  const strace = await hostStrace();
  const folder = await sessionFolder();
  const fifo = join(folder, "trace");
  const release = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await writeFile(join(folder, keptTraceFacts), facts(strace.version), { mode: 0o600 });
    await execa("mkfifo", ["-m", "600", fifo]);
    const [file = "", ...words] = straceWords([strace.path], fifo, program, { detached: true, untraced });
    const child = execa(file, words, { stdio: "inherit", reject: false, forceKillAfterDelay: false });
    const reading = sink("main", keeping(createReadStream(fifo), join(folder, keptTrace), exercise.notice));
    reading.catch(() => undefined);
    let by: HostEnd["by"] = "itself";
    const over = new AbortController();
    const stop = async (why: HostEnd["by"], signal: NodeJS.Signals): Promise<void> => {
      by = why;
      child.kill(signal);
      await delay(stopTimeoutMs, undefined, { signal: over.signal });
      child.kill("SIGKILL");
    };
    // A Ctrl-C on the terminal has reached the program already; SIGTERM to us alone has not.
    exercise.interrupted.addEventListener("abort", () => void stop("interrupt", "SIGTERM").catch(() => undefined), {
      once: true,
    });
    if (exercise.stopAfter !== undefined) {
      void delay(exercise.stopAfter * 1000, undefined, { signal: over.signal })
        .then(() => stop("stop-after", "SIGTERM"))
        .catch(() => undefined);
    }
    void exercise
      .stable?.(over.signal)
      .then(() => stop("stable", "SIGTERM"))
      .catch(() => undefined);
    const result = await child;
    if (result.code === "ENOENT")
      throw new SeccompGenError({ code: "no-tracer", detail: `${strace.path} cannot be run` });
    await unblock(fifo);
    await reading;
    over.abort();
    return { exitCode: result.exitCode ?? 128 + signalNumber(result.signal), by, strace: strace.version, release };
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * Passes a trace on, and writes it to a file first. Where that cannot be written, the trace goes
 * on.
 */
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
            `${path}: ${error.code ?? error.message}; the recording goes on, and would be lost should ` +
              "seccomp-gen be killed",
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
 * Opening a fifo to read waits for a writer; when strace never opened it, we are that writer for a
 * moment.
 */
async function unblock(fifo: string): Promise<void> {
  const handle = await open(fifo, constants.O_WRONLY | constants.O_NONBLOCK).catch(() => undefined);
  await handle?.close();
}

function signalNumber(signal: string | undefined): number {
  return signal === undefined ? 0 : (osConstants.signals[signal as NodeJS.Signals] ?? 0);
}
