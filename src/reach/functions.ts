/**
 * The functions of an object. Their starts come from everything that names code: the unwind table, symbols, Go's table,
 * entry points, data. The targets of calls then give more starts, until there are no new ones. They are needed because
 * musl and hand-written assembly have no unwind tables. A function reaches up to the next start, so code after its
 * unwind range belongs to it (glibc's `clone3` makes its call there).
 */
import * as bounds from "./bounds.ts";
import { U32List, floorIndex, mergeSorted, sortedUnique } from "./bytes.ts";
import type { CodeRange } from "./elf.ts";
import { Events, isCode, KIND, type Sweep, type SweepContext } from "./events.ts";
import type { UnwindRanges } from "./unwind.ts";

export interface Functions {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Rva minus offset in the file. */
  readonly deltas: Float64Array;
  /** Function i has the events `[from[i], to[i])`. */
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly events: Events;
}

/** Index of the function that holds an rva; -1 if none does. */
export function functionAt(functions: Functions, rva: number): number {
  const index = floorIndex(functions.starts, rva);
  return index >= 0 && rva < (functions.ends[index] ?? 0) ? index : -1;
}

/** Is the rva within an unwind range, but not at its start? Then a pointer to it does not make it a function. */
export function isInside(unwind: UnwindRanges, rva: number): boolean {
  const index = floorIndex(unwind.starts, rva);
  return index >= 0 && rva > (unwind.starts[index] ?? 0) && rva < (unwind.ends[index] ?? 0);
}

interface Partition {
  starts: Uint32Array;
  ends: Uint32Array;
  deltas: Float64Array;
  from: Uint32Array;
  to: Uint32Array;
}

export function findFunctions(context: SweepContext, seeds: U32List, unwind: UnwindRanges, sweep: Sweep): Functions {
  for (const range of context.ranges) seeds.push(range.start);
  let partition = emptyPartition();
  let known = sortedUnique(seeds.view());
  for (let round = 0; ; round += 1) {
    partition = repartition(context.ranges, known, partition);
    const before = context.events.length;
    sweepMissing(context, partition, sweep);
    if (round >= bounds.maxRounds || context.events.length > bounds.maxEvents || known.length > bounds.maxFunctions) {
      context.image.limits.add(round >= bounds.maxRounds ? "maxRounds" : "maxEvents");
      break;
    }
    const fresh = newStarts(context, before, partition.starts, unwind);
    if (fresh.length === 0) break;
    known = mergeSorted(partition.starts, sortedUnique(fresh.view()));
  }
  return { ...partition, events: context.events };
}

function emptyPartition(): Partition {
  return {
    starts: new Uint32Array(0),
    ends: new Uint32Array(0),
    deltas: new Float64Array(0),
    from: new Uint32Array(0),
    to: new Uint32Array(0),
  };
}

const notSwept = 0xffff_ffff;

/** Cuts the ranges at the starts. A function that did not change keeps its events. */
function repartition(ranges: readonly CodeRange[], known: Uint32Array, old: Partition): Partition {
  const size = known.length;
  const cut = {
    starts: new Uint32Array(size),
    ends: new Uint32Array(size),
    deltas: new Float64Array(size),
    from: new Uint32Array(size),
    to: new Uint32Array(size),
  };
  let count = 0;
  let at = 0;
  let other = 0;
  for (const range of ranges) {
    while (at < size && (known[at] ?? 0) < range.start) at += 1;
    for (; at < size && (known[at] ?? 0) < range.end; at += 1) {
      const start = known[at] ?? 0;
      const end = Math.min(known[at + 1] ?? range.end, range.end);
      while (other < old.starts.length && (old.starts[other] ?? 0) < start) other += 1;
      const isSame = old.starts[other] === start && old.ends[other] === end;
      cut.starts[count] = start;
      cut.ends[count] = end;
      cut.deltas[count] = range.delta;
      cut.from[count] = isSame ? (old.from[other] ?? 0) : notSwept;
      cut.to[count] = isSame ? (old.to[other] ?? 0) : 0;
      count += 1;
    }
  }
  return {
    starts: cut.starts.subarray(0, count),
    ends: cut.ends.subarray(0, count),
    deltas: cut.deltas.subarray(0, count),
    from: cut.from.subarray(0, count),
    to: cut.to.subarray(0, count),
  };
}

function sweepMissing(context: SweepContext, partition: Partition, sweep: Sweep): void {
  const { starts, ends, deltas, from, to } = partition;
  for (let i = 0; i < starts.length; i += 1) {
    if (from[i] !== notSwept) continue;
    from[i] = context.events.length;
    if (context.events.length <= bounds.maxEvents) sweep(context, deltas[i] ?? 0, starts[i] ?? 0, ends[i] ?? 0);
    to[i] = context.events.length;
  }
}

/**
 * The new starts are the targets of calls. Targets of jumps and references count too, unless they lie inside an unwind
 * range.
 */
function newStarts(context: SweepContext, before: number, starts: Uint32Array, unwind: UnwindRanges): U32List {
  const { events } = context;
  const fresh = new U32List();
  for (let i = before; i < events.length; i += 1) {
    const kind = events.kind.at(i);
    const target = events.target.at(i);
    const mayStart =
      kind === KIND.call ||
      ((kind === KIND.jump || kind === KIND.reference || kind === KIND.immediate) && !isInside(unwind, target));
    if (!mayStart || starts[floorIndex(starts, target)] === target || !isCode(context, target)) continue;
    fresh.push(target);
  }
  return fresh;
}
