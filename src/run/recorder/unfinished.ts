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
import {
  abandonedVolumes,
  findFolders,
  inspectEngine,
  keptTrace,
  keptTraceFacts,
  traceFacts,
  type ContainerCli,
} from "../container/index.ts";
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
import { ensureTracer, leftTraces, type TraceLog } from "../tracer/index.ts";

/**
 * What a trace's volume says of it, so that a recording can be made of it when the session that
 * wrote it was killed.
 */
export interface Unfinished {
  readonly name: string;
  /** Where the recording's `traces` are. */
  readonly folder: string;
  readonly arch: ScmpArch;
  readonly life: NonNullable<LogContext["life"]>;
  readonly run: Run;
}

export function unfinishedText(unfinished: Unfinished): string {
  return JSON.stringify(unfinished);
}

/**
 * Says where a killed recording of that name has left a trace: the user may want it before
 * recording again.
 */
export async function mentionUnfinished(
  cli: ContainerCli,
  name: string,
  folder: string,
  terminal: Pick<Terminal, "note">,
): Promise<void> {
  for (const volume of await abandonedVolumes(cli)) {
    let found: Unfinished | undefined;
    try {
      found = await readUnfinished(cli, volume);
    } catch (error) {
      if (!(error instanceof SeccompGenError)) throw error;
      terminal.note(`a trace that a killed session left is let be: ${error.message}`);
    }
    if (found?.name !== name || found.folder !== folder) continue;
    const words = cli.words.join(" ");
    terminal.note(
      `a recording of ${name} was killed; seccomp-gen clean${words === "docker" ? "" : ` -- ${words}`} ` +
        `takes what it had traced into ${partialPath(recordingPath(name))}`,
    );
    return;
  }
}

/** The same for a program on this host. */
export async function mentionUnfinishedHere(
  name: string,
  folder: string,
  terminal: Pick<Terminal, "note">,
): Promise<void> {
  for (const kept of await findFolders()) {
    const found = await readUnfinishedHere(kept).catch(() => undefined);
    if (found?.name !== name || found.folder !== folder) continue;
    terminal.note(
      `a recording of ${name} was killed; seccomp-gen clean takes what it had traced into ` +
        `${partialPath(recordingPath(name))}`,
    );
    return;
  }
}

/**
 * Makes a partial recording of what a killed session had traced of a program on this host, as
 * `recover` does.
 */
export async function recoverHere(folder: string): Promise<string | undefined> {
  const found = await readUnfinishedHere(folder);
  if (found === undefined) return undefined;
  const path = join(folder, keptTrace);
  return recoverFrom(found, join(folder, keptTraceFacts), async function* () {
    if (await isThere(path)) yield { name: "main", chunks: createReadStream(path) };
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

/**
 * Makes a partial recording of what a killed session had traced. Resolves to what the user should
 * know. Throws if that is impossible: then the trace must stay.
 */
export async function recover(
  cli: ContainerCli,
  volume: string,
  terminal: Pick<Terminal, "note">,
): Promise<string | undefined> {
  const found = await readUnfinished(cli, volume);
  if (found === undefined) return undefined;
  const { architecture } = await inspectEngine(cli);
  return recoverFrom(found, labelOf(volume), async function* () {
    yield* leftTraces(cli, await ensureTracer(cli, architecture, terminal.note), volume);
  });
}

/** Makes the recording of `logs`. `source` is where `found` stood. */
async function recoverFrom(
  found: Unfinished,
  source: string,
  logs: () => AsyncIterable<TraceLog>,
): Promise<string | undefined> {
  const isFolder = await stat(found.folder).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isFolder)
    return `what the killed recording of ${found.name} had traced belongs to ${found.folder}, which is gone`;
  const aggregators: Aggregator[] = [];
  for await (const { name, chunks } of logs()) {
    const aggregator = createAggregator({ arch: found.arch, life: name === "main" ? found.life : { within: "serve" } });
    aggregators.push(aggregator);
    await readInto(aggregator, chunks, name);
  }
  const counts = aggregators.map((aggregator) => aggregator.counts());
  const calls = totalOf("calls", counts);
  if (calls === 0) return `the killed recording of ${found.name} had traced nothing yet`;
  const traced = mergeAll(aggregators.map((aggregator) => buildRecording(found.name, found.run, aggregator.finish())));
  if (traced === undefined) return undefined;
  const recording = toldApart(traced);
  const path = join(found.folder, recordingPath(found.name));
  const unread = await addPartial(path, checkedRecording(recording, source));
  return (
    `${calls.toLocaleString("en")} calls of the killed recording of ${found.name} are in ` +
    `${partialPath(path)}; record --append takes them in${unread === undefined ? "" : `; ${unreadWords(unread)}`}`
  );
}

async function readUnfinished(cli: ContainerCli, volume: string): Promise<Unfinished | undefined> {
  const text = await traceFacts(cli, volume);
  return text === undefined || isOfManyContainers(text) ? undefined : parseUnfinished(text, labelOf(volume));
}

/**
 * Whether a volume holds the traces of `record --containers`. What is needed to make recordings of
 * them stands beside each trace.
 */
export function isOfManyContainers(text: string): boolean {
  try {
    return (JSON.parse(text) as { readonly traces?: unknown } | null)?.traces === true;
  } catch {
    return false; // a label that is no JSON is told by whoever reads it
  }
}

/**
 * Reads what a volume says of its trace. Anybody who may use the engine can have written it, so
 * anything that is not as we write it throws `recording-invalid`.
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

function labelOf(volume: string): string {
  return `the label of the volume ${volume}`;
}

/** The facts come from the engine, so the recording must be valid before it is written. */
export function checkedRecording(recording: Recording, source: string): Recording {
  return parseRecording(stringifyRecording(recording), source);
}
