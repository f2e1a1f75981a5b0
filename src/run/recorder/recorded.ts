import type { Aggregator, Run } from "../../core/recording/index.ts";
import type { PolicyArguments } from "../../project/index.ts";
import type { SeccompGenError } from "../../core/errors/index.ts";
import type { TracerPlace } from "../tracer/index.ts";

/** What `record` was asked for. */
export interface RecordOptions extends PolicyArguments {
  readonly name: string | undefined;
  readonly while: string | undefined;
  readonly exec: readonly string[];
  readonly stopAfter: number | undefined;
  /** Ends when no new call came for so many seconds. */
  readonly untilStable: number | undefined;
  readonly append: boolean;
  /** At most so often; a round that brings nothing new is the last. */
  readonly rounds: number;
  /** Leave untraced also what a profile holds whatever is seen. */
  readonly lean: boolean;
  /** Trace also what is known. */
  readonly full: boolean;
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
  /**
   * Code paths that services have and this run did not take; undefined where it was not seen to be
   * a service.
   */
  readonly missed: readonly string[] | undefined;
  /** Why this is not the whole of it. */
  readonly trouble: SeccompGenError | undefined;
  /**
   * Gives the trace away; until then a recording can be made of it should this process be killed.
   */
  readonly release: () => Promise<void>;
}
