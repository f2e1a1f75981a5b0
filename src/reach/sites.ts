/** The places that make calls, and the numbers of these calls. */
import * as bounds from "./bounds.ts";
import { cString } from "./bytes.ts";
import { offsetOf } from "./elf.ts";
import { conventions } from "./conventions.ts";
import { KIND } from "./events.ts";
import { isInside } from "./functions.ts";
import { forEachLive, type Program } from "./program.ts";
import { createSlicer, type OpenReason, type Slice } from "./slice.ts";
import { register, type Place } from "./steps.ts";
import type { UnwindRanges } from "./unwind.ts";

/** Functions of other objects that take a call's number, each with the argument that holds the number. */
export const forwarders: ReadonlyMap<string, number> = new Map([["syscall", 0]]);

/** Functions that look up a function by its name (dlsym(3)), each with the argument that holds the name. */
const lookups: ReadonlyMap<string, number> = new Map([
  ["dlsym", 1],
  ["dlvsym", 1],
]);

export interface Made {
  /** The function that holds the number as a constant. */
  readonly index: number;
  readonly number: number;
}

export interface Forwarded {
  readonly index: number;
  readonly import: string;
  readonly number: number;
}

export interface Open {
  readonly index: number;
  readonly reason: OpenReason | "i386 call";
  readonly import?: string;
}

export interface Sites {
  readonly made: readonly Made[];
  readonly forwarded: readonly Forwarded[];
  readonly open: readonly Open[];
  /** Functions that are looked up by a constant name. */
  readonly lookedUp: readonly { readonly index: number; readonly name: string }[];
  /** The number of places that look a function up by a name that is no constant. */
  readonly unknownLookups: number;
  /** Exported functions that get a call's number → the argument that holds it. -1 if no argument register holds it. */
  readonly passes: ReadonlyMap<number, number>;
  readonly count: number;
  readonly openCount: number;
}

export function findSites(program: Program, exported: ReadonlyMap<number, unknown>, unwind: UnwindRanges): Sites {
  const { machine } = program.context.image;
  const convention = conventions[machine];
  const slicer = createSlicer(program, (index) => exported.has(index));
  const { events } = program.functions;
  const collected: Collected = {
    made: [],
    forwarded: [],
    open: [],
    lookedUp: [],
    unknownLookups: 0,
    passes: new Map(),
    count: 0,
    openCount: 0,
  };
  const argument = (index: number, at: number, number: number): Slice =>
    slicer.slice(index, at, register(convention.arguments[number] ?? 0));
  forEachLive(program.functions, (event, index) => {
    const kind = events.kind.at(event);
    const at = events.at.at(event);
    if (kind === KIND.site || kind === KIND.site32) {
      if (isData(program, unwind, index, at)) return;
      if (kind === KIND.site)
        collect(collected, slicer.slice(index, at, register(convention.number)), machine, undefined);
      else collected.open.push({ index, reason: "i386 call" });
      return;
    }
    if (kind !== KIND.slotCall && kind !== KIND.slotJump && kind !== KIND.slotLoad) return;
    const name = program.importAt(events.target.at(event)) ?? "";
    const forwarded = forwarders.get(name);
    const lookup = lookups.get(name);
    if (lookup !== undefined && kind !== KIND.slotLoad) collectNames(program, collected, argument(index, at, lookup));
    if (forwarded === undefined) return;
    if (kind === KIND.slotLoad) collected.open.push({ index, reason: "called through a pointer", import: name });
    else collect(collected, argument(index, at, forwarded), machine, name);
  });
  return collected;
}

/**
 * Does data between functions only look like a call here (constants of hand-written assembly)? The bytes are data if no
 * unwind range has them and no path of instructions leads to them. A path may begin at the start of the function, or
 * come from elsewhere. glibc's `clone3` makes its call outside of its unwind range, but a path leads there.
 */
function isData(program: Program, unwind: UnwindRanges, index: number, at: number): boolean {
  if (unwind.starts.length === 0 || isInside(unwind, at)) return false;
  const { steps, indexOf, before } = program.lifted(index);
  const { events, starts } = program.functions;
  const entered = new Set<number>();
  for (const event of program.incoming(index)) entered.add(events.target.at(event));
  const start = starts[index] ?? 0;
  const isNamed = program.isTaken(index) || program.isNamed(index);
  const seen = new Set<number>();
  const queue = [indexOf(at)];
  for (const step of queue) {
    const rva = steps[step]?.at ?? -1;
    if (entered.has(rva) || (rva === start && isNamed)) return false;
    for (const earlier of before(step)) {
      if (seen.has(earlier)) continue;
      seen.add(earlier);
      queue.push(earlier);
    }
  }
  return true;
}

/** Collects the constant names that dlsym(3) gets. */
function collectNames(program: Program, collected: Collected, slice: Slice): void {
  const { image } = program.context;
  // In position-dependent code an address is a constant like any other.
  const constants = image.fixed
    ? slice.constants.map(({ value, index }) => ({ rva: (value >>> 0) - image.base, index }))
    : [];
  for (const { rva, index } of [...slice.addresses, ...constants]) {
    const offset = offsetOf(image, rva);
    const name = offset < 0 ? "" : cString(image.source, offset, bounds.maxNameBytes);
    if (name !== "") collected.lookedUp.push({ index, name });
  }
  if (slice.open.length > 0 || slice.passed.length > 0) collected.unknownLookups += 1;
}

interface Collected {
  readonly made: Made[];
  readonly forwarded: Forwarded[];
  readonly open: Open[];
  readonly lookedUp: { index: number; name: string }[];
  unknownLookups: number;
  readonly passes: Map<number, number>;
  count: number;
  openCount: number;
}

function collect(collected: Collected, slice: Slice, machine: "x86-64" | "aarch64", name: string | undefined): void {
  collected.count += 1;
  for (const { index, value } of slice.constants) {
    if (name === undefined) collected.made.push({ index, number: value >>> 0 });
    else collected.forwarded.push({ index, import: name, number: value >>> 0 });
  }
  for (const { index, reason } of slice.open)
    collected.open.push(name === undefined ? { index, reason } : { index, reason, import: name });
  if (slice.open.length > 0) collected.openCount += 1;
  for (const { index, place } of slice.passed) {
    const argument = argumentOf(machine, place);
    collected.passes.set(index, argument);
    if (argument < 0) collected.open.push({ index, reason: "computed" });
  }
}

function argumentOf(machine: "x86-64" | "aarch64", place: Place): number {
  const registers: readonly number[] = conventions[machine].arguments;
  return place.in === "register" ? registers.indexOf(place.register) : -1;
}
