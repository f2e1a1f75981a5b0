const newline = 0x0a;

/**
 * A trace without the holder's own calls (hold.c). They end with the line in which its execve(2) succeeds. A trace
 * without such a line is of a program that never began.
 */
export async function* withoutHeld(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (held === undefined) {
      yield chunk;
      continue;
    }
    held = Buffer.concat([held, chunk]);
    for (;;) {
      const end: number = held.indexOf(newline);
      if (end < 0) break;
      if (/\bexecve\(.*\) = 0$/.test(held.toString("latin1", 0, end))) {
        yield held;
        held = undefined;
        break;
      }
      held = held.subarray(end + 1);
    }
  }
}
