/**
 * The probability that the next call is of a kind that was never seen. By Good–Turing, it is the share of calls whose
 * kind was seen exactly once. Calls come in bursts that belong together. So the estimate holds only for activity like
 * that seen so far. It says nothing about what was not exercised. `undefined` if there were too few calls.
 */
export function unseenShare(calls: number, seenOnce: number): number | undefined {
  return calls < fewestCalls ? undefined : seenOnce / calls;
}

const fewestCalls = 1_000;

/** `about 0.02 % of activity like this may be unseen` */
export function unseenText(share: number): string {
  return share === 0
    ? "activity like this seems to be fully seen"
    : `about ${percent(share)} of activity like this may be unseen`;
}

/** The length of a window. */
export const windowSeconds = 5;
const fewestWindows = 12;

/**
 * The same estimate over time: Good–Turing over windows with at least one call. A burst counts once in its window,
 * however many calls it makes. So this estimate is the more careful one. Kinds are numbered in the order in which they
 * were first seen.
 */
export class ActivityWindows {
  #windows = 0;
  #before: readonly number[] = [];
  /** The number of windows in which each kind was seen. */
  readonly #seenIn: number[] = [];

  /** Ends a window. `calls` has the number of calls of each kind so far. */
  end(calls: readonly number[]): void {
    const called = calls.flatMap((count, kind) => (count > (this.#before[kind] ?? 0) ? [kind] : []));
    this.#before = calls;
    if (called.length === 0) return;
    this.#windows += 1;
    for (const kind of called) this.#seenIn[kind] = (this.#seenIn[kind] ?? 0) + 1;
  }

  /** The number of new kinds that the next window will probably bring. `undefined` if there were too few windows. */
  expected(): number | undefined {
    return this.#windows < fewestWindows
      ? undefined
      : this.#seenIn.filter((windows) => windows === 1).length / this.#windows;
  }
}

/** `another 5 s would show a new syscall in about 8 % of cases` */
export function expectedText(expected: number): string {
  return expected === 0
    ? `another ${windowSeconds} s would probably show nothing new`
    : expected >= 1
      ? `another ${windowSeconds} s may well show something new`
      : `another ${windowSeconds} s would show a new syscall in about ${percent(expected)} of cases`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(1))} %`;
}

/** `40 s`, `4 min`, `3 h` */
export function spanText(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3_600)} h`;
}
