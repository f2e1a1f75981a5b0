/** Instructions that name variables, found without decoding. */
import { U32List } from "./bytes.ts";
import type { SweepContext } from "./events.ts";
import { functionAt, type Functions } from "./functions.ts";

/** Sizes of the immediates that may stand between a displacement and the next instruction. */
const immediateSizes: readonly number[] = [0, 1, 2, 4];
const largestImmediate = 4;

/**
 * Says in how many functions any byte of code begins a displacement that leads to a variable (with
 * each size of an immediate behind) or, in position-dependent files, its address. Go's linker drops
 * the code that would set `perThreadSyscall`, but not the one that reads it.
 */
export function countNamers(context: SweepContext, functions: Functions): (rva: number) => number {
  const { image, ranges } = context;
  const { bytes } = image.source;
  const writable = image.segments.filter((segment) => segment.writable);
  const low = Math.min(...writable.map(({ start }) => start));
  const high = Math.max(...writable.map(({ end }) => end));
  /** Places of candidates, each with where its displacement leads if the largest immediate is behind it. */
  const relative = { at: new U32List(), to: new U32List() };
  const absolute = { at: new U32List(), to: new U32List() };
  for (const { start, end, delta } of ranges) {
    for (let at = start; at + 4 <= end; at += 1) {
      const offset = at - delta;
      const value =
        (bytes[offset] ?? 0) |
        ((bytes[offset + 1] ?? 0) << 8) |
        ((bytes[offset + 2] ?? 0) << 16) |
        ((bytes[offset + 3] ?? 0) << 24);
      const to = at + 4 + value;
      if (to >= low - largestImmediate && to < high) {
        relative.at.push(at);
        relative.to.push(to + largestImmediate);
      }
      const address = value - image.base;
      if (image.fixed && address >= low && address < high) {
        absolute.at.push(at);
        absolute.to.push(address);
      }
    }
  }
  return (rva) => {
    const holders = new Set<number>();
    for (let i = 0; i < relative.at.length; i += 1)
      if (immediateSizes.includes(rva + largestImmediate - relative.to.at(i)))
        holders.add(functionAt(functions, relative.at.at(i)));
    for (let i = 0; i < absolute.at.length; i += 1)
      if (absolute.to.at(i) === rva) holders.add(functionAt(functions, absolute.at.at(i)));
    return holders.size;
  };
}
