import { parentPort, workerData } from "node:worker_threads";
import { createAggregator } from "../aggregator/aggregator.ts";
import { createStraceParser } from "../strace-parser/index.ts";
import { Midway } from "../strace-parser/midway.ts";
import { readFrom } from "./log-source.ts";
import type { RestRead, RestTask } from "./rest-of-log.ts";

/** A thread that reads the second half of a log (rest-of-log.ts). */
async function rest({ path, label, arch, from, progress }: RestTask): Promise<RestRead | undefined> {
  const midway = new Midway();
  const aggregator = createAggregator({ arch, midway });
  const parser = createStraceParser({ file: label, midway });
  for await (const chunk of readFrom(path, from, (done) => void Atomics.store(progress, 0, (done - from) / 1024), () => aggregator.tally?.room)) {
    parser.each(chunk, aggregator.add, aggregator.tally);
    if (!midway.isCertain) return undefined;
  }
  for (const event of parser.end()) aggregator.add(event);
  const aggregate = aggregator.rest();
  return midway.isCertain ? { lines: { setAside: midway.setAside, met: midway.met }, aggregate } : undefined;
}

void rest(workerData as RestTask).then((read) => parentPort?.postMessage(read)); // what fails ends the thread
