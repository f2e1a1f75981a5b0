import type { ReadResult } from "./result.ts";

/**
 * Lines as they can be understood by themselves, before anything is known of what they mean
 * together: where their parts stand, as numbers. A line that is not plain, or of which there is
 * more to say than the numbers hold (a thread's name), is only a place.
 */
export interface Digest {
  /** `width` numbers a line: offsets into the text. */
  readonly fields: Int32Array;
  readonly lines: number;
  /** All names and failures that the fields number. */
  readonly names: readonly string[];
  readonly failures: readonly ReadResult[];
}

/**
 * What a line is, as far as it can be understood by itself. `call`: a whole one. `head`: one that
 * goes on in a later line. `tail`: the rest of one, with its result. `news`: a signal or the end of
 * a thread, of which only the thread is known. `other`: anything else, or a call that must be
 * looked at more closely.
 */
export const lineKinds = { other: 0, call: 1, head: 2, tail: 3, news: 4 } as const;

/**
 * What stands where among the numbers of a line (assembly/plain-lines.ts writes them). The result:
 * see `resultIn`. The line: how many lines after the one before which `Digester.load` began.
 */
export const width = 11;
export const [atStart, atLast, atKind, atName, atPid, atNumber, atEvent, atArgs, atArgsEnd, atResult, atLine] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
] as const;
