import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Aggregator } from "../aggregator/aggregator.ts";
import { createStraceParser, roomFor } from "../strace-parser/index.ts";
import type { Digest } from "../strace-parser/index.ts";
import type { DigestWork, Filled, Slot } from "./digest-worker.ts";
import { keepHeapSmall } from "./heap.ts";
import { isPacked } from "./log-source.ts";
import type { OnRead } from "./log-source.ts";

/** When a second thread reads, and how much at a time. */
export interface Measures {
  /** A thread costs more to start than it saves on less. */
  readonly leastBytes: number;
  readonly slotBytes: number;
  /** So much is read alone at the most, while the thread starts. */
  readonly mostAlone: number;
}

const measures: Measures = { leastBytes: 32e6, slotBytes: 1 << 20, mostAlone: Infinity };
const slotCount = 3;
const aloneBytes = 256 * 1024;

/**
 * Reads a long log with a second thread that takes its lines apart, while this one goes on with what they mean: the same parser in two halves, so that the
 * result is the same. False, and nothing read: the log is short or packed, no file, or there is one processor.
 */
export async function readDigested(aggregator: Aggregator, path: string, label: string, onRead: OnRead, { leastBytes, ...amounts } = measures): Promise<boolean> {
  if (path === "-" || availableParallelism() < 2) return false;
  const file = openSync(path, "r");
  try {
    const about = fstatSync(file);
    const head = new Uint8Array(8);
    if (!about.isFile() || about.size < leastBytes || isPacked(head.subarray(0, readSync(file, head, 0, head.length, 0)))) return false;
    await readSlots(aggregator, file, about.size, label, onRead, amounts);
    return true;
  } finally {
    closeSync(file);
  }
}

async function readSlots(aggregator: Aggregator, file: number, size: number, label: string, onRead: OnRead, { slotBytes, mostAlone }: Omit<Measures, "leastBytes">): Promise<void> {
  const slots: readonly Slot[] = Array.from({ length: slotCount }, () => ({ bytes: new SharedArrayBuffer(slotBytes), fields: new SharedArrayBuffer(4 * roomFor(slotBytes)) }));
  const worker = new Worker(new URL("./digest-worker.js", import.meta.url), { workerData: { file, slots } satisfies DigestWork, resourceLimits: { maxYoungGenerationSizeMb: 2 } });
  const parser = createStraceParser({ file: label });
  const names: string[] = [];
  const failures: Digest["failures"][number][] = [];
  let position = 0;
  let isThere = false;
  try {
    await new Promise<void>((resolve, reject) => {
      worker.on("error", reject);
      worker.on("exit", () => reject(new Error("the thread that reads the log ended")));
      worker.once("message", () => {
        isThere = true;
        keepHeapSmall();
        worker.on("message", (filled: Filled) => {
          try {
            names.push(...filled.names);
            failures.push(...filled.failures);
            take(filled);
            onRead(filled.done, size);
            if (filled.last) resolve();
            else worker.postMessage(filled.slot);
          } catch (error) {
            reject(error);
          }
        });
        worker.postMessage(position);
        for (const slot of slots.keys()) worker.postMessage(slot);
      });
      readAlone().then((ended) => (ended ? resolve() : undefined), reject);
    });
  } finally {
    await worker.terminate();
  }
  for (const event of parser.end()) aggregator.add(event);

  /** Until the thread is there; true: the log ended before. */
  async function readAlone(): Promise<boolean> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(aloneBytes, slotBytes));
    while (!isThere && position < mostAlone) {
      const read = readSync(file, buffer, 0, buffer.length, position);
      if (read === 0) return true;
      position += read;
      parser.each(buffer.subarray(0, read), aggregator.add);
      onRead(position, size);
      await setImmediate();
    }
    return false;
  }

  function take({ slot, digestAt, lines, restAt, end }: Filled): void {
    const memory = slots[slot];
    if (memory === undefined) return;
    if (digestAt > 0) parser.each(Buffer.from(memory.bytes, 0, digestAt), aggregator.add);
    parser.eachDigested(Buffer.from(memory.bytes, digestAt, restAt - digestAt), { fields: new Int32Array(memory.fields), lines, names, failures }, aggregator.add);
    if (end > restAt) parser.each(Buffer.from(memory.bytes, restAt, end - restAt), aggregator.add);
  }
}
