import type { ArgIndex, Rule } from "../seccomp/index.ts";
import { masked } from "./pin.ts";

/**
 * Rules for a value whose lower bits are none of these numbers. Such a value differs from them in a bit in which they
 * all agree, or it lies in a cube of the other bits that holds none of them. The cubes are chosen one by one. The next
 * cube must cover the open point that the fewest cubes hold. Of those cubes, the one with the most open points is
 * chosen.
 */
export function noneOf(index: ArgIndex, width: number, values: readonly bigint[]): readonly Rule[] {
  const bits = [...Array(width).keys()].map((bit) => 1n << BigInt(bit));
  const [first = 0n] = values;
  const apart = bits.filter((bit) => values.some((value) => ((first ^ value) & bit) !== 0n));
  const own = apart.reduce((mask, bit) => mask | bit, 0n);
  const taken = new Set(values.map((value) => value & own));
  const cubes = largest(
    cubesOf(apart).filter(({ mask, datum }) => [...taken].every((point) => (point & mask) !== datum)),
  );
  let rest = pointsOf(apart).filter((point) => !taken.has(point));
  const chosen: Cube[] = [];
  while (rest.length > 0) {
    const holders = rest.map((point) => cubes.filter(({ mask, datum }) => (point & mask) === datum));
    const fewest = holders.reduce((one, other) => (other.length < one.length ? other : one));
    const held = (cube: Cube): number => rest.filter((point) => (point & cube.mask) === cube.datum).length;
    const best = fewest.reduce((one, other) => (held(other) > held(one) ? other : one));
    chosen.push(best);
    rest = rest.filter((point) => (point & best.mask) !== best.datum);
  }
  return [
    ...bits.filter((bit) => !apart.includes(bit)).map((bit) => ({ mask: bit, datum: ~first & bit })),
    ...chosen,
  ].map(({ mask, datum }) => ({ conditions: [masked(index, mask, datum)] }));
}

/** The values that have these bits under the mask. */
interface Cube {
  readonly mask: bigint;
  readonly datum: bigint;
}

function pointsOf(bits: readonly bigint[]): readonly bigint[] {
  return bits.reduce<readonly bigint[]>((points, bit) => points.flatMap((point) => [point, point | bit]), [0n]);
}

function cubesOf(bits: readonly bigint[]): readonly Cube[] {
  return pointsOf(bits).flatMap((mask) =>
    pointsOf(bits.filter((bit) => (mask & bit) !== 0n)).map((datum) => ({ mask, datum })),
  );
}

/** The cubes that no other cube contains. */
function largest(cubes: readonly Cube[]): readonly Cube[] {
  return cubes.filter(
    (cube) =>
      !cubes.some(
        (other) => other !== cube && (other.mask & ~cube.mask) === 0n && (cube.datum & other.mask) === other.datum,
      ),
  );
}
