import type { Aggregator } from "../core/recording/index.ts";
import { createStraceParser } from "../strace-parser/index.ts";

/** Reads a log into an aggregator as it comes in. `file` is what events call it. */
export async function readInto(aggregator: Aggregator, chunks: AsyncIterable<Uint8Array>, file: string): Promise<void> {
  const parser = createStraceParser({ file });
  for await (const chunk of chunks) parser.each(chunk, (event) => aggregator.add(event), aggregator.tally);
  for (const event of parser.end()) aggregator.add(event);
}
