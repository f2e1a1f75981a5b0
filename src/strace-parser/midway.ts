import { maxPid } from "./prefix.ts";

/** A line that can only be understood after what stands before the rest. */
export interface LineSetAside {
  /** Counted from 1, in the rest. */
  readonly line: number;
  readonly pid: number | undefined;
  /** A character a byte, without the newline. */
  readonly text: string;
}

/** What the reader of the beginning must know of how the lines of the rest were read. */
export interface LinesOfRest {
  readonly setAside: readonly LineSetAside[];
  /**
   * One bit a thread: lines of its own were understood without what stands before the rest, or it
   * was made there.
   */
  readonly met: Uint8Array;
}

/**
 * The rest of a log, from the beginning of some line on, is read before, or while, the beginning
 * is: what a thread did before its first call in the rest is not known. That it was inside of no
 * call then is taken for granted, and checked when beginning and rest are put together
 * (`StraceParser.takeUp`). What begins with the second half of a call is set aside. Where a line
 * may mean something else after lines of *other* threads, there is no certainty: the log is to be
 * read in one go.
 */
export class Midway implements LinesOfRest {
  readonly setAside: LineSetAside[] = [];
  readonly met: Uint8Array = new Uint8Array(Math.ceil((maxPid + 2) / 8));
  #isCertain = true;
  #bytes = 0;

  get isCertain(): boolean {
    return this.#isCertain;
  }

  doubt(): void {
    this.#isCertain = false;
  }

  /** From now on its lines are understood. */
  meet(pid: number | undefined): void {
    const bit = bitOf(pid);
    if (bit >= 8 * this.met.length) return this.doubt(); // no thread has this id
    this.met[bit >> 3] = (this.met[bit >> 3] as number) | (1 << (bit & 7));
  }

  setsAside(line: LineSetAside): void {
    this.#bytes += line.text.length;
    if (this.#bytes > mostSetAside) this.doubt();
    else this.setAside.push(line);
  }
}

export function isMet({ met }: LinesOfRest, pid: number | undefined): boolean {
  const bit = bitOf(pid);
  return ((met[bit >> 3] as number) & (1 << (bit & 7))) !== 0;
}

function bitOf(pid: number | undefined): number {
  return pid === undefined ? 0 : pid + 1;
}

/** A rest of which so many bytes cannot be understood is better read in one go. */
const mostSetAside = 4 * 1024 * 1024;
