import type { ReadResult } from "./result.ts";

/**
 * What each line says alone, before the lines around it are known. Numbers give the places of its parts. They give only
 * the line's own place if it is not plain, or if they cannot hold all of it (a thread's name).
 */
export interface Digest {
  /** `width` numbers for each line: offsets into the text. */
  readonly fields: Int32Array;
  readonly lines: number;
  /** The names and failures that the fields number. */
  readonly names: readonly string[];
  readonly failures: readonly ReadResult[];
}

/**
 * The kind of a line, understood alone. `call` is a whole call. `head` is a call that goes on in a later line. `tail`
 * is the rest of a call, with its result. `news` is a signal or the end of a thread; only the thread is known. `other`
 * is anything else, or a call that must be read more closely.
 */
export const lineKinds = { other: 0, call: 1, head: 2, tail: 3, news: 4 } as const;

/**
 * Where each number of a line stands (assembly/plain-lines.ts writes them). For the result, see `resultIn`. The line is
 * counted from the line before the one that `Digester.load` began with.
 */
export const width = 11;
export const [atStart, atLast, atKind, atName, atPid, atNumber, atEvent, atArgs, atArgsEnd, atResult, atLine] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
] as const;
