import type { StraceEvent } from "../../strace-parser/index.ts";

/** A line that the parser did not understand. */
export interface UnreadLine {
  readonly file: string | undefined;
  readonly line: number;
  readonly reason: string;
}

/** The lines that could not be read for one reason. */
export interface UnreadRanges {
  readonly reason: string;
  readonly lines: number;
  /** First and last line of each run of lines, in the order of reading. */
  readonly ranges: readonly (readonly [number, number])[];
}

/** At most this many lines are kept. */
const maxKept = 10;

/** At most this many runs of lines are kept, over all reasons. */
const maxRanges = 10_000;

/** The lines that could not be read. */
export class UnreadLines {
  readonly first: UnreadLine[] = [];
  total = 0;
  readonly #byReason = new Map<string, { lines: number; readonly ranges: [number, number][] }>();
  #ranges = 0;

  add({ source: { file, line } }: StraceEvent, reason: string): void {
    this.total += 1;
    if (this.first.length < maxKept) this.first.push({ file, line, reason });
    const known = this.#byReason.get(reason) ?? { lines: 0, ranges: [] };
    this.#byReason.set(reason, known);
    known.lines += 1;
    const last = known.ranges.at(-1);
    if (last !== undefined && line === last[1] + 1) last[1] = line;
    else if (this.#ranges < maxRanges) {
      known.ranges.push([line, line]);
      this.#ranges += 1;
    }
  }

  /** All of them, by reason. */
  all(): readonly UnreadRanges[] {
    return [...this.#byReason].map(([reason, { lines, ranges }]) => ({ reason, lines, ranges }));
  }
}
