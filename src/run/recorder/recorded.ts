import type { Aggregator, CodeEvidence, Run } from "../../core/recording/index.ts";
import type { PolicyArguments } from "../../project/index.ts";
import type { SeccompGenError } from "../../core/errors/index.ts";

/** Options of `record`. */
export interface RecordOptions extends PolicyArguments {
  readonly name: string | undefined;
  readonly while: string | undefined;
  readonly exec: readonly string[];
  readonly stopAfter: number | undefined;
  /** The recording ends when this many seconds have passed without a new call. */
  readonly untilStable: number | undefined;
  readonly append: boolean;
  /** The workload runs at most this many times. A round that shows nothing new is the last one. */
  readonly rounds: number;
  /** Leaves calls untraced that every profile allows. */
  readonly lean: boolean;
  /** Also traces calls that are fully known. */
  readonly full: boolean;
  readonly force: boolean;
  readonly verify: boolean;
}

/** What one round recorded: the facts of the run, its calls, and how it ended. */
export interface Recorded {
  readonly run: Run;
  readonly aggregators: readonly Aggregator[];
  /** The calls that the programs' code can make. `undefined` if their files were not read. */
  readonly code: CodeEvidence | undefined;
  /** The workload's own exit code. `undefined` if it is unknown. */
  readonly exitCode: number | undefined;
  /** seccomp-gen ended it on purpose (--while, --stop-after, --until-stable, Ctrl-C). */
  readonly stoppedByUs: boolean;
  /** Common code paths of services that this run did not take. `undefined` if the workload served nothing. */
  readonly missed: readonly string[] | undefined;
  /** Why the recording is incomplete. `undefined` if it is complete. */
  readonly trouble: SeccompGenError | undefined;
  /** Removes the stored log. Until then, `clean` can make a recording from it if this process is killed. */
  readonly release: () => Promise<void>;
}
