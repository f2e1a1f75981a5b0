import { latin1 } from "./bytes.ts";
import { plainLines } from "./data/plain-lines.ts";
import { width } from "./fields.ts";
import { noResult, readResult } from "./result.ts";
import type { ReadResult } from "./result.ts";

/** TypeScript knows it only beside the DOM. */
declare const WebAssembly: { readonly Module: new (bytes: Uint8Array) => object; readonly Instance: new (module: object) => { readonly exports: unknown }; readonly CompileError: new () => Error } | undefined;

interface Global {
  readonly value: number;
}

/** What assembly/plain-lines.ts exports. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly inputBytes: Global;
  readonly mostLines: Global;
  readonly input: Global;
  readonly fields: Global;
  readonly next: Global;
  readonly names: Global;
  readonly nameCount: Global;
  readonly failures: Global;
  readonly failureCount: Global;
  readLines(length: number, base: number, most: number, coloured: boolean): number;
}

/** Reads plain lines, a piece of the text at a time. */
export interface PlainLines {
  /** What the fields number; more are added as they are met, and all logs share them. */
  readonly names: readonly string[];
  readonly failures: readonly ReadResult[];
  /** So many lines at most are read at once. */
  readonly mostLines: number;
  /** Writes the fields of the lines that begin at `start` and end in the same piece, as many as there is room for from `field` on; returns how many. */
  read(bytes: Uint8Array, start: number, coloured: boolean, fields: Int32Array, field: number, most: number): number;
  /** Where the next line begins after those that were read last. */
  next(): number;
}

const textBytes = 68;

let made: PlainLines | undefined | null = null;

/** One for all logs of a thread: it keeps nothing of a log but names. Undefined: this machine cannot (no SIMD, no WebAssembly, the other byte order); then each line is read closely. */
export function plainLinesReader(): PlainLines | undefined {
  if (made === null) made = make();
  return made;
}

function make(): PlainLines | undefined {
  const exports = instantiate();
  if (exports === undefined) return undefined;
  const { memory, readLines } = exports;
  const bytes = new Uint8Array(memory.buffer);
  const inputBytes = exports.inputBytes.value;
  const mostLines = exports.mostLines.value;
  const input = bytes.subarray(exports.input.value, exports.input.value + inputBytes);
  const numbers = new Int32Array(memory.buffer, exports.fields.value);
  const names: string[] = [];
  const failures: ReadResult[] = [];
  let base = 0;

  /** Its length in four bytes, then the text. */
  const textIn = (texts: number, index: number): string => {
    const at = texts + textBytes * index;
    return latin1(bytes, at + 4, at + 4 + (bytes[at] as number));
  };

  return {
    names,
    failures,
    mostLines,
    read(text, start, coloured, fields, field, most) {
      const piece = text.subarray(start, start + inputBytes);
      input.set(piece);
      base = start;
      const lines = readLines(piece.length, start, Math.min(most, mostLines), coloured);
      if (lines > 0) fields.set(numbers.subarray(0, lines * width), field);
      while (names.length < exports.nameCount.value) names.push(textIn(exports.names.value, names.length));
      while (failures.length < exports.failureCount.value) {
        const failure = Buffer.from(textIn(exports.failures.value, failures.length), "latin1");
        failures.push(readResult(failure, 0, failure.length) ?? noResult);
      }
      return lines;
    },
    next: () => base + exports.next.value,
  };
}

function instantiate(): Exports | undefined {
  if (typeof WebAssembly === "undefined" || new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) return undefined;
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(plainLines, "base64"))).exports as Exports;
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return undefined;
    throw error;
  }
}
