import { conditionMatches, intervals, maxValue } from "./condition.ts";
import type { ArgCondition } from "./types.ts";

/** All values with `(value & mask) === bits`; `bits` lies within `mask`. */
interface Cube {
  readonly mask: bigint;
  readonly bits: bigint;
}

/**
 * One value for every way in which values can answer the conditions (all on the same argument): the smallest of each class.
 * Complete: two values that some condition tells apart are never represented by one. The boundaries of the interval conditions cut
 * the range into pieces; where masks meet them, the pieces are cut on into cubes of bits.
 */
export function representatives(conditions: readonly ArgCondition[]): readonly bigint[] {
  const masked = conditions.filter((condition) => condition.op === "SCMP_CMP_MASKED_EQ");
  const starts = pieceStarts(conditions);
  if (masked.length === 0) return starts;
  const found = new Map<string, bigint>();
  const cuts = masked.map(({ mask, datum }): Cube => ({ mask, bits: datum & mask }));
  starts.forEach((low, piece) => {
    const high = (starts[piece + 1] ?? maxValue + 1n) - 1n;
    for (const cube of cutAll(prefixCubes(low, high), cuts)) {
      const signature = `${piece} ${conditions.map((condition) => (conditionMatches(condition, cube.bits) ? 1 : 0)).join("")}`;
      const known = found.get(signature);
      if (known === undefined || cube.bits < known) found.set(signature, cube.bits);
    }
  });
  return [...found.values()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * Rules tell more calls apart than anybody can go through: single bits of one argument double the ways with each rule. Profiles in use have fewer than a
 * hundred ways a syscall; whoever wrote such rules wants a tool to hang, or to look away.
 */
export class TooManyWays extends RangeError {
  override readonly name = "TooManyWays";
}

/** So many ways in which the values of one argument can answer are followed. */
const maxPieces = 2048;

/** First values of the pieces between which no interval condition changes its answer, ascending. */
function pieceStarts(conditions: readonly ArgCondition[]): readonly bigint[] {
  const starts = new Set<bigint>([0n]);
  for (const condition of conditions) {
    for (const { low, high } of intervals(condition) ?? []) {
      starts.add(low);
      if (high < maxValue) starts.add(high + 1n);
    }
  }
  return [...starts].sort((a, b) => (a < b ? -1 : 1));
}

/** An interval as cubes of a fixed prefix, fewest first: at most 126. */
export function prefixCubes(low: bigint, high: bigint): readonly Cube[] {
  const cubes: Cube[] = [];
  for (let start = low; start <= high; ) {
    let size = start === 0n ? maxValue + 1n : start & -start;
    while (start + size - 1n > high) size >>= 1n;
    cubes.push({ mask: maxValue & ~(size - 1n), bits: start });
    start += size;
  }
  return cubes;
}

/**
 * Cuts cubes until each lies wholly inside or outside of every cut. Cubes that answered alike so far and fix the same of the bits that are
 * still asked for have the same future: one of them is enough.
 */
function cutAll(cubes: readonly Cube[], cuts: readonly Cube[]): readonly Cube[] {
  let pieces = cubes.map((cube) => ({ cube, answers: 0n }));
  cuts.forEach((cut, position) => {
    const asked = cuts.slice(position + 1).reduce((bits, { mask }) => bits | mask, 0n);
    const kept = new Map<string, { readonly cube: Cube; readonly answers: bigint }>();
    for (const { cube, answers } of pieces) {
      for (const part of split(cube, cut)) {
        const next = (answers << 1n) | (((part.bits ^ cut.bits) & cut.mask) === 0n ? 1n : 0n);
        const key = `${next} ${part.mask & asked} ${part.bits & asked}`;
        const known = kept.get(key);
        if (known === undefined || part.bits < known.cube.bits) kept.set(key, { cube: part, answers: next });
      }
    }
    if (kept.size > maxPieces) throw new TooManyWays(`conditions with ${cuts.length} masks on one argument tell more than ${maxPieces} kinds of values apart`);
    pieces = [...kept.values()];
  });
  return pieces.map(({ cube }) => cube);
}

/** The part of a cube inside `cut` first, then what is left, one piece for each bit in which it differs. */
function split(cube: Cube, cut: Cube): readonly Cube[] {
  if (((cube.bits ^ cut.bits) & cube.mask & cut.mask) !== 0n) return [cube];
  const pieces: Cube[] = [];
  let { mask, bits } = cube;
  for (let free = cut.mask & ~cube.mask; free !== 0n; free &= free - 1n) {
    const bit = free & -free;
    pieces.push({ mask: mask | bit, bits: bits | (~cut.bits & bit) });
    mask |= bit;
    bits |= cut.bits & bit;
  }
  return [{ mask, bits }, ...pieces];
}
