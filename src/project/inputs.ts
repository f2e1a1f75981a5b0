import { statSync } from "node:fs";
import { createAggregator } from "../aggregator/aggregator.ts";
import { buildRecording, mergeAll } from "../aggregator/recording.ts";
import type { Aggregator } from "../aggregator/index.ts";
import type { Recording } from "../aggregator/types.ts";
import { SeccompGenError } from "../errors.ts";
import type { ScmpArch } from "../tables/types.ts";
import { showReading } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { systemDetail } from "./files.ts";
import { readUnpacked, rejoin } from "./log-source.ts";
import { prepareToRead } from "./reading-flags.ts";
import { readInto } from "./reading.ts";

/** What is not in the files themselves. */
export interface InputContext {
  readonly name: string;
  /** The native architecture of raw logs. */
  readonly arch: ScmpArch;
}

/** Reads recordings and raw strace logs (paths, globs, `-`, also packed) and merges them into one recording. */
export async function readTraces(patterns: readonly string[], context: InputContext, terminal: Terminal): Promise<Recording> {
  const recordings: Recording[] = [];
  for (const path of await expand(patterns)) recordings.push(await readTrace(path, context, terminal));
  const merged = mergeAll(recordings);
  if (merged === undefined) throw new SeccompGenError({ code: "usage", what: "no trace given", todo: "Name recordings or strace logs: seccomp-gen generate traces/app/recording.json" });
  return merged;
}

/** Paths and globs → files, sorted; a pattern that matches nothing is an error, not nothing. */
async function expand(patterns: readonly string[]): Promise<readonly string[]> {
  const files: string[] = [];
  for (const pattern of patterns) {
    if (pattern === "-" || isThere(pattern)) {
      files.push(pattern);
      continue;
    }
    const { default: glob } = await import("fast-glob");
    const matches = glob.isDynamicPattern(pattern) ? (await glob(pattern, { dot: true })).sort() : [];
    if (matches.length === 0) throw new SeccompGenError({ code: "file-unreadable", path: pattern, detail: glob.isDynamicPattern(pattern) ? "no file matches" : "no such file" });
    files.push(...matches);
  }
  return [...new Set(files)];
}

function isThere(path: string): boolean {
  try {
    const found = statSync(path);
    return found.isFile() || found.isFIFO();
  } catch {
    return false;
  }
}

/** A log that was read in one piece is too short to prepare for. */
function isWhole(path: string, head: Uint8Array): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === head.length;
}

async function readTrace(path: string, context: InputContext, terminal: Terminal): Promise<Recording> {
  const label = path === "-" ? "standard input" : path;
  const progress = showReading(label, terminal);
  try {
    let aggregator: Aggregator | undefined;
    const chunks = readUnpacked(path, progress.read, () => aggregator?.tally?.room);
    const first = await chunks.next();
    const head = first.done === true ? new Uint8Array() : first.value;
    const all = rejoin(head, chunks);
    if (looksLikeJson(head)) {
      const { parseRecording } = await import("../aggregator/read.ts");
      return parseRecording(await text(all), label);
    }
    if (!isWhole(path, head)) prepareToRead();
    aggregator = createAggregator({ arch: context.arch });
    await readInto(aggregator, all, label);
    return recordingOf(aggregator, label, context, terminal);
  } catch (error) {
    if (error instanceof SeccompGenError) throw error;
    throw new SeccompGenError({ code: "file-unreadable", path: label, detail: systemDetail(error) }, { cause: error });
  } finally {
    progress.end();
  }
}

function recordingOf(aggregator: Aggregator, label: string, context: InputContext, terminal: Terminal): Recording {
  const { calls, unparsed, unparsedTotal } = aggregator.counts();
  if (calls === 0) throw new SeccompGenError({ code: "not-a-trace", path: label, detail: unparsed[0]?.reason });
  if (unparsedTotal > 0) {
    for (const line of unparsed) terminal.note(`${line.file ?? label}:${line.line}: not read: ${line.reason}`);
    terminal.note(`${label}: ${unparsedTotal} lines were not read`);
  }
  const finished = aggregator.finish();
  return buildRecording(context.name, { source: "log", command: [], versions: {}, ended: finished.cut ? "cut" : "exited" }, finished);
}

function looksLikeJson(head: Uint8Array): boolean {
  return /^(\uFEFF)?\s*\{/.test(Buffer.from(head.subarray(0, 200)).toString("utf8"));
}

async function text(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(new Uint8Array(chunk)); // its memory is used again
  return Buffer.concat(parts).toString("utf8");
}
