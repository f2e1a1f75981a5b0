import { closeSync, openSync, readSync, statSync } from "node:fs";
import {
  buildRecording,
  createAggregator,
  mergeAll,
  parseRecording,
  type Aggregator,
  type Recording,
} from "../core/recording/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import type { ScmpArch } from "../core/tables/index.ts";
import { showReading, systemDetail, type Terminal } from "../project/index.ts";
import { readUnpacked, rejoin, sizeOfFile, type OnRead } from "./log-source.ts";
import { prepareToRead } from "./reading-flags.ts";
import { withCode } from "./code/evidence.ts";
import { filesBelow } from "./code/file-source.ts";
import { NamedFiles } from "./code/named-files.ts";
import { readInto } from "./reading.ts";

/** What is not in the files themselves. */
export interface InputContext {
  readonly name: string;
  /** The native architecture of raw logs. */
  readonly arch: ScmpArch;
  /** Where the files of the programs in raw logs are. Absent: their code is not looked at. */
  readonly root?: string | undefined;
}

/**
 * Reads recordings and raw strace logs (paths, globs, `-`, also packed) and merges them into one
 * recording.
 */
export async function readTraces(
  patterns: readonly string[],
  context: InputContext,
  terminal: Terminal,
): Promise<Recording> {
  const recordings: Recording[] = [];
  for (const path of await expand(patterns)) recordings.push(await readTrace(path, context, terminal));
  const merged = mergeAll(recordings);
  if (merged === undefined)
    throw new SeccompGenError({
      code: "usage",
      what: "no trace given",
      todo: "Name recordings or strace logs: seccomp-gen generate traces/app/recording.json",
    });
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
    if (matches.length === 0)
      throw new SeccompGenError({
        code: "file-unreadable",
        path: pattern,
        detail: glob.isDynamicPattern(pattern) ? "no file matches" : "no such file",
      });
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

async function readTrace(path: string, context: InputContext, terminal: Terminal): Promise<Recording> {
  const label = path === "-" ? "standard input" : path;
  const progress = showReading(label, terminal);
  try {
    let aggregator: Aggregator | undefined;
    const room = (): Uint8Array | undefined => aggregator?.tally?.room;
    const onRead: OnRead = (done, total) => progress.read(done, total);
    const chunks = readUnpacked(path, onRead, room);
    const first = await chunks.next();
    const head = first.done === true ? new Uint8Array() : first.value;
    if (looksLikeJson(head)) {
      return parseRecording(await text(rejoin(head, chunks)), label);
    }
    const size = path === "-" ? undefined : sizeOfFile(path);
    if (size !== head.length) prepareToRead(); // a log that was read in one piece is too short for that
    aggregator = createAggregator({ arch: context.arch });
    const files = new NamedFiles();
    await readInto(aggregator, rejoin(head, chunks), label, context.root === undefined ? undefined : files);
    const recording = recordingOf(aggregator, label, context, terminal);
    return context.root === undefined ? recording : await withCode(recording, files.files(), filesBelow(context.root));
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
  return buildRecording(
    context.name,
    { source: "log", command: [], versions: {}, ended: finished.cut ? "cut" : "exited" },
    finished,
  );
}

/** False: it is a file that holds something else, such as a log. */
export function mayBeJson(path: string): boolean {
  const head = headOf(path);
  return head === undefined || head.length === 0 || looksLikeJson(head);
}

/** `undefined` if it is no file, or may not be read: the reader of the file reports that. */
function headOf(path: string): Uint8Array | undefined {
  let file: number | undefined;
  try {
    if (sizeOfFile(path) === undefined) return undefined;
    file = openSync(path, "r");
    const head = Buffer.alloc(200);
    return head.subarray(0, readSync(file, head));
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function looksLikeJson(head: Uint8Array): boolean {
  return /^(\uFEFF)?\s*(?:\{|null\s*$)/.test(Buffer.from(head.subarray(0, 200)).toString("utf8"));
}

async function text(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(new Uint8Array(chunk)); // its memory is used again
  return Buffer.concat(parts).toString("utf8");
}
