/** At most this many bytes of the end are looked at. */
const tailBytes = 4096;

const end = /\+\+\+ (?:exited with|killed by|superseded by) |\b_?exit(?:_group)?\(/;
const returned = /\) *= (?:-?\d|0x[0-9a-f])/;

/** The last lines of a log, of which a reader takes the chunks. */
export class Ending {
  #tail = new Uint8Array();

  /** The same chunks. */
  async *watch(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      // a chunk's memory is used again
      const last = chunk.subarray(Math.max(0, chunk.length - tailBytes));
      const before = this.#tail.subarray(Math.max(0, this.#tail.length - (tailBytes - last.length)));
      this.#tail = Buffer.concat([before, last]);
      yield chunk;
    }
  }

  /**
   * Does the log end in the middle of a program? Whole logs end with the end of a process, but for
   * halves of calls that it was in, and for what others wrote.
   */
  isCut(): boolean {
    const lines = Buffer.from(this.#tail).toString("latin1").split("\n").reverse();
    const telling = lines.find((line) => end.test(line) || returned.test(line));
    return telling !== undefined && !end.test(telling);
  }
}
