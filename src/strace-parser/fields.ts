import type { ReadResult } from "./result.ts";

/**
 * Lines as they can be understood by themselves, before anything is known of what they mean together: what `readLine` said of each, as numbers. So one thread can read them for
 * another, and each of the two loops is short. A line that was not understood, or of which there is more to say than the numbers hold (a thread's name), is only a place.
 */
export interface Digest {
  /** `width` numbers a line: offsets into the text. */
  readonly fields: Int32Array;
  readonly lines: number;
  /** All names and failures that the fields number, those of earlier digests of the same log too. */
  readonly names: readonly string[];
  readonly failures: readonly ReadResult[];
}

/** What stands where among the numbers of a line. The result is a number of `CommonResults`, or minus the offset where it stands. */
export const width = 10;
export const [atStart, atLast, atKind, atName, atPid, atNumber, atEvent, atArgs, atArgsEnd, atResult] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
