import type { ScmpArch } from "../tables/index.ts";
import type { UnreadLine } from "./aggregator.ts";
import type { ThreadInRest } from "./programs.ts";

/**
 * What the rest of a log told that was read midway, as far as it can be told without the beginning.
 * Structured-cloneable: it is mostly read by another thread of ours. `Aggregator.join` puts it
 * together with the beginning.
 */
export interface RestOfLog {
  readonly records: readonly RecordOfRest[];
  readonly threads: ReadonlyMap<number | undefined, ThreadInRest>;
  /**
   * What the first event of each thread that was not set aside says of its call before: undefined,
   * that it did what it said; else how it ended.
   */
  readonly firsts: ReadonlyMap<number | undefined, string | undefined>;
  /** So many different calls were printed, at most, in one mode. */
  readonly names: number;
  /** As `Aggregate` says. */
  readonly cut: boolean;
  /** Their lines are counted in the rest. */
  readonly unparsed: readonly UnreadLine[];
  readonly unparsedTotal: number;
}

/** One call in it. */
export interface RecordOfRest {
  readonly arch: ScmpArch;
  readonly name: string;
  readonly calls: number;
  readonly results: ReadonlySet<string>;
  /** So many different results were told apart. */
  readonly told: number;
  readonly programs: ReadonlySet<string>;
  /** It was also made by what these threads ran when the rest began. */
  readonly began: readonly (number | undefined)[];
  readonly values: ReadonlyMap<string, readonly bigint[]>;
  readonly many: boolean;
}
