import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "../project/index.ts";
import type { ScmpArch } from "../core/tables/index.ts";
import { isPacked } from "./log-source.ts";
import type { RestRead } from "./reading.ts";

/** What the other thread is to read. */
export interface RestTask {
  readonly path: string;
  /** What events call the file. */
  readonly label: string;
  readonly arch: ScmpArch;
  /** Where it begins in the file, at the beginning of a line. */
  readonly from: number;
  /** Shared: how many KiB are read. */
  readonly progress: Int32Array;
}

/** The rest of a log, which another thread reads. */
export interface RestReader {
  readonly from: number;
  /** So many bytes of the rest are read. */
  done(): number;
  read(): Promise<RestRead | undefined>;
  /** May be called at any time. */
  stop(): void;
}

/** To start another thread takes as long as to read some hundred megabytes. */
const fewBytes = 1e9;

/** The other one starts later, and has a little more to do. */
const ownShare = 0.52;

/** Where the bundle has the other thread's code. */
const script = join(packageFolder, "dist", "cli-rest.cjs");

/**
 * Has another thread read the second half of a long log, on another processor; undefined: there is
 * none, or the log is short or packed.
 */
export function readRest(path: string, size: number, label: string, arch: ScmpArch): RestReader | undefined {
  if (
    size < fewBytes ||
    process.getBuiltinModule("node:os").availableParallelism() < 2 ||
    !hasAddresses() ||
    !existsSync(script)
  )
    return undefined;
  const from = middleOf(path, Math.floor(size * ownShare));
  if (from === undefined) return undefined;
  const { Worker } = process.getBuiltinModule("node:worker_threads");
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const workerData: RestTask = { path, label, arch, from, progress };
  const worker = new Worker(script, { workerData });
  const read = new Promise<RestRead | undefined>((resolve) => {
    worker.once("message", (rest: RestRead | undefined) => resolve(rest));
    worker.once("error", () => resolve(undefined)); // who reads it in one go meets the same, and says so
    worker.once("exit", () => resolve(undefined));
  });
  return { from, done: () => Atomics.load(progress, 0) * 1024, read: () => read, stop: () => void worker.terminate() };
}

/**
 * V8 sets gigabytes of addresses aside for each thread, and ends the process where it gets none
 * (`ulimit -v`; proc_pid_limits(5)).
 */
function hasAddresses(): boolean {
  try {
    return /^Max address space +unlimited/m.test(readFileSync("/proc/self/limits", "utf8"));
  } catch {
    return true; // no Linux
  }
}

/**
 * Where the first line begins that begins after `offset`; undefined: not near, or the file is
 * packed.
 */
function middleOf(path: string, offset: number): number | undefined {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.allocUnsafe(1024 * 1024);
    if (isPacked(bytes.subarray(0, readSync(file, bytes, 0, 16, 0)))) return undefined;
    const newline = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, offset)).indexOf("\n");
    return newline < 0 ? undefined : offset + newline + 1;
  } finally {
    closeSync(file);
  }
}
