import type { Aggregator } from "../aggregator/index.ts";
import { createStraceParser } from "../strace-parser/index.ts";

/** Reads a log into an aggregator as it comes in. `file` is what events call it. */
export async function readInto(aggregator: Aggregator, chunks: AsyncIterable<Uint8Array>, file: string): Promise<void> {
  const parser = createStraceParser({ file });
  for await (const chunk of chunks) parser.each(chunk, aggregator.add, aggregator.tally);
  for (const event of parser.end()) aggregator.add(event);
}
