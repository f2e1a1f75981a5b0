/**
 * A function's instructions as the slicer sees them. Each step says where control goes, and what the instruction does
 * to registers and to memory that it names. An instruction that a lifter does not understand is a loss ("clobbers"),
 * never a guess.
 */

/**
 * Registers by their number in the architecture: 0 (rax) to 15 on x86-64, 0 to 30 on aarch64, where 31 is the stack
 * pointer. Vector registers are included, because compilers copy structures through them. The low 8 bytes of vector
 * register n are `firstVector + 2 * n`, and the next 8 bytes are one more.
 */
export type Register = number;
export const firstVector = 64;

export type Place =
  | { readonly in: "register"; readonly register: Register }
  /** Offset in bytes from the stack pointer as it was when the function was entered. */
  | { readonly in: "stack"; readonly offset: number }
  | { readonly in: "variable"; readonly rva: number }
  /** Memory at the address in `pointer`, plus `offset`. */
  | { readonly in: "memory"; readonly pointer: Place; readonly offset: number };

/** An arithmetic step between a place and the wanted value, with a constant operand. */
export interface Operation {
  readonly op: "add" | "and" | "or" | "multiply" | "low8" | "high16";
  readonly by: number;
}

export type Value =
  | { readonly is: "constant"; readonly value: number }
  | { readonly is: "copy"; readonly of: Place; readonly then?: Operation }
  /** One of several values, as conditional moves give. */
  | { readonly is: "either"; readonly values: readonly Value[] }
  /** The address of a place on the stack or of a variable. */
  | { readonly is: "address"; readonly of: Place };

export type Flow = "next" | "jump" | "branch" | "call" | "return" | "stop" | "indirect-jump" | "indirect-call" | "site";

/** A branch proves that `place` is `value` on one of its two ways: if it is taken, or if it is not. */
export interface Proof {
  readonly place: Place;
  readonly value: number;
  readonly when: "taken" | "next";
}

export interface Write {
  readonly to: Place;
  readonly value: Value;
}

export interface Step {
  readonly at: number;
  readonly next: number;
  readonly flow: Flow;
  /** The target of a direct jump, branch or call. -1 if there is none. */
  readonly target: number;
  /** The slot of the global offset table through which a call or jump goes. -1 if there is none. */
  readonly slot: number;
  /** The known values that the step writes. */
  readonly writes: readonly Write[];
  /** Registers that the step overwrites with unknown values: bit i is register i. */
  readonly clobbers: number;
  /** Vector registers that the step overwrites with unknown values. -1 means all. */
  readonly vectors: number;
  /** What a conditional branch proves about a place on one of its two ways. */
  readonly proves: Proof | undefined;
  /** True if the instruction does nothing. Compilers align labels with such instructions. */
  readonly isPadding: boolean;
  /** The stack pointer before this step, relative to the function's entry. NaN if unknown. */
  readonly stack: number;
}

/** Does control never go on to the next instruction? */
export function ends(flow: Flow): boolean {
  return flow === "jump" || flow === "return" || flow === "stop" || flow === "indirect-jump";
}

const registers: readonly Place[] = Array.from({ length: firstVector + 64 }, (_, number) => ({
  in: "register",
  register: number,
}));

export function register(number: Register): Place {
  return registers[number] ?? { in: "register", register: number };
}

/** Most instructions write nothing known. They share this list, which never changes. */
export const noWrites: readonly Write[] = [];

export function write(effect: { writes: readonly Write[] }, to: Place, value: Value): void {
  effect.writes = effect.writes.length === 0 ? [{ to, value }] : [...effect.writes, { to, value }];
}

export function samePlace(a: Place, b: Place): boolean {
  if (a.in === "register") return b.in === "register" && a.register === b.register;
  if (a.in === "stack") return b.in === "stack" && a.offset === b.offset;
  if (a.in === "variable") return b.in === "variable" && a.rva === b.rva;
  return b.in === "memory" && a.offset === b.offset && samePlace(a.pointer, b.pointer);
}

export function keyOf(place: Place): string {
  switch (place.in) {
    case "register":
      return `r${place.register}`;
    case "stack":
      return `s${place.offset}`;
    case "variable":
      return `v${place.rva}`;
    case "memory":
      return `m${place.offset}(${keyOf(place.pointer)})`;
  }
}

/**
 * The frame at one instruction, as the lifter walks. Both members are offsets from the stack pointer at entry, and NaN
 * if unknown.
 */
export interface Frame {
  readonly stack: number;
  /** The frame pointer, if the function has set it up. */
  readonly frame: number;
}

export function apply(operations: readonly Operation[], start: number): number {
  let value = start;
  for (const { op, by } of operations) {
    if (op === "add") value += by;
    else if (op === "and") value &= by;
    else if (op === "or") value |= by;
    else if (op === "multiply") value = Math.imul(value, by);
    else if (op === "low8") value = (value & ~0xff) | by;
    else value = (value & 0xffff) | (by << 16);
  }
  return value | 0;
}
