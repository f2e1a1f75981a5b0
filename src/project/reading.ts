import type { Aggregator } from "../aggregator/index.ts";
import { createStraceParser } from "../strace-parser/index.ts";
import type { RestRead } from "./rest-of-log.ts";

/** Where a log is read whose rest another thread reads. */
export interface Elsewhere {
  read(): Promise<RestRead | undefined>;
  /** The bytes of the rest. */
  chunks(): AsyncIterable<Uint8Array>;
}

/**
 * Reads a log into an aggregator as it comes in. `file` is what events call it. `rest`: the chunks are only the beginning of the log, up to the beginning of a line. False: it has to be read anew, without
 * another thread.
 */
export async function readInto(aggregator: Aggregator, chunks: AsyncIterable<Uint8Array>, file: string, rest?: Elsewhere): Promise<boolean> {
  const parser = createStraceParser({ file });
  const take = async (some: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of some) parser.each(chunk, aggregator.add, aggregator.tally);
  };
  await take(chunks);
  if (rest !== undefined) {
    const read = await rest.read();
    if (read === undefined || !parser.mayTakeUp(read.lines) || !aggregator.mayJoin(read.aggregate)) await take(rest.chunks());
    else if (!aggregator.join(read.aggregate, parser.counts().lines, (visit) => parser.takeUp(read.lines, visit))) return false;
  }
  for (const event of parser.end()) aggregator.add(event);
  return true;
}
