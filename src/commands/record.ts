import { basename } from "node:path";
import { buildRecording, mergeRecordings, parseRecording, stringifyRecording } from "../aggregator/index.ts";
import type { Aggregator } from "../aggregator/index.ts";
import type { Recording, Run } from "../aggregator/types.ts";
import type { RunCommand } from "../container/run-command.ts";
import { parseRunCommand } from "../container/run-command.ts";
import { SeccompGenError } from "../errors.ts";
import { renderSummary } from "../review/summary.ts";
import { derive } from "./derivation.ts";
import type { PolicyArguments } from "./derivation.ts";
import { checkWritable, readIfPresent, writeAtomically } from "./files.ts";
import { checkName, nameFromImage, profilePath, recordingPath } from "./names.ts";
import { recordContainer } from "./record-container.ts";
import { recordHost } from "./record-host.ts";
import { policyOf, storePolicy } from "./stored-policy.ts";
import type { Terminal } from "./terminal.ts";
import type { TracerPlace } from "../tracer/container-trace.ts";
import { reportVerdict, verifyContainer } from "./verify.ts";

export interface RecordOptions extends PolicyArguments {
  readonly name: string | undefined;
  readonly while: string | undefined;
  readonly exec: readonly string[];
  readonly stopAfter: number | undefined;
  readonly append: boolean;
  readonly force: boolean;
  readonly verify: boolean;
  /** Where strace stands. */
  readonly tracer: TracerPlace;
}

/** What a traced workload left: the facts of the run, its calls, and how it ended. */
export interface Recorded {
  readonly run: Run;
  readonly aggregators: readonly Aggregator[];
  /** The workload's own exit code; undefined where nobody knows it. */
  readonly exitCode: number | undefined;
  /** We ended it on purpose (--while, --stop-after, Ctrl-C). */
  readonly stoppedByUs: boolean;
}

/** `seccomp-gen record`: trace → recording → profile → summary. Resolves to the exit code. */
export async function record(words: readonly string[], options: RecordOptions, terminal: Terminal): Promise<number> {
  const run = await parseRunCommand(words);
  const name = checkName(options.name ?? (run === undefined ? basename(words[0] ?? "") : nameFromImage(run.image)));
  const paths = { recording: recordingPath(name), profile: profilePath(name) };
  const existing = await existingRecording(paths.recording);
  await checkWritable(paths.recording);
  await checkWritable(paths.profile);

  const recorded = run === undefined ? await recordHost(words, options, terminal) : await recordContainer(run, options, terminal);
  const fresh = recordingOf(name, recorded);
  const recording = await combine(existing, fresh, paths.recording, options);
  const derivation = await derive(recording, options);
  await writeAtomically(paths.recording, stringifyRecording(recording));
  await storePolicy(paths.recording, policyOf(options));
  await writeAtomically(paths.profile, derivation.profile);
  const unparsed = recorded.aggregators.reduce((sum, aggregator) => sum + aggregator.counts().unparsedTotal, 0);
  terminal.note(renderSummary({ ...derivation, recording, paths, unparsed, container: run !== undefined, verified: options.verify }));
  const exitCode = recorded.stoppedByUs ? 0 : (recorded.exitCode ?? 0);
  if (!options.verify) return exitCode;
  const verdictCode = await verifyRecorded(run, paths.profile, options, recorded, terminal);
  return verdictCode === 0 ? exitCode : verdictCode;
}

async function verifyRecorded(run: RunCommand | undefined, profile: string, options: RecordOptions, recorded: Recorded, terminal: Terminal): Promise<number> {
  if (run === undefined) {
    terminal.note("--verify: a program on this host cannot be run under a Docker profile; run it in a container to verify");
    return 0;
  }
  const verdict = await verifyContainer(run, profile, { ...options, expectExit: recorded.stoppedByUs ? undefined : recorded.exitCode, times: 1 }, terminal);
  return reportVerdict(verdict, profile, terminal);
}

function recordingOf(name: string, recorded: Recorded): Recording {
  const [first, ...rest] = recorded.aggregators.map((aggregator) => buildRecording(name, recorded.run, aggregator.finish()));
  if (first === undefined) throw new SeccompGenError({ code: "workload-not-started", detail: "no trace was written" });
  return rest.reduce((merged, next) => mergeRecordings(merged, next), first);
}

async function existingRecording(path: string): Promise<Recording | undefined> {
  const text = await readIfPresent(path);
  return text === undefined ? undefined : parseRecording(text, path);
}

/**
 * `--append` merges; `--force` replaces. Without either, a recording that would lose something of the committed one is not
 * written over it: it goes beside it, so that neither is lost.
 */
async function combine(existing: Recording | undefined, fresh: Recording, path: string, options: RecordOptions): Promise<Recording> {
  if (existing === undefined || options.force) return fresh;
  const merged = mergeRecordings(existing, fresh);
  if (options.append) return merged;
  const text = stringifyRecording(fresh);
  if (stringifyRecording(merged) === text) return fresh;
  const aside = path.replace(/\.json$/, ".new.json");
  await writeAtomically(aside, text);
  throw new SeccompGenError({ code: "recording-exists", path, aside });
}
