import { copyOf } from "./bytes.ts";

/**
 * Longer than any line that strace writes with its default limits. The beginning of a longer line is kept, so that it
 * can be reported.
 */
export const maxLine = 16 * 1024 * 1024;

const newline = 0x0a;
const carriageReturn = 0x0d;

/** The character that colours begin with. */
export const escape = 0x1b;

/**
 * A line with colours, NULs or a carriage return. strace writes none of these as data. `mayBeColoured`: an escape
 * character stands somewhere near.
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
 * The same memory as a Buffer. If a log's bytes are always of one class, the code that reads them stays fast. Buffer
 * also finds a newline sooner than Uint8Array.
 */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Where the next newline stands. -1 if there is none. */
export function newlineFrom(bytes: Buffer, start: number): number {
  return bytes.indexOf(newline, start);
}

/** The line that the end of a chunk cut. */
export class CutLine {
  #parts: Uint8Array[] = [];
  #held = 0;

  get isEmpty(): boolean {
    return this.#held === 0;
  }

  /** Adds to the line. Only the beginning of a line that is too long is kept. The chunk's memory may be reused. */
  hold(bytes: Uint8Array, start: number, end: number): void {
    if (start === end || this.#held > maxLine) return;
    this.#parts.push(copyOf(bytes, start, end));
    this.#held += end - start;
  }

  /** A copy of the whole line, with the bytes that end it. */
  take(last: Uint8Array): Buffer {
    const whole = Buffer.concat([...this.#parts, last]);
    this.#parts = [];
    this.#held = 0;
    return whole;
  }
}
