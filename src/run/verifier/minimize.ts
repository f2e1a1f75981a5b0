/** The result of a search. */
export interface Smallest<T> {
  readonly items: readonly T[];
  /** True if the test fails as soon as any single item is left out. False if the tests ran out first. */
  readonly minimal: boolean;
}

/**
 * The smallest part of `items` for which the test still passes. Zeller and Hildebrandt's delta debugging finds it
 * ("Simplifying and Isolating Failure-Inducing Input", 2002, ddmin): it tries halves, then finer parts, then everything
 * without one part. `items` as a whole must pass. No part is tested twice.
 */
export async function smallestPassing<T>(
  items: readonly T[],
  test: (part: readonly T[]) => Promise<boolean>,
  maxTests: number,
): Promise<Smallest<T>> {
  const tested = new Map<string, boolean>();
  let left = maxTests;
  const passes = async (part: readonly number[]): Promise<boolean> => {
    const key = part.join(",");
    let passed = tested.get(key);
    if (passed === undefined && left > 0) {
      left -= 1;
      passed = await test(part.flatMap((at) => items.slice(at, at + 1)));
      tested.set(key, passed);
    }
    return passed ?? false;
  };
  let current = items.map((_, at) => at);
  let parts = 2;
  while (current.length > 1 && left > 0) {
    const pieces = split(current, Math.min(parts, current.length));
    const rests = pieces.map((piece) => current.filter((at) => !piece.includes(at)));
    const piece = await first(pieces, passes);
    const rest = piece === undefined && pieces.length > 2 ? await first(rests, passes) : undefined;
    if (piece !== undefined) [current, parts] = [piece, 2];
    else if (rest !== undefined) [current, parts] = [rest, Math.max(pieces.length - 1, 2)];
    else if (pieces.length === current.length) break;
    else parts = pieces.length * 2;
  }
  return { items: current.flatMap((at) => items.slice(at, at + 1)), minimal: current.length <= 1 || left > 0 };
}

/**
 * `items` without those that the test does not need. It tries to drop all at once, then halves of what could not go. It
 * needs fewer tests than `smallestPassing` if most items can go and several must stay. `items` as a whole must pass.
 */
export async function withoutNeedless<T>(
  items: readonly T[],
  test: (part: readonly T[]) => Promise<boolean>,
  maxTests: number,
): Promise<Smallest<T>> {
  let kept = items;
  let left = maxTests;
  /** Could the whole piece go? `needed` is true if it is known that it cannot. */
  const drop = async (piece: readonly T[], needed: boolean): Promise<boolean> => {
    if (piece.length === 0) return true;
    if (!needed) {
      const rest = kept.filter((item) => !piece.includes(item));
      if (left === 0) return false;
      left -= 1;
      if (await test(rest)) {
        kept = rest;
        return true;
      }
    }
    if (piece.length === 1) return false;
    const [first = [], second = []] = split(
      piece.map((_, at) => at),
      2,
    ).map((half) => half.flatMap((at) => piece.slice(at, at + 1)));
    const firstGone = await drop(first, false);
    await drop(second, firstGone); // one of the halves is needed
    return false;
  };
  await drop(items, false);
  return { items: kept, minimal: left > 0 || kept.length === 0 };
}

function split(whole: readonly number[], parts: number): number[][] {
  return Array.from({ length: parts }, (_, part) =>
    whole.slice(Math.floor((part * whole.length) / parts), Math.floor(((part + 1) * whole.length) / parts)),
  );
}

async function first(
  candidates: readonly number[][],
  passes: (part: readonly number[]) => Promise<boolean>,
): Promise<number[] | undefined> {
  for (const candidate of candidates) if (await passes(candidate)) return candidate;
  return undefined;
}
