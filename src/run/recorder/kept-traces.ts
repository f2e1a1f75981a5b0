import { stat } from "node:fs/promises";
import { join } from "node:path";
import { buildRecording, createAggregator, mergeRecordings, type Recording } from "../../core/recording/index.ts";
import {
  addPartial,
  partialPath,
  recordingPath,
  sessionIsOver,
  toldApart,
  unreadWords,
  type Terminal,
} from "../../project/index.ts";
import { readInto } from "../../logs/index.ts";
import { sessionLabel, traceLabel } from "../container/index.ts";
import { isDocument, member, textOf, textsOf, type Document, type EngineClient } from "../gateway/index.ts";
import { ensureKeeperImage, readLeft } from "../keeper/index.ts";
import { engineFacts } from "../session/index.ts";
import { checkedRecording, parseUnfinished } from "./unfinished.ts";

/** The traces that a killed session left for one recording. */
interface Found {
  readonly folder: string;
  calls: number;
  recording: Recording;
}

/**
 * Makes partial recordings from the traces that a killed session left of its containers. Resolves to notices for the
 * user. Throws if a recording cannot be written: then the traces must stay.
 */
export async function recoverKept(
  engine: EngineClient,
  volume: string,
  terminal: Pick<Terminal, "note">,
): Promise<readonly string[]> {
  const image = await ensureKeeperImage(engine, (await engineFacts(engine)).architecture, process.env, terminal.note);
  const found = new Map<string, Found>();
  await readLeft(engine, image, volume, async ({ about, chunks }) => {
    const { name, folder, arch, life, run } = parseUnfinished(about, `a trace on the volume ${volume}`);
    const aggregator = createAggregator({ arch, life, outside: true });
    await readInto(aggregator, chunks, name);
    const { calls } = aggregator.counts();
    if (calls === 0) return;
    const seen = buildRecording(name, run, aggregator.finish());
    const place = join(folder, recordingPath(name));
    const before = found.get(place);
    if (before === undefined) found.set(place, { folder, calls, recording: seen });
    else [before.calls, before.recording] = [before.calls + calls, mergeRecordings(before.recording, seen)];
  });
  const said: string[] = [];
  for (const [path, each] of found) said.push(await keep(path, each, volume));
  return said.length === 0 ? ["a killed recording had not traced anything yet"] : said;
}

/** Says that a killed recording of this folder left traces. The user may want them before recording again. */
export async function mentionKept(
  engine: EngineClient,
  folder: string,
  terminal: Pick<Terminal, "note">,
): Promise<void> {
  const filters = new URLSearchParams({ filters: JSON.stringify({ label: [traceLabel] }) }).toString();
  const listed = await engine.get<Document>(`/volumes?${filters}`, "listing volumes").catch(() => undefined);
  const volumes = member(listed, "Volumes");
  const isLeft = (volume: unknown): boolean => {
    const labels = textsOf(member(volume, "Labels"));
    return sessionIsOver(labels[sessionLabel] ?? "") && folderOf(labels[traceLabel] ?? "") === folder;
  };
  if (!Array.isArray(volumes) || !volumes.some(isLeft)) return;
  terminal.note(
    "a recording in this folder was killed; seccomp-gen clean writes its trace to the " +
      "recording.partial.json of each container",
  );
}

function folderOf(label: string): string | undefined {
  try {
    const facts: unknown = JSON.parse(Buffer.from(label, "base64url").toString("utf8"));
    return isDocument(facts) ? textOf(member(facts, "folder")) : undefined;
  } catch {
    return undefined; // clean reports it
  }
}

async function keep(path: string, { folder, calls, recording }: Found, volume: string): Promise<string> {
  const isThere = await stat(folder).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isThere)
    return `the trace of the killed recording of ${recording.name} was dropped: its folder ${folder} no longer exists`;
  const unread = await addPartial(path, checkedRecording(toldApart(recording), `a trace on the volume ${volume}`));
  return (
    `${calls.toLocaleString("en")} calls of the killed recording of ${recording.name} are in ${partialPath(path)}; ` +
    `record --append adds them to the recording${unread === undefined ? "" : `; ${unreadWords(unread)}`}`
  );
}
