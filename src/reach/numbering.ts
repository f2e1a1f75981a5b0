/** Numbers for what a slicer meets often, so that its sets hold numbers and not strings. */
import type { Operation, Place } from "./steps.ts";

/** Gives places and lists of operations numbers. Equal ones have the same number. */
export class Numbering {
  readonly #stack = new Map<number, number>();
  readonly #variables = new Map<number, number>();
  readonly #memory = new Map<number, Map<number, number>>();
  readonly #operations = new Map<string, number>();
  /** Registers are their own numbers. */
  #next = 256;

  ofPlace(place: Place): number {
    switch (place.in) {
      case "register":
        return place.register;
      case "stack":
        return this.#in(this.#stack, place.offset);
      case "variable":
        return this.#in(this.#variables, place.rva);
      case "memory": {
        const pointer = this.ofPlace(place.pointer);
        let offsets = this.#memory.get(pointer);
        if (offsets === undefined) this.#memory.set(pointer, (offsets = new Map()));
        return this.#in(offsets, place.offset);
      }
    }
  }

  ofOperations(operations: readonly Operation[]): number {
    let number = 0;
    for (const { op, by } of operations) {
      const key = `${number}:${op}:${by}`;
      number = this.#operations.get(key) ?? this.#operations.size + 1;
      this.#operations.set(key, number);
    }
    return number;
  }

  #in(numbers: Map<number, number>, key: number): number {
    let number = numbers.get(key);
    if (number === undefined) {
      number = this.#next;
      this.#next += 1;
      numbers.set(key, number);
    }
    return number;
  }
}

const width = 5;

/** A set of tuples of five whole numbers of 32 bits. Emptying it costs nothing. */
export class TupleSet {
  /** An entry is the round that wrote it, then the tuple. The size is a power of two. */
  #entries = new Int32Array(1024 * (width + 1));
  #size = 1024;
  #round = 1;
  #count = 0;

  clear(): void {
    this.#round += 1;
    this.#count = 0;
  }

  /** Adds the tuple. False if it was there already. */
  add(a: number, b: number, c: number, d: number, e: number): boolean {
    if (this.#count * 2 >= this.#size) this.#grow();
    const entries = this.#entries;
    let slot = hash(a, b, c, d, e) & (this.#size - 1);
    for (;;) {
      const at = slot * (width + 1);
      if (entries[at] !== this.#round) break;
      if (
        entries[at + 1] === a &&
        entries[at + 2] === b &&
        entries[at + 3] === c &&
        entries[at + 4] === d &&
        entries[at + 5] === e
      )
        return false;
      slot = (slot + 1) & (this.#size - 1);
    }
    const at = slot * (width + 1);
    entries[at] = this.#round;
    entries[at + 1] = a;
    entries[at + 2] = b;
    entries[at + 3] = c;
    entries[at + 4] = d;
    entries[at + 5] = e;
    this.#count += 1;
    return true;
  }

  #grow(): void {
    const old = this.#entries;
    this.#size *= 2;
    this.#entries = new Int32Array(this.#size * (width + 1));
    this.#count = 0;
    for (let at = 0; at < old.length; at += width + 1) {
      if (old[at] === this.#round)
        this.add(old[at + 1] ?? 0, old[at + 2] ?? 0, old[at + 3] ?? 0, old[at + 4] ?? 0, old[at + 5] ?? 0);
    }
  }
}

function hash(a: number, b: number, c: number, d: number, e: number): number {
  let mixed = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35);
  mixed ^= Math.imul(d, 0x27d4eb2f) ^ Math.imul(e, 0x165667b1);
  return mixed ^ (mixed >>> 15);
}
