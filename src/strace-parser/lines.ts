import { copyOf } from "./bytes.ts";

/** Cuts bytes into lines. Holds one line at the most, and copies only lines that stand in two chunks. All are of one class (Buffer), which is what keeps the code that reads them fast. */
export interface LineCutter {
  /** Calls `line` for each line that ends in the chunk: it is `bytes` from `start` up to `end`, without its newline; `own`: `bytes` hold this line alone. */
  push(chunk: Uint8Array, line: (bytes: Uint8Array, start: number, end: number, own: boolean) => void): void;
  /** What stands after the last newline; undefined: nothing. */
  rest(): Uint8Array | undefined;
}

/** Longer than any line strace writes with its default limits. Of a longer one the beginning is kept, so that it can be reported. */
export const maxLine = 16 * 1024 * 1024;

const newline = 0x0a;
const carriageReturn = 0x0d;

/** The character that colours begin with. */
export const escape = 0x1b;

/** A line with colours, NULs or a carriage return, which strace writes none of as data; `mayBeColoured`: there is an escape character somewhere around. */
export function isOdd(bytes: Uint8Array, start: number, end: number, mayBeColoured: boolean): boolean {
  return start < end && (bytes[end - 1] === carriageReturn || bytes[start] === 0 || (mayBeColoured && bytes.subarray(start, end).includes(escape)));
}

/** Bytes from a whole word on, so that four are looked at at a time. */
export interface Words {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** Where what is meant begins. */
  readonly start: number;
}

export function inWords(chunk: Uint8Array): Words {
  const start = chunk.byteOffset % 4;
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset - start, start + chunk.length);
  return { bytes, words: new Int32Array(chunk.buffer, bytes.byteOffset, bytes.length >> 2), start };
}

export function createLineCutter(): LineCutter {
  let parts: Uint8Array[] = [];
  let held = 0;

  const take = (last: Uint8Array): Uint8Array => {
    const whole = Buffer.allocUnsafe(held + last.length);
    let at = 0;
    for (const part of [...parts, last]) {
      whole.set(part, at);
      at += part.length;
    }
    parts = [];
    held = 0;
    return whole;
  };

  const hold = (part: Uint8Array): void => {
    if (part.length === 0 || held > maxLine) return;
    parts.push(copyOf(part, 0, part.length)); // a copy: the chunk may be a stream's, which uses it again
    held += part.length;
  };

  return {
    push(chunk, line) {
      const { bytes, words, start: first } = inWords(chunk);
      let start = first;
      for (let end = newlineFrom(bytes, words, start); end >= 0; end = newlineFrom(bytes, words, start)) {
        if (held === 0) {
          line(bytes, start, end, false);
        } else {
          const whole = take(bytes.subarray(start, end));
          line(whole, 0, whole.length, true);
        }
        start = end + 1;
      }
      hold(bytes.subarray(start));
    },
    rest: () => (held === 0 ? undefined : take(new Uint8Array())),
  };
}

/** Where the next newline stands; -1: nowhere. `words`: the same bytes, four at a time. No call of the runtime's own search pays for a line's length. */
export function newlineFrom(bytes: Uint8Array, words: Int32Array, start: number): number {
  let at = start;
  for (; at % 4 !== 0 && at < bytes.length; at += 1) if (bytes[at] === newline) return at;
  let word = at >> 2;
  while (word < words.length && !hasNewline(words[word] as number)) word += 1;
  for (at = Math.max(at, word << 2); at < bytes.length; at += 1) if (bytes[at] === newline) return at;
  return -1;
}

/** Is one of the four bytes a newline? A byte that is 0 after ^ is the only one whose top bit is set by - 1 while it was not set before, or stands above such a one. */
function hasNewline(word: number): boolean {
  const difference = word ^ 0x0a0a0a0a;
  return ((difference - 0x01010101) & ~difference & 0x80808080) !== 0;
}
