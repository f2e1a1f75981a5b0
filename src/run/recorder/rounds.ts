import {
  buildRecording,
  mergeAll,
  mergeRecordings,
  newCalls,
  totalOf,
  type Recording,
  type Run,
} from "../../core/recording/index.ts";
import { SeccompGenError } from "../../core/errors/index.ts";
import { escapeTerminal } from "../../core/text/index.ts";
import { toldApart, type Terminal } from "../../project/index.ts";
import type { Untraced } from "../tracer/index.ts";
import { whatIsKnown } from "./known.ts";
import type { RecordOptions, Recorded } from "./recorded.ts";

/** What all rounds recorded, and how the last one ended. */
export interface Rounds {
  readonly fresh: Recording;
  readonly last: Recorded;
  readonly unparsed: number;
  /** Code paths that no round exercised. */
  readonly missed: readonly string[];
  /** Removes the stored logs, once the recording is written. */
  readonly release: () => Promise<void>;
}

/**
 * Runs a workload until a round shows nothing new. Each round traces only calls that are not fully
 * known from `known` and the earlier rounds.
 */
export async function recordRounds(
  name: string,
  known: Recording | undefined,
  options: RecordOptions,
  once: (untraced: Untraced) => Promise<Recorded>,
  terminal: Terminal,
): Promise<Rounds> {
  let fresh: Recording | undefined;
  let unparsed = 0;
  let missed: readonly string[] | undefined;
  const releases: Recorded["release"][] = [];
  for (let round = 1; ; round += 1) {
    const base = fresh === undefined || known === undefined ? (fresh ?? known) : mergeRecordings(known, fresh);
    const untraced = whatIsKnown(options.full ? undefined : base, options);
    if (options.rounds > 1) terminal.note(`round ${round} of at most ${options.rounds}`);
    noteUntraced(untraced, options, terminal);
    const last = await once(untraced);
    releases.push(last.release);
    const seen = recordingOf(name, last, options.lean);
    const counts = last.aggregators.map((aggregator) => aggregator.counts());
    unparsed += totalOf("unparsedTotal", counts);
    missed = missedByBoth(missed, last.missed);
    const news = newCalls(base, seen);
    fresh = fresh === undefined ? seen : mergeRecordings(fresh, seen);
    if (base !== undefined)
      terminal.note(news.length === 0 ? "nothing new" : `new: ${news.map((call) => escapeTerminal(call)).join(", ")}`);
    if (round === options.rounds || news.length === 0 || last.trouble !== undefined || terminal.interrupted.aborted) {
      const release = async (): Promise<void> => void (await Promise.all(releases.map((remove) => remove())));
      return { fresh, last, unparsed, missed: missed ?? [], release };
    }
  }
}

/** Says which calls run untraced, and what that costs. */
function noteUntraced(untraced: Untraced, options: RecordOptions, terminal: Terminal): void {
  const count = [...untraced.calls.values()].reduce((sum, names) => sum + names.length, 0);
  if (count === 0) return;
  terminal.note(
    `${count} calls are fully known${options.lean ? ", or allowed anyway," : ""} and run untraced. ` +
      "strace then sets no_new_privs, so setuid programs and file capabilities gain nothing " +
      "(--full traces all)",
  );
}

/** Code paths that neither of two rounds exercised. A round that cannot tell is ignored. */
function missedByBoth(
  before: readonly string[] | undefined,
  now: readonly string[] | undefined,
): readonly string[] | undefined {
  return before === undefined || now === undefined ? (before ?? now) : before.filter((path) => now.includes(path));
}

function recordingOf(name: string, { run: facts, aggregators, code }: Recorded, lean: boolean): Recording {
  const run: Run = lean ? { ...facts, lean } : facts;
  const recording = mergeAll(aggregators.map((aggregator) => buildRecording(name, run, aggregator.finish())));
  if (recording === undefined)
    throw new SeccompGenError({ code: "workload-not-started", detail: "no trace was written" });
  return toldApart(code === undefined ? recording : { ...recording, code });
}
