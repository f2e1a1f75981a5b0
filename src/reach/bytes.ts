/** Little-endian reading that never throws: bytes outside of the file read as zero. */

/** Bytes of a file with their length. All offsets are plain numbers. A negative or too large offset reads zero. */
export interface Source {
  readonly bytes: Buffer;
  readonly length: number;
}

export function sourceOf(bytes: Uint8Array): Source {
  return { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), length: bytes.length };
}

export function u8(source: Source, at: number): number {
  return source.bytes[at] ?? 0;
}

export function u16(source: Source, at: number): number {
  const { bytes } = source;
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

export function i32(source: Source, at: number): number {
  const { bytes } = source;
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

export function u32(source: Source, at: number): number {
  return i32(source, at) >>> 0;
}

/**
 * A 64-bit value as a double, exact below 2^53. No real file has larger addresses, so the loss of precision does no
 * harm.
 */
export function u64(source: Source, at: number): number {
  return u32(source, at) + u32(source, at + 4) * 0x1_0000_0000;
}

/** A signed 64-bit value as a double. */
export function i64(source: Source, at: number): number {
  return u32(source, at) + i32(source, at + 4) * 0x1_0000_0000;
}

/**
 * The NUL-terminated string at `at`, as Latin-1. Symbol names are ASCII or UTF-8, and they are only compared for
 * equality.
 */
export function cString(source: Source, at: number, most: number): string {
  const { bytes } = source;
  let end = at;
  const last = Math.min(source.length, at + most);
  while (end < last && bytes[end] !== 0) end += 1;
  return end > at ? bytes.toString("latin1", at, end) : "";
}

/** A growing list of unsigned 32-bit numbers. */
export class U32List {
  length = 0;
  #data: Uint32Array;

  constructor(capacity = 1024) {
    this.#data = new Uint32Array(capacity);
  }

  push(value: number): void {
    if (this.length === this.#data.length) {
      const grown = new Uint32Array(this.#data.length * 2);
      grown.set(this.#data);
      this.#data = grown;
    }
    this.#data[this.length] = value;
    this.length += 1;
  }

  /** Replaces a value that was pushed. */
  set(index: number, value: number): void {
    if (index < this.length) this.#data[index] = value;
  }

  at(index: number): number {
    return this.#data[index] ?? 0;
  }

  /** The values that were pushed, without a copy. */
  view(): Uint32Array {
    return this.#data.subarray(0, this.length);
  }
}

/** The index of the last element of a sorted list that is not above `value`. If there is none, returns -1. */
export function floorIndex(sorted: Uint32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** A sorted copy that has each value once. */
export function sortedUnique(values: Uint32Array): Uint32Array {
  const sorted = values.slice().sort();
  let kept = 0;
  for (let i = 0; i < sorted.length; i += 1) {
    const value = sorted[i] ?? 0;
    if (i > 0 && value === sorted[kept - 1]) continue;
    sorted[kept] = value;
    kept += 1;
  }
  return sorted.subarray(0, kept);
}

/** Merges two sorted lists into one that has each value once. */
export function mergeSorted(a: Uint32Array, b: Uint32Array): Uint32Array {
  const merged = new Uint32Array(a.length + b.length);
  let kept = 0;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i] ?? Number.POSITIVE_INFINITY;
    const right = b[j] ?? Number.POSITIVE_INFINITY;
    if (left <= right) i += 1;
    if (right <= left) j += 1;
    merged[kept] = Math.min(left, right);
    kept += 1;
  }
  return merged.subarray(0, kept);
}
