import { readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { Digester, roomFor } from "../strace-parser/index.ts";
import type { Digest } from "../strace-parser/index.ts";
import { rehearse } from "./rehearsal.ts";

/** Memory that both threads see: a piece of the log and its digest. */
export interface Slot {
  readonly bytes: SharedArrayBuffer;
  readonly fields: SharedArrayBuffer;
}

/** What the worker is given: an open file and the slots it may fill, one after the other, each when it is told to. It says when it is there, and is told first where in the file to begin. */
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
function digestLog({ file, slots }: DigestWork, begin: number): (slot: number) => Filled {
  const digester = new Digester();
  let names = 0;
  let failures = 0;
  let position = begin;
  /** Memory that no other thread sees is searched faster; what is found is copied. */
  const bytes = Buffer.allocUnsafeSlow(slots[0]?.bytes.byteLength ?? 0);
  /** So many bytes at its beginning followed the last newline. */
  let carried = 0;
  /** What was read before ended inside of a line, or may have. */
  let inLine = begin > 0;
  return (slot) => {
    const memory = slots[slot];
    if (memory === undefined) throw new Error(`no slot ${slot}`);
    const read = readSync(file, bytes, carried, bytes.length - carried, position);
    position += read;
    const held = carried + read;
    const last = read === 0;
    const after = last ? held : bytes.subarray(0, held).lastIndexOf(newline) + 1;
    // Without a newline all of it is given on as it is.
    const end = after === 0 ? held : after;
    const digestAt = inLine ? Math.min(end, bytes.subarray(0, end).indexOf(newline) + 1 || end) : 0;
    inLine = after === 0;
    Buffer.from(memory.bytes).set(bytes.subarray(0, end));
    digester.begin(bytes.subarray(digestAt, end));
    const lines = digester.digest(new Int32Array(memory.fields));
    const filled = { slot, digestAt, lines, restAt: digestAt + digester.at, end, names: digester.names.slice(names), failures: digester.failures.slice(failures), done: position, last };
    names = digester.names.length;
    failures = digester.failures.length;
    bytes.copyWithin(0, end, held);
    carried = held - end;
    return filled;
  };
}

const port = parentPort;
if (port !== null) {
  port.once("message", (begin: number) => {
    const fill = digestLog(workerData as DigestWork, begin);
    port.on("message", (slot: number) => port.postMessage(fill(slot)));
  });
  rehearse((lines) => {
    const digester = new Digester();
    digester.begin(lines);
    digester.digest(new Int32Array(roomFor(lines.length)));
  });
  port.postMessage("there");
}
