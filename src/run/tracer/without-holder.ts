/**
 * A line of ours in a trace: what follows is the holder's, until it becomes the workload's program.
 * strace's own lines cannot look like this: it escapes line ends.
 */
export const heldMark = "seccomp-gen:held";

const mark = Buffer.from(`\n${heldMark}\n`);
const newline = 0x0a;

/**
 * Takes the holder's own calls (hold.c) out of a trace: everything from a mark to the line in which
 * its execve(2) succeeds, once for each time that the container was started.
 */
export async function* withoutHolder(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pending: Buffer = Buffer.alloc(0);
  let held = false;
  let last: number | undefined = newline;
  for await (const chunk of chunks) {
    pending =
      pending.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
        : Buffer.concat([pending, chunk]);
    for (;;) {
      const at: number = held ? endOfHolder(pending) : pending.indexOf(mark);
      if (at < 0) break;
      if (!held) {
        if (at > 0) yield pending.subarray(0, at);
        // The mark's first line end closes a line that a killed tracer left open; after a whole
        // line it is one too many.
        if ((at > 0 ? pending[at - 1] : last) !== newline) yield Buffer.of(newline);
        last = newline;
      }
      pending = pending.subarray(held ? at : at + mark.length);
      held = !held;
    }
    // The last line end may be the beginning of a mark.
    const whole = pending.lastIndexOf(newline);
    if (whole <= 0) continue;
    if (!held) {
      yield pending.subarray(0, whole);
      last = pending[whole - 1];
    }
    pending = pending.subarray(held ? whole + 1 : whole);
  }
  if (!held && pending.length > 0) yield pending;
}

/**
 * Where the line of the successful execve begins, or -1. Lines that are not complete are left for
 * later.
 */
function endOfHolder(bytes: Buffer): number {
  for (let start = 0; ;) {
    const end = bytes.indexOf(newline, start);
    if (end < 0) return -1;
    if (/\bexecve\(.*\) = 0$/.test(bytes.toString("latin1", start, end))) return start;
    start = end + 1;
  }
}
