import type { StraceEvent } from "../../strace-parser/index.ts";

/** A line that said nothing to the parser. */
export interface UnreadLine {
  readonly file: string | undefined;
  readonly line: number;
  readonly reason: string;
}

/** At most this many lines are kept. */
const maxKept = 10;

/** The lines that could not be read. */
export class UnreadLines {
  readonly first: UnreadLine[] = [];
  total = 0;

  add({ source: { file, line } }: StraceEvent, reason: string): void {
    this.total += 1;
    if (this.first.length < maxKept) this.first.push({ file, line, reason });
  }
}
