import { basename } from "node:path";
import { stringifyRecording } from "../aggregator/index.ts";
import type { Aggregator } from "../aggregator/index.ts";
import type { Run } from "../aggregator/types.ts";
import type { RunCommand } from "../container/run-command.ts";
import { parseRunCommand } from "../container/run-command.ts";
import { SeccompGenError } from "../errors.ts";
import { renderSummary } from "../review/summary.ts";
import { derive } from "./derivation.ts";
import type { PolicyArguments } from "./derivation.ts";
import { checkWritable, writeAtomically } from "./files.ts";
import { combine, forgetPartial, keepPartial, knownBefore, partialPath } from "./kept-recording.ts";
import { whileLocked } from "./lock.ts";
import { checkName, nameFromImage, profilePath, recordingPath } from "./names.ts";
import { recordContainer } from "./record-container.ts";
import { recordHost } from "./record-host.ts";
import { recordRounds } from "./rounds.ts";
import type { RoundOptions } from "./rounds.ts";
import { policyOf, storePolicy } from "./stored-policy.ts";
import type { Untraced } from "../tracer/strace-command.ts";
import type { Terminal } from "./terminal.ts";
import type { TracerPlace } from "../tracer/container-trace.ts";
import { defaultMaxRuns, verifyContainer } from "./verify.ts";

export interface RecordOptions extends PolicyArguments, RoundOptions {
  readonly name: string | undefined;
  readonly while: string | undefined;
  readonly exec: readonly string[];
  readonly stopAfter: number | undefined;
  /** Ends when no new call came for so many seconds. */
  readonly untilStable: number | undefined;
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
  /** We ended it on purpose (--while, --stop-after, --until-stable, Ctrl-C). */
  readonly stoppedByUs: boolean;
  /** Code paths that services have and this run did not take; undefined where it was not seen to be a service. */
  readonly missed: readonly string[] | undefined;
  /** Why this is not the whole of it. */
  readonly trouble: SeccompGenError | undefined;
  /** Gives the trace away; until then a recording can be made of it should this process be killed. */
  readonly release: () => Promise<void>;
}

/** `seccomp-gen record`: trace → recording → profile → summary. Resolves to the exit code. */
export async function record(words: readonly string[], options: RecordOptions, terminal: Terminal): Promise<number> {
  const run = await parseRunCommand(words);
  const name = checkName(options.name ?? (run === undefined ? basename(words[0] ?? "") : nameFromImage(run.image)));
  const paths = { recording: recordingPath(name), profile: profilePath(name) };
  const before = await knownBefore(paths.recording, options.append);
  await checkWritable(paths.recording);
  await checkWritable(paths.profile);

  const once = (untraced: Untraced): Promise<Recorded> => (run === undefined ? recordHost(words, options, untraced, terminal) : recordContainer(name, run, options, untraced, terminal));
  const { fresh, last, unparsed, missed, release } = await recordRounds(name, options.append ? before : undefined, options, once, terminal);
  const written = <Result>(writing: Promise<Result>): Promise<Result> =>
    writing.then(
      async (result) => (await release(), result),
      async (error: unknown) => {
        if (!(error instanceof SeccompGenError && error.problem.code === "file-unwritable")) await release();
        else if (run !== undefined) terminal.note(`what was traced is still on the engine: seccomp-gen clean takes it into ${partialPath(paths.recording)}`);
        throw error;
      },
    );
  if (last.trouble !== undefined) throw await written(keepPartial(paths.recording, fresh, last.trouble));
  const { recording, derivation } = await written(whileLocked(paths.recording, async () => {
    const combined = await combine(paths.recording, before, fresh, options, terminal.note);
    const derived = await derive(combined, options);
    await writeAtomically(paths.recording, stringifyRecording(combined));
    await storePolicy(paths.recording, policyOf(options));
    await writeAtomically(paths.profile, derived.profile);
    if (options.append) await forgetPartial(paths.recording);
    return { recording: combined, derivation: derived };
  }));
  terminal.note(renderSummary({ ...derivation, mode: options.mode, recording, paths, unparsed, missed, container: run !== undefined, verified: options.verify }));
  const exitCode = last.stoppedByUs ? 0 : (last.exitCode ?? 0);
  if (!options.verify) return exitCode;
  const verdictCode = await verifyRecorded(run, paths.profile, options, last, terminal);
  return verdictCode === 0 ? exitCode : verdictCode;
}

async function verifyRecorded(run: RunCommand | undefined, profile: string, options: RecordOptions, recorded: Recorded, terminal: Terminal): Promise<number> {
  if (run === undefined) {
    terminal.note("--verify: a program on this host cannot be run under a Docker profile; run it in a container to verify");
    return 0;
  }
  const expectExit = recorded.stoppedByUs ? undefined : recorded.exitCode;
  return verifyContainer(run, profile, { ...options, stopAfter: options.stopAfter ?? (options.while === undefined ? options.untilStable : undefined), expectExit, times: 1, compareOutput: false, accept: false, maxRuns: defaultMaxRuns }, terminal);
}
