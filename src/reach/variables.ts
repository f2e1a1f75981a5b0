/** Finds instructions that name variables, without decoding them. */
import { U32List } from "./bytes.ts";
import type { SweepContext } from "./events.ts";
import { functionAt, type Functions } from "./functions.ts";

/** The largest immediate that may stand between a displacement and the next instruction. */
const largestImmediate = 4;

/**
 * Counts the functions in which any byte of code begins a displacement that leads to a variable. An immediate of each
 * size may follow the displacement. In position-dependent files, the variable's address counts too. Go's linker drops
 * the code that would set `perThreadSyscall`, but not the code that reads it.
 */
export function countNamers(context: SweepContext, functions: Functions): (rva: number) => number {
  const { image, ranges } = context;
  const { bytes } = image.source;
  const writable = image.segments.filter((segment) => segment.writable);
  const low = Math.min(...writable.map(({ start }) => start));
  const high = Math.max(...writable.map(({ end }) => end));
  /** The places of candidates, and where each displacement leads if the largest immediate follows it. */
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
