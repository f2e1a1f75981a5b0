import { copyOf } from "./bytes.ts";

/**
 * Longer than any line strace writes with its default limits. Of a longer one the beginning is
 * kept, so that it can be reported.
 */
export const maxLine = 16 * 1024 * 1024;

const newline = 0x0a;
const carriageReturn = 0x0d;

/** The character that colours begin with. */
export const escape = 0x1b;

/**
 * A line with colours, NULs or a carriage return, which strace writes none of as data;
 * `mayBeColoured`: there is an escape character somewhere around.
 */
export function isOdd(bytes: Uint8Array, start: number, end: number, mayBeColoured: boolean): boolean {
  return (
    start < end &&
    (bytes[end - 1] === carriageReturn ||
      bytes[start] === 0 ||
      (mayBeColoured && bytes.subarray(start, end).includes(escape)))
  );
}

/**
 * The same memory. All bytes of a log are of one class, which is what keeps the code that reads
 * them fast; and Buffer finds a newline sooner than Uint8Array.
 */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Where the next newline stands; -1: nowhere. */
export function newlineFrom(bytes: Buffer, start: number): number {
  return bytes.indexOf(newline, start);
}

/** The line that a chunk ended in the midst of. */
export class CutLine {
  #parts: Uint8Array[] = [];
  #held = 0;

  get isEmpty(): boolean {
    return this.#held === 0;
  }

  /**
   * Goes on with it; of what is too long, only the beginning is kept. The chunk's memory may be
   * used again.
   */
  hold(bytes: Uint8Array, start: number, end: number): void {
    if (start === end || this.#held > maxLine) return;
    this.#parts.push(copyOf(bytes, start, end));
    this.#held += end - start;
  }

  /** All of it, in memory of its own, with what ends it. */
  take(last: Uint8Array): Buffer {
    const whole = Buffer.concat([...this.#parts, last]);
    this.#parts = [];
    this.#held = 0;
    return whole;
  }
}
