/** Instructions that name variables, found without decoding. */
import { U32List } from "./bytes.ts";
import type { SweepContext } from "./events.ts";
import { functionAt, type Functions } from "./functions.ts";

/** The largest immediate that may stand between a displacement and the next instruction. */
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
    let value = 0;
    for (let next = start; next < end; next += 1) {
      value = (value >>> 8) | ((bytes[next - delta] ?? 0) << 24);
      const to = next + 1 + value;
      const address = value - image.base;
      const leads = to >= low - largestImmediate && to < high;
      const isAddress = image.fixed && address >= low && address < high;
      if ((!leads && !isAddress) || next < start + 3) continue;
      if (leads) {
        relative.at.push(next - 3);
        relative.to.push(to + largestImmediate);
      }
      if (isAddress) {
        absolute.at.push(next - 3);
        absolute.to.push(address);
      }
    }
  }
  return (rva) => {
    const holders = new Set<number>();
    for (let i = 0; i < relative.at.length; i += 1) {
      const behind = rva + largestImmediate - relative.to.at(i);
      if (behind === 0 || behind === 1 || behind === 2 || behind === 4)
        holders.add(functionAt(functions, relative.at.at(i)));
    }
    for (let i = 0; i < absolute.at.length; i += 1)
      if (absolute.to.at(i) === rva) holders.add(functionAt(functions, absolute.at.at(i)));
    return holders.size;
  };
}
