import { createAggregator, type Aggregator, type LogContext, type Run } from "../../core/recording/index.ts";
import type { SeccompGenError } from "../../core/errors/index.ts";
import type { ScmpArch } from "../../core/tables/index.ts";
import { NamedFiles, readInto, type ProcessFiles } from "../../logs/index.ts";
import { showProgress, type Terminal } from "../../project/index.ts";
import { openTrace, readTrace, type EndOfRun, type TraceRequest } from "../tracer/index.ts";
import { untilStable } from "./stability.ts";
import { unfinishedText } from "./unfinished.ts";

/** How a run ended, as a recording keeps it. */
export interface RunEnd {
  readonly ended: Run["ended"];
  /** The version of the strace that traced it. */
  readonly strace: string | undefined;
}

/** A program on this host, and what a recording says about it. */
export interface Workload {
  /** The recording's name. */
  readonly name: string;
  readonly request: TraceRequest;
  readonly arch: ScmpArch;
  readonly life: NonNullable<LogContext["life"]>;
  readonly facts: (end: RunEnd) => Run;
  /** The error if the program never started. */
  readonly notStarted: (end: EndOfRun) => SeccompGenError;
}

/** What the traces of a workload showed. */
export interface TracedWorkload {
  readonly run: Run;
  /** One for each log, the workload's own first. */
  readonly aggregators: readonly Aggregator[];
  /** The executables and objects that the logs name. */
  readonly files: readonly ProcessFiles[];
  readonly end: EndOfRun;
  /** Removes the stored log. */
  readonly release: () => Promise<void>;
}

/**
 * Traces a workload to its end and reads all its logs. Throws if the program never started, because then there is
 * nothing to keep.
 */
export async function traceWorkload(
  { name, request, arch, life, facts, notStarted }: Workload,
  { untilStable: quietSeconds, lean }: { readonly untilStable: number | undefined; readonly lean: boolean },
  terminal: Pick<Terminal, "note" | "board">,
): Promise<TracedWorkload> {
  const aggregators: Aggregator[] = [];
  const files = new NamedFiles();
  const over = new AbortController();
  const endProgress = showProgress({ aggregators }, terminal);
  try {
    await using trace = await openTrace({
      ...request,
      facts: (strace) => {
        const run: Run = { ...facts({ strace, ended: "cut" }), ...(lean ? { lean: true } : {}) };
        return unfinishedText({ name, folder: process.cwd(), arch, life, run });
      },
    });
    if (quietSeconds !== undefined)
      void untilStable(aggregators, quietSeconds, over.signal)
        .then(() => trace.stop())
        .catch(() => undefined); // it was over before
    const end = await readTrace(trace, async (log) => {
      const isMain = log === trace;
      const aggregator = createAggregator({ arch, life: isMain ? life : { within: "serve" } });
      aggregators.push(aggregator);
      await readInto(aggregator, log.chunks, log.name, files);
    });
    if (!aggregators.some((aggregator) => aggregator.counts().started)) throw notStarted(end);
    const run = facts({ strace: trace.straceVersion, ended: endedAs(end) });
    return { run, aggregators, files: files.files(), end, release: trace.keep() };
  } finally {
    over.abort();
    endProgress();
  }
}

/** A recording's word for the end. A program that SIGKILL ended was cut off. */
function endedAs(end: EndOfRun): Run["ended"] {
  if (end.kind === "exited" && end.killed) return "cut";
  return end.kind;
}
