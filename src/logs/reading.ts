import type { Aggregator } from "../core/recording/index.ts";
import type { NamedFiles } from "./code/named-files.ts";
import { createStraceParser } from "../strace-parser/index.ts";

/**
 * Reads a log into an aggregator as it arrives. `file` is its name in events. `files` gets the executables and objects
 * that the log names.
 */
export async function readInto(
  aggregator: Aggregator,
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  files?: NamedFiles,
): Promise<void> {
  const parser = createStraceParser({ file });
  for await (const chunk of chunks) {
    files?.push(chunk);
    parser.each(chunk, (event) => aggregator.add(event), aggregator.tally);
  }
  for (const event of parser.end()) aggregator.add(event);
}
