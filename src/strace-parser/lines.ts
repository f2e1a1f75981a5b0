import { copyOf } from "./bytes.ts";

/** Cuts bytes into lines. Holds one line at the most, and copies only lines that stand in two chunks. */
export interface LineCutter {
  /** Calls `line` for each line that ends in the chunk: it is `bytes` from `start` up to `end`, without its newline. */
  push(chunk: Uint8Array, line: (bytes: Uint8Array, start: number, end: number) => void): void;
  /** What stands after the last newline; undefined: nothing. */
  rest(): Uint8Array | undefined;
}

/** Longer than any line strace writes with its default limits. Of a longer one the beginning is kept, so that it can be reported. */
export const maxLine = 16 * 1024 * 1024;

const newline = 0x0a;

export function createLineCutter(): LineCutter {
  let parts: Uint8Array[] = [];
  let held = 0;

  const take = (last: Uint8Array): Uint8Array => {
    const whole = Buffer.concat([...parts, last]);
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
      let start = 0;
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
        if (held === 0) {
          line(chunk, start, end);
        } else {
          const whole = take(chunk.subarray(start, end));
          line(whole, 0, whole.length);
        }
        start = end + 1;
      }
      hold(start === 0 ? chunk : chunk.subarray(start));
    },
    rest: () => (held === 0 ? undefined : take(new Uint8Array())),
  };
}
