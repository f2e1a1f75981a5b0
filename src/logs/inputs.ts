import { existsSync, readdirSync, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
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
import { boundedText, showReading, systemProblem, type Terminal } from "../project/index.ts";
import { readUnpacked, rejoin, sizeOfFile, unpacked, type OnRead } from "./log-source.ts";
import { Ending } from "./ending.ts";
import { framingOf, headBytes, withoutFraming } from "./framing.ts";
import { readLog, setOf, type Log } from "./log.ts";
import { prepareToRead } from "./reading-flags.ts";
import { withCode } from "./code/evidence.ts";
import { filesBelow } from "./code/file-source.ts";
import { NamedFiles } from "./code/named-files.ts";
import { readInto } from "./reading.ts";

/** The content of a file. */
type LogTrace = Log & {
  /** The files that its programs named. */
  readonly files: ReturnType<NamedFiles["files"]>;
};
type Trace = LogTrace | { readonly kind: "recording"; readonly recording: Recording };

/** What the files themselves do not say. */
export interface InputContext {
  readonly name: string;
  /** The native architecture of raw logs. */
  readonly arch: ScmpArch;
  /** The folder that holds the files of the programs in raw logs. Absent if nobody reads their code. */
  readonly root?: string | undefined;
  /** The options given that apply to raw logs only. */
  readonly forLogs?: readonly string[];
}

/**
 * Reads recordings and raw strace logs (paths, folders, globs, `-`, packed or not) and merges them into one recording.
 */
export async function readTraces(
  patterns: readonly string[],
  context: InputContext,
  terminal: Terminal,
): Promise<Recording> {
  await checkRoot(context);
  const traces: Trace[] = [];
  for (const path of await tracePaths(patterns)) {
    const trace = await readTrace(path, context, terminal);
    if (trace !== undefined) traces.push(trace);
  }
  noteUnused(traces, context, terminal);
  const logs = traces.filter((trace) => trace.kind === "log");
  const started = new Set(logs.filter(({ lack }) => lack === undefined).map(({ label }) => setOf(label)));
  const recordings: Recording[] = [];
  for (const trace of traces)
    recordings.push(
      trace.kind === "recording"
        ? trace.recording
        : await recordingOf(trace, context, started.has(setOf(trace.label)), terminal),
    );
  for (const set of new Set(logs.map(({ label }) => setOf(label)))) {
    const first = logs.find(({ label }) => setOf(label) === set);
    if (!started.has(set) && first !== undefined) terminal.note(`${first.label}: ${first.lack}`);
  }
  const merged = mergeAll(recordings);
  const [path] = patterns;
  if (merged === undefined && path !== undefined)
    throw new SeccompGenError({ code: "not-a-trace", path, detail: "it has only ends of programs, and signals" });
  if (merged === undefined)
    throw new SeccompGenError({
      code: "usage",
      what: "no trace given",
      todo: "Name recordings or strace logs: seccomp-gen generate traces/app/recording.json",
    });
  return merged;
}

/** A recording has a name, an architecture and its code, so options for raw logs change nothing in it. */
function noteUnused(traces: readonly Trace[], { forLogs = [] }: InputContext, terminal: Terminal): void {
  if (forLogs.length > 0 && traces.length > 0 && traces.every(({ kind }) => kind === "recording"))
    terminal.note(`without effect: ${forLogs.join(", ")}, because no raw log was given, only recordings`);
}

/** Without this check, a misspelt folder would silently leave the code out. */
async function checkRoot({ root }: InputContext): Promise<void> {
  if (root === undefined) return;
  const found = await stat(root).catch(() => undefined);
  if (found?.isDirectory() === true) return;
  const detail = found === undefined ? "no such folder" : "it is not a folder";
  const todo = "Name the folder that holds the file system of the traced programs.";
  throw new SeccompGenError({ code: "file-unreadable", path: root, detail, todo });
}

async function recordingOf(
  { aggregate, files, label }: LogTrace,
  { name, root }: InputContext,
  isStarted: boolean,
  terminal: Terminal,
): Promise<Recording> {
  const recording = buildRecording(
    name,
    {
      source: "log",
      command: [],
      versions: {},
      ...(isStarted ? {} : { withoutStart: true as const }),
      ended: aggregate.cut ? "cut" : "exited",
    },
    aggregate,
  );
  if (root === undefined) return recording;
  const found = await withCode(recording, files, filesBelow(root));
  if (found.code === undefined)
    terminal.note(`${label}: no program that it names was found below ${root}, so no code was read`);
  return found;
}

/** Expands paths, folders and globs to files, sorted. A pattern without a match is an error. */
export async function tracePaths(patterns: readonly string[]): Promise<readonly string[]> {
  const files: string[] = [];
  for (const pattern of patterns) {
    if (pattern === "-" || isThere(pattern)) {
      files.push(pattern);
      continue;
    }
    if (isFolder(pattern)) {
      files.push(...filesIn(pattern));
      continue;
    }
    const { default: glob } = await import("fast-glob");
    const matches = glob.isDynamicPattern(pattern) ? (await glob(pattern, { dot: true })).sort() : [];
    if (matches.length === 0)
      throw new SeccompGenError({
        code: "file-unreadable",
        path: pattern,
        detail: whyNone(pattern, glob.isDynamicPattern(pattern)),
        todo: glob.isDynamicPattern(pattern) ? "Check the pattern." : "Check the path.",
      });
    files.push(...matches);
  }
  return [...new Set(files)];
}

function whyNone(pattern: string, isGlob: boolean): string {
  if (existsSync(pattern)) return "it is a device or a socket";
  return isGlob ? "no file matches" : "no such file";
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** A folder means the logs in it (`strace -ff -o dir/log`), or the recording that it keeps. */
function filesIn(folder: string): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith(".")).map(({ name }) => name);
  if (files.length === 0)
    throw new SeccompGenError({
      code: "file-unreadable",
      path: folder,
      detail: "the folder holds no files",
      todo: "Name the folder of the logs (strace -ff -o FOLDER/log).",
    });
  return (files.includes("recording.json") ? ["recording.json"] : files.sort()).map((name) => join(folder, name));
}

