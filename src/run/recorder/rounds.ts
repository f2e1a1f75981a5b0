import { arch as machine } from "node:os";
import {
  buildRecording,
  fullyKnown,
  knownArguments,
  mergeAll,
  mergeRecordings,
  newCalls,
  totalOf,
  type Recording,
  type Run,
} from "../../core/recording/index.ts";
import { encodeProgram } from "../../core/emitter/index.ts";
import { SeccompGenError } from "../../core/errors/index.ts";
import { escapeTerminal } from "../../core/text/index.ts";
import { heldAnyway, letThrough } from "../../core/policy/index.ts";
import { compileFilters, runOn, type Filter } from "../../core/seccomp/index.ts";
import { nativeArch } from "../../core/tables/index.ts";
import type { Terminal } from "../../project/index.ts";
import { traceAll, type Untraced } from "../tracer/index.ts";
import type { RecordOptions, Recorded } from "./recorded.ts";

/** What the rounds saw together, and how the last one ended. */
export interface Rounds {
  readonly fresh: Recording;
  readonly last: Recorded;
  readonly unparsed: number;
  /** Code paths that no round took in which it could be seen. */
  readonly missed: readonly string[];
  /** Gives the traces away, once what they told is written. */
  readonly release: () => Promise<void>;
}

/**
 * Runs a workload until it brings nothing new, each time tracing only what is not fully known from
 * `known` and the rounds before.
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
  const releases: Recorded["release"][] = [];
  let missed: readonly string[] | undefined;
  for (let round = 1; ; round += 1) {
    const base = fresh === undefined || known === undefined ? (fresh ?? known) : mergeRecordings(known, fresh);
    const untraced = whatIsKnown(options.full ? undefined : base, options);
    const count = [...untraced.calls.values()].reduce((sum, names) => sum + names.length, 0);
    if (options.rounds > 1) terminal.note(`round ${round} of at most ${options.rounds}`);
    if (count > 0)
      terminal.note(
        `${count} calls are fully known${options.lean ? ", or allowed whatever is seen," : ""} and run ` +
          `untraced${untraced.letThrough === undefined ? "" : ", and others where their arguments are known"}; ` +
          "strace sets no_new_privs for that, so setuid programs and file capabilities gain nothing " +
          "(--full traces all)",
      );
    const last = await once(untraced);
    releases.push(last.release);
    const seen = recordingOf(name, last, options.lean);
    unparsed += totalOf(
      "unparsedTotal",
      last.aggregators.map((aggregator) => aggregator.counts()),
    );
    const taken = last.missed;
    if (taken !== undefined) missed = missed === undefined ? taken : missed.filter((path) => taken.includes(path));
    const news = newCalls(base, seen);
    fresh = fresh === undefined ? seen : mergeRecordings(fresh, seen);
    if (base !== undefined)
      terminal.note(news.length === 0 ? "nothing new" : `new: ${news.map((call) => escapeTerminal(call)).join(", ")}`);
    if (round === options.rounds || news.length === 0 || last.trouble !== undefined || terminal.interrupted.aborted)
      return {
        fresh,
        last,
        unparsed,
        missed: missed ?? [],
        release: async () => void (await Promise.all(releases.map((release) => release()))),
      };
  }
}

/**
 * What need not be traced. `lean`: this machine's native calls; where the engine's is another,
 * strace passes over names that it does not know.
 */
function whatIsKnown(base: Recording | undefined, { lean, deny }: RecordOptions): Untraced {
  const known = base === undefined ? traceAll.calls : fullyKnown(base);
  const arch = nativeArch(machine()) ?? "SCMP_ARCH_X86_64";
  const calls = lean
    ? new Map([...known, [arch, [...new Set([...(known.get(arch) ?? []), ...heldAnyway(arch, deny)])].sort()]])
    : known;
  return { calls, letThrough: programOf(letThrough(calls, base === undefined ? new Map() : knownArguments(base))) };
}

/** For the kernel; undefined where there is nothing to let through, or more than it takes. */
function programOf(filters: readonly Filter[]): Uint8Array | undefined {
  try {
    return filters.every(({ syscalls }) => syscalls.size === 0)
      ? undefined
      : encodeProgram(runOn(compileFilters(filters)), filters[0]?.arch);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function recordingOf(name: string, { run: facts, aggregators }: Recorded, lean: boolean): Recording {
  const run: Run = lean ? { ...facts, lean } : facts;
  const recording = mergeAll(aggregators.map((aggregator) => buildRecording(name, run, aggregator.finish())));
  if (recording === undefined)
    throw new SeccompGenError({ code: "workload-not-started", detail: "no trace was written" });
  return recording;
}
