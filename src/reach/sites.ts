/** Where calls are made, and with which numbers. */
import { KIND } from "./events.ts";
import { forEachLive } from "./program.ts";
import type { Program } from "./program.ts";
import { createSlicer } from "./slice.ts";
import type { OpenReason, Slice } from "./slice.ts";
import { register } from "./steps.ts";
import type { Place } from "./steps.ts";

/** Registers of the system call number and of the first arguments of a function (psABIs; Linux syscall(2)). */
export const conventions = {
  "x86-64": { number: 0, arguments: [7, 6, 2, 1, 8, 9] },
  aarch64: { number: 8, arguments: [0, 1, 2, 3, 4, 5] },
} as const;

/** Functions of other objects that take a call's number as an argument, and which. */
export const forwarders: ReadonlyMap<string, number> = new Map([["syscall", 0]]);

export interface Made {
  /** The function that has the number as a constant. */
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
  /** Exported functions that get a number passed → argument. -1: not in an argument register. */
  readonly passes: ReadonlyMap<number, number>;
  readonly count: number;
  readonly openCount: number;
}

export function findSites(program: Program, exported: ReadonlySet<number>): Sites {
  const { machine } = program.context.image;
  const convention = conventions[machine];
  const slicer = createSlicer(program, (index) => exported.has(index));
  const { events } = program.functions;
  const collected: Collected = { made: [], forwarded: [], open: [], passes: new Map(), count: 0, openCount: 0 };
  forEachLive(program.functions, (event, index) => {
    const kind = events.kind.at(event);
    const at = events.at.at(event);
    if (kind === KIND.site) collect(collected, slicer.slice(index, at, register(convention.number)), machine, undefined);
    else if (kind === KIND.site32) collected.open.push({ index, reason: "i386 call" });
    else if (kind === KIND.slotCall || kind === KIND.slotJump || kind === KIND.slotLoad) {
      const name = program.importAt(events.target.at(event)) ?? "";
      const argument = forwarders.get(name);
      if (argument === undefined) return;
      if (kind === KIND.slotLoad) collected.open.push({ index, reason: "called through a pointer", import: name });
      else collect(collected, slicer.slice(index, at, register(convention.arguments[argument] ?? 0)), machine, name);
    }
  });
  return collected;
}

interface Collected {
  readonly made: Made[];
  readonly forwarded: Forwarded[];
  readonly open: Open[];
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
  for (const { index, reason } of slice.open) collected.open.push(name === undefined ? { index, reason } : { index, reason, import: name });
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