function isThere(path: string): boolean {
  try {
    const found = statSync(path);
    return found.isFile() || found.isFIFO();
  } catch {
    return false;
  }
}

/** `undefined` if the log has only the end of a thread. */
async function readTrace(path: string, context: InputContext, terminal: Terminal): Promise<Trace | undefined> {
  const label = path === "-" ? "standard input" : path;
  const progress = showReading(label, terminal);
  try {
    let lent: Aggregator["tally"];
    const onRead: OnRead = (done, total) => progress.read(done, total);
    const chunks = readUnpacked(path, onRead, () => lent?.room);
    return await traceOf(chunks, label, context, terminal, ({ tally }, isFramed, headLength) => {
      const size = path === "-" ? undefined : sizeOfFile(path);
      if (size !== headLength) prepareToRead(); // this does not pay for a log so short that it came in one piece
      if (!isFramed) lent = tally;
    });
  } catch (error) {
    if (error instanceof SeccompGenError) throw error;
    throw new SeccompGenError({ code: "file-unreadable", path: label, ...systemProblem(error) }, { cause: error });
  } finally {
    progress.end();
  }
}

/**
 * Reads one log of strace, or one recording, from chunks, packed or not. Throws what `chunks` throws, and
 * SeccompGenError if it is neither.
 */
export async function readStream(
  chunks: AsyncIterable<Uint8Array>,
  label: string,
  context: InputContext,
  terminal: Terminal,
): Promise<Recording> {
  await checkRoot(context);
  const trace = await traceOf(unpacked(chunks, label), label, context, terminal);
  if (trace === undefined) throw new SeccompGenError({ code: "not-a-trace", path: label, detail: undefined });
  if (trace.kind === "recording") return trace.recording;
  if (trace.lack !== undefined) terminal.note(`${label}: ${trace.lack}`);
  return recordingOf(trace, context, trace.lack === undefined, terminal);
}

/** `begins` gets the way in which the log will be read, before its first line is read. */
async function traceOf(
  chunks: AsyncGenerator<Uint8Array>,
  label: string,
  context: InputContext,
  terminal: Terminal,
  begins?: (aggregator: Aggregator, isFramed: boolean, headLength: number) => void,
): Promise<Trace | undefined> {
  const head = await beginningOf(chunks);
  const framing = framingOf(head, label);
  const isFramed = framing.length > 0;
  if (!isFramed && looksLikeJson(head))
    return { kind: "recording", recording: parseRecording(await boundedText(rejoin(head, chunks), label), label) };
  const aggregator = createAggregator({ arch: context.arch });
  begins?.(aggregator, isFramed, head.length);
  const files = new NamedFiles();
  const all = rejoin(head, chunks);
  const ending = new Ending();
  await readInto(
    aggregator,
    ending.watch(isFramed ? withoutFraming(all, framing) : all),
    label,
    context.root === undefined ? undefined : files,
  );
  const log = readLog(aggregator, { label, isFramed, arch: context.arch, isCut: ending.isCut() }, terminal);
  return log && { ...log, files: files.files() };
}

/** The first chunk, or as many chunks as show what kind of file it is. */
async function beginningOf(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  const first = await chunks.next();
  if (first.done === true) return new Uint8Array();
  if (first.value.length >= headBytes) return first.value;
  const parts = [new Uint8Array(first.value)]; // the chunk's memory will be reused
  for (let length = first.value.length; length < headBytes;) {
    const next = await chunks.next();
    if (next.done === true) break;
    parts.push(new Uint8Array(next.value));
    length += next.value.length;
  }
  return Buffer.concat(parts);
}

function looksLikeJson(head: Uint8Array): boolean {
  return /^(\uFEFF)?\s*(?:\{|null\s*$)/.test(Buffer.from(head.subarray(0, 200)).toString("utf8"));
}
