import { readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { Digester } from "../strace-parser/index.ts";
import type { Digest } from "../strace-parser/index.ts";

/** Memory that both threads see: a piece of the log and its digest. */
export interface Slot {
  readonly bytes: SharedArrayBuffer;
  readonly fields: SharedArrayBuffer;
}

/** What the worker is given: an open file and the slots it may fill, one after the other, each when it is told to. */
export interface DigestWork {
  readonly file: number;
  readonly slots: readonly Slot[];
}

/** A filled slot: bytes that go on with an earlier line, digested lines, bytes after them; offsets into the slot. */
export interface Filled {
  readonly slot: number;
  readonly digestAt: number;
  readonly lines: number;
  readonly restAt: number;
  readonly end: number;
  /** What was new in this piece. */
  readonly names: Digest["names"];
  readonly failures: Digest["failures"];
  /** Bytes of the file read so far. */
  readonly done: number;
  readonly last: boolean;
}

const newline = 0x0a;

/** Reads and digests a log beside the thread that goes on with it. */
function digestLog({ file, slots }: DigestWork, fill: (answer: (slot: number) => Filled) => void): void {
  const digester = new Digester();
  let names = 0;
  let failures = 0;
  let position = 0;
  /** What follows the last newline. */
  let carried = Buffer.alloc(0);
  /** The piece before ended inside of a line that is longer than a slot. */
  let inLine = false;
  fill((slot) => {
    const memory = slots[slot];
    if (memory === undefined) throw new Error(`no slot ${slot}`);
    const bytes = Buffer.from(memory.bytes);
    bytes.set(carried, 0);
    const read = readSync(file, bytes, carried.length, bytes.length - carried.length, position);
    position += read;
    const held = carried.length + read;
    const last = read === 0;
    const after = last ? held : bytes.subarray(0, held).lastIndexOf(newline) + 1;
    // Without a newline all of it is given on as it is.
    const end = after === 0 ? held : after;
    const digestAt = inLine ? Math.min(end, bytes.subarray(0, end).indexOf(newline) + 1 || end) : 0;
    inLine = after === 0;
    carried = Buffer.from(bytes.subarray(end, held));
    digester.begin(bytes.subarray(digestAt, end));
    const lines = digester.digest(new Int32Array(memory.fields));
    const filled = { slot, digestAt, lines, restAt: digestAt + digester.at, end, names: digester.names.slice(names), failures: digester.failures.slice(failures), done: position, last };
    names = digester.names.length;
    failures = digester.failures.length;
    return filled;
  });
}

const port = parentPort;
if (port !== null) digestLog(workerData as DigestWork, (answer) => port.on("message", (slot: number) => port.postMessage(answer(slot))));
