import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  buildRecording,
  createAggregator,
  mergeAll,
  parseRecording,
  stringifyRecording,
  totalOf,
  type Aggregator,
  type LogContext,
  type Recording,
  type Run,
} from "../../core/recording/index.ts";
import { findFolders, keptTrace, keptTraceFacts } from "../container/index.ts";
import { SeccompGenError } from "../../core/errors/index.ts";
import {
  addPartial,
  checkName,
  partialPath,
  recordingPath,
  toldApart,
  unreadWords,
  type Terminal,
} from "../../project/index.ts";
import { readInto } from "../../logs/index.ts";
import { isScmpArch, type ScmpArch } from "../../core/tables/index.ts";

/** Takes one trace. */
type TraceSink = (name: string, chunks: AsyncIterable<Uint8Array>) => Promise<void>;

/** What is stored beside a trace. If the session that wrote it is killed, `clean` can make a recording from it. */
export interface Unfinished {
  readonly name: string;
  /** The folder that holds the recording's `traces`. */
  readonly folder: string;
  readonly arch: ScmpArch;
  readonly life: NonNullable<LogContext["life"]>;
  readonly run: Run;
}

export function unfinishedText(unfinished: Unfinished): string {
  return JSON.stringify(unfinished);
}

/** Says that a killed recording of that name left a trace. The user may want it before recording again. */
export async function mentionUnfinishedHere(
  name: string,
  folder: string,
  terminal: Pick<Terminal, "note">,
): Promise<void> {
  for (const kept of await findFolders()) {
    const found = await readUnfinishedHere(kept).catch(() => undefined);
    if (found?.name !== name || found.folder !== folder) continue;
    terminal.note(
      `a recording of ${name} was killed; seccomp-gen clean writes its trace to ` +
        `${partialPath(recordingPath(name))}`,
    );
    return;
  }
}

/** Makes a partial recording from the trace that a killed session left of a program on this host. */
export async function recoverHere(folder: string): Promise<string | undefined> {
  const found = await readUnfinishedHere(folder);
  const path = join(folder, keptTrace);
  return found === undefined
    ? undefined
    : recoverFrom(found, join(folder, keptTraceFacts), async (sink) => {
        if (await isThere(path)) await sink("main", createReadStream(path));
      });
}

async function readUnfinishedHere(folder: string): Promise<Unfinished | undefined> {
  const path = join(folder, keptTraceFacts);
  return (await isThere(path)) ? parseUnfinished(await readFile(path, "utf8"), path) : undefined;
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** `source` is the file that `found` was read from. */
async function recoverFrom(
  found: Unfinished,
  source: string,
  read: (sink: TraceSink) => Promise<void>,
): Promise<string | undefined> {
  if (
    !(await stat(found.folder).then(
      (stats) => stats.isDirectory(),
      () => false,
    ))
  )
    return `the trace of the killed recording of ${found.name} was dropped: the folder ${found.folder} is gone`;
  const aggregators: Aggregator[] = [];
  await read(async (name, chunks) => {
    const aggregator = createAggregator({ arch: found.arch, life: name === "main" ? found.life : { within: "serve" } });
    aggregators.push(aggregator);
    await readInto(aggregator, chunks, name);
  });
  const calls = totalOf(
    "calls",
    aggregators.map((aggregator) => aggregator.counts()),
  );
  if (calls === 0) return `the killed recording of ${found.name} had not traced anything yet`;
  const traced = mergeAll(aggregators.map((aggregator) => buildRecording(found.name, found.run, aggregator.finish())));
  if (traced === undefined) return undefined;
  const recording = toldApart(traced);
  const path = join(found.folder, recordingPath(found.name));
  const unread = await addPartial(path, checkedRecording(recording, source));
  return (
    `${calls.toLocaleString("en")} calls of the killed recording of ${found.name} are in ` +
    `${partialPath(path)}; record --append adds them to the recording` +
    (unread === undefined ? "" : `; ${unreadWords(unread)}`)
  );
}

/**
 * Reads what is stored beside a trace. Any user of the engine may have written it, so this throws `recording-invalid`
 * for anything that we would not write.
 */
export function parseUnfinished(text: string, source: string): Unfinished {
  const invalid = (detail: string): SeccompGenError =>
    new SeccompGenError({ code: "recording-invalid", source, detail });
  let unfinished: Partial<Unfinished> | null;
  try {
    unfinished = JSON.parse(text) as Partial<Unfinished> | null;
  } catch {
    throw invalid("it is not JSON");
  }
  const { name, folder, arch, life, run } = unfinished ?? {};
  if (typeof name !== "string" || typeof folder !== "string" || typeof arch !== "string" || !isScmpArch(arch))
    throw invalid("name, folder or architecture is missing");
  if (typeof life !== "object" || life === null || typeof run !== "object" || run === null)
    throw invalid("it does not say how the workload was run");
  return { name: checkName(name), folder, arch, life, run };
}

/** Others could have changed the facts meanwhile, so the recording is checked against its format. */
export function checkedRecording(recording: Recording, source: string): Recording {
  return parseRecording(stringifyRecording(recording), source);
}
