/** Cuts bytes into lines. Holds one line at the most, and copies it once. */
export interface LineCutter {
  /** Calls `line` for each line that ends in the chunk, without its newline, as Latin-1. */
  push(chunk: Uint8Array, line: (text: string) => void): void;
  /** What stands after the last newline; undefined: nothing. */
  rest(): string | undefined;
}

/** Longer than any line strace writes with its default limits. Of a longer one the beginning is kept, so that it can be reported. */
export const maxLine = 64 * 1024 * 1024;

export function createLineCutter(): LineCutter {
  let parts: Uint8Array[] = [];
  let held = 0;

  const take = (last: Buffer): string => {
    if (held === 0) return last.toString("latin1");
    const whole = Buffer.concat([...parts, last]);
    parts = [];
    held = 0;
    return whole.toString("latin1");
  };

  const hold = (part: Uint8Array): void => {
    if (part.length === 0 || held > maxLine) return;
    parts.push(Uint8Array.from(part)); // a copy: the chunk may be a stream's, which uses it again
    held += part.length;
  };

  return {
    push(chunk, line) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let start = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        line(take(bytes.subarray(start, end)));
        start = end + 1;
      }
      hold(bytes.subarray(start));
    },
    rest: () => (held === 0 ? undefined : take(Buffer.alloc(0))),
  };
}
