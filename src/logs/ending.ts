/** At most this many bytes at the end are read. */
const tailBytes = 4096;

const end = /\+\+\+ (?:exited with|killed by|superseded by) |\b_?exit(?:_group)?\(/;
const returned = /\) *= (?:-?\d|0x[0-9a-f])/;

/** The last lines of a log whose chunks a reader takes. */
export class Ending {
  #tail = new Uint8Array();

  /** Passes the chunks on unchanged. */
  async *watch(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      // the chunk's memory will be reused
      const last = chunk.subarray(Math.max(0, chunk.length - tailBytes));
      const before = this.#tail.subarray(Math.max(0, this.#tail.length - (tailBytes - last.length)));
      this.#tail = Buffer.concat([before, last]);
      yield chunk;
    }
  }

  /**
   * Does the log end in the middle of a program? A whole log ends with the end of a process. Only two things may
   * follow: halves of calls that the process was inside of, and text that strace did not write.
   */
  isCut(): boolean {
    const lines = Buffer.from(this.#tail).toString("latin1").split("\n").reverse();
    const telling = lines.find((line) => end.test(line) || returned.test(line));
    return telling !== undefined && !end.test(telling);
  }
}
