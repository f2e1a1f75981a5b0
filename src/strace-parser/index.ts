import { createStraceParser, type ParserOptions } from "./parser.ts";
import type { StraceEvent } from "./types.ts";

export { argNumber } from "./argument.ts";
export type { Visitor } from "./outlet.ts";
export { createStraceParser, type ParserOptions, type StraceParser } from "./parser.ts";
export { Tally, type InspectedRange, type TallyReader } from "./tally.ts";
export type * from "./types.ts";

/** Bytes of a log in any pieces. Strings are encoded as UTF-8. */
export type Chunks = Iterable<Uint8Array | string>;
export type AsyncChunks = AsyncIterable<Uint8Array | string>;

/**
 * Reads a log of strace(1) as it arrives. It holds one line and the calls that are open. It never throws on its input:
 * a line that is not strace's is an event too. If the source fails, it throws the source's error.
 */
export async function* parseStrace(
  chunks: AsyncChunks | Chunks,
  options: ParserOptions = {},
): AsyncGenerator<StraceEvent, void, undefined> {
  const parser = createStraceParser(options);
  for await (const chunk of chunks) yield* parser.push(chunk);
  yield* parser.end();
}

/** As `parseStrace`, for a log that is already in memory. */
export function* parseStraceSync(chunks: Chunks, options: ParserOptions = {}): Generator<StraceEvent, void, undefined> {
  const parser = createStraceParser(options);
  for (const chunk of chunks) yield* parser.push(chunk);
  yield* parser.end();
}
export { forkCalls, isForkCall } from "./forks.ts";
export { forgetOldest, maxThreads } from "./oldest.ts";
export { behindText } from "./other-lines.ts";
export { beginsLine, brokenText } from "./woven-text.ts";
