/** The notes of a sweep over code. An event is (where, kind, target): three 32-bit numbers, kept in columns. */
import { U32List } from "./bytes.ts";
import type { CodeRange, ElfImage } from "./elf.ts";

export const KIND = {
  /** Direct call; target: rva. */
  call: 1,
  /** Direct jump that leaves the function; target: rva. */
  jump: 2,
  /** Code takes the address of code; target: rva. */
  reference: 3,
  /** Call, jump or load through a slot of the global offset table; target: rva of the slot. */
  slotCall: 4,
  slotJump: 5,
  slotLoad: 6,
  /** The last instruction of a function runs into the next one; target: rva of the next one. */
  fall: 7,
  /** A constant that may be an absolute address of code (only in position-dependent files); target: rva. */
  immediate: 8,
  /** `syscall` or `svc #0`. */
  site: 9,
  /** `int 0x80`: the i386 table's numbers. */
  site32: 10,
  /** A register or constant is stored in a variable; target: the variable's rva. */
  store: 11,
  /** An indirect jump; target: address of its table if the instruction names it, else 0. */
  indirect: 12,
  /** Code of a function with indirect jumps takes an address in read-only data: perhaps a jump table. */
  table: 13,
  /** The function has an instruction that returns (one event for each function). */
  return: 14,
} as const;

export class Events {
  readonly at = new U32List(4096);
  readonly kind = new U32List(4096);
  readonly target = new U32List(4096);

  get length(): number {
    return this.at.length;
  }

  push(at: number, kind: number, target: number): void {
    this.at.push(at);
    this.kind.push(kind);
    this.target.push(target);
  }

  /** Changes the kind of an event that was already noted. */
  turn(event: number, at: number, kind: number): void {
    this.at.set(event, at);
    this.kind.set(event, kind);
  }
}

/** What a sweep must know about the object. */
export interface SweepContext {
  readonly image: ElfImage;
  readonly ranges: readonly CodeRange[];
  readonly codeStart: number;
  readonly codeEnd: number;
  readonly slots: ReadonlyMap<number, number>;
  readonly slotStart: number;
  readonly slotEnd: number;
  readonly events: Events;
  /** Addresses in read-only data that any code takes. A jump table never goes on past the next of them. */
  readonly dataReferences: U32List;
}

export function isCode(context: SweepContext, rva: number): boolean {
  if (rva < context.codeStart || rva >= context.codeEnd) return false;
  for (const range of context.ranges) if (rva >= range.start && rva < range.end) return true;
  return false;
}

export function isReadOnlyData(context: SweepContext, rva: number): boolean {
  for (const segment of context.image.segments) {
    if (rva >= segment.start && rva < segment.fileEnd) return !segment.writable || context.image.fixed;
  }
  return false;
}

export function isWritable(context: SweepContext, rva: number): boolean {
  for (const segment of context.image.segments) if (rva >= segment.start && rva < segment.end) return segment.writable;
  return false;
}

/** Decodes `[start, end)`, which lies in one range, and appends what it finds. */
export type Sweep = (context: SweepContext, delta: number, start: number, end: number) => void;
