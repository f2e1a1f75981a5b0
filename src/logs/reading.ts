import { createAggregator, type Aggregator, type RestOfLog } from "../core/recording/index.ts";
import { createStraceParser, Midway, type LinesOfRest } from "../strace-parser/index.ts";
import type { ScmpArch } from "../core/tables/index.ts";
import type { Room } from "./log-source.ts";

/** What the rest of a log told to who read it midway. Structured-cloneable. */
export interface RestRead {
  readonly lines: LinesOfRest;
  readonly aggregate: RestOfLog;
}

/** Where a log is read whose rest another thread reads. */
export interface Elsewhere {
  read(): Promise<RestRead | undefined>;
  /** The bytes of the rest. */
  chunks(): AsyncIterable<Uint8Array>;
}

/**
 * Reads a log into an aggregator as it comes in. `file` is what events call it. `rest`: the chunks
 * are only the beginning of the log, up to the beginning of a line. False: it has to be read anew,
 * without another thread.
 */
export async function readInto(
  aggregator: Aggregator,
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  rest?: Elsewhere,
): Promise<boolean> {
  const parser = createStraceParser({ file });
  const take = async (some: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of some) parser.each(chunk, aggregator.add, aggregator.tally);
  };
  await take(chunks);
  if (rest !== undefined) {
    const read = await rest.read();
    if (read === undefined || !parser.mayTakeUp(read.lines) || !aggregator.mayJoin(read.aggregate))
      await take(rest.chunks());
    else if (!aggregator.join(read.aggregate, parser.counts().lines, (visit) => parser.takeUp(read.lines, visit)))
      return false;
  }
  for (const event of parser.end()) aggregator.add(event);
  return true;
}

/**
 * Reads the rest of a log, from the beginning of a line on, before what stands there is known.
 * Undefined: it is to be read after that.
 */
export async function readMidway(
  chunks: (room: Room) => AsyncIterable<Uint8Array>,
  file: string,
  arch: ScmpArch,
): Promise<RestRead | undefined> {
  const midway = new Midway();
  const aggregator = createAggregator({ arch, midway });
  const parser = createStraceParser({ file, midway });
  for await (const chunk of chunks(() => aggregator.tally?.room)) {
    parser.each(chunk, aggregator.add, aggregator.tally);
    if (!midway.isCertain) return undefined;
  }
  for (const event of parser.end()) aggregator.add(event);
  const aggregate = aggregator.rest();
  return midway.isCertain ? { lines: { setAside: midway.setAside, met: midway.met }, aggregate } : undefined;
}
