/**
 * Reads bytes as ASCII, without making text of them. All positions are offsets into the bytes; an `end` is the offset
 * after the last byte.
 */

const blank = 0x20;

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** 0-9 a-z A-Z _ */
export function isWord(byte: number | undefined): boolean {
  return byte !== undefined && wordBytes[byte] === 1;
}

const wordBytes = new Uint8Array(256);
for (const char of "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") wordBytes[char.charCodeAt(0)] = 1;

/** The offset after the decimal digits that begin at `start`. */
export function afterDigits(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isDigit(bytes[at])) at += 1;
  return at;
}

export function afterBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] === blank) at += 1;
  return at;
}

/** The offset before the blanks at the end of the bytes. */
export function beforeBlanks(bytes: Uint8Array, start: number, end: number): number {
  let last = end;
  while (last > start && bytes[last - 1] === blank) last -= 1;
  return last;
}

/** The number that the decimal digits stand for. It is exact up to 15 digits. */
export function decimal(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at += 1) value = value * 10 + (bytes[at] as number) - 0x30;
  return value;
}

/** Does `text` (ASCII) stand at `start`? */
export function startsWith(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start < text.length) return false;
  for (let at = 0; at < text.length; at += 1) if (bytes[start + at] !== text.charCodeAt(at)) return false;
  return true;
}

/** Does `text` (ASCII) stand before `end`? */
export function endsWith(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  return end - start >= text.length && startsWith(bytes, end - text.length, end, text);
}

/** The bytes as text, with one character for each byte. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.max(0, end - start)).toString("latin1");
}

/** A copy of the bytes. (Buffer's own `slice` shares the memory.) */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return join(bytes, start, end, bytes, end, end);
}

/** A copy of one run of bytes, followed by a copy of another. */
export function join(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): Uint8Array {
  const length = aEnd - aStart;
  const whole = Buffer.allocUnsafe(length + bEnd - bStart);
  fill(whole, 0, a, aStart, aEnd);
  fill(whole, length, b, bStart, bEnd);
  return whole;
}

/** Fewer bytes than this are copied faster one by one. */
const fewBytes = 200;

function fill(target: Uint8Array, at: number, bytes: Uint8Array, start: number, end: number): void {
  if (end - start > fewBytes) target.set(bytes.subarray(start, end), at);
  else for (let from = start; from < end; from += 1) target[at + from - start] = bytes[from] as number;
}

/** Longer runs of bytes are not worth comparing. */
export const maxKept = 64;

/**
 * Values that are made from a few different runs of bytes, such as names of calls and errnos, or flags of arguments.
 * Each value is made once.
 */
export class Kept<T> {
  readonly #make: (bytes: Uint8Array, start: number, end: number) => T;
  readonly #capacity: number;
  #slots: ({ readonly text: Uint8Array; readonly value: T } | undefined)[] = [];
  #count = 0;

  /**
   * `make` must depend on nothing but the bytes. `capacity` is a power of two. When it is used up, the values are
   * forgotten.
   */
  constructor(make: (bytes: Uint8Array, start: number, end: number) => T, capacity: number) {
    this.#make = make;
    this.#capacity = capacity;
  }

  get(bytes: Uint8Array, start: number, end: number): T {
    if (end - start > maxKept) return this.#make(bytes, start, end);
    const hash = hashOf(bytes, start, end);
    const mask = this.#capacity * 2 - 1;
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const kept = this.#slots[slot];
      if (kept === undefined) return this.#keep(slot, bytes, start, end);
      if (isSame(kept.text, bytes, start, end - start)) return kept.value;
    }
  }

  #keep(slot: number, bytes: Uint8Array, start: number, end: number): T {
    const value = this.#make(bytes, start, end);
    if (this.#slots.length === 0 || this.#count === this.#capacity) {
      this.#slots = Array.from({ length: this.#capacity * 2 });
      this.#count = 0;
    }
    this.#slots[slot] = { text: copyOf(bytes, start, end), value };
    this.#count += 1;
    return value;
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
  return hash;
}

function isSame(text: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let at = 0; at < length; at += 1) if (text[at] !== bytes[start + at]) return false;
  return true;
}
