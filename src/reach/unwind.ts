/**
 * The functions that the unwind table names: `.eh_frame` (LSB 5.0 core, section 10.6; DWARF 5, section 6.4.1). Stripped
 * files keep the table, because exceptions, `pthread_cancel` and `backtrace` need it.
 */
import * as bounds from "./bounds.ts";
import { i32, i64, u16, u32, U32List, u64, u8, type Source } from "./bytes.ts";
import { offsetOf, sectionNamed, type ElfImage } from "./elf.ts";

export interface UnwindRanges {
  readonly starts: Uint32Array;
  /** `ends[i]` belongs to `starts[i]`. */
  readonly ends: Uint32Array;
}

interface Cie {
  readonly encoding: number;
  /** Augmentation S: the frame of a return from a signal handler. */
  readonly isSignalFrame: boolean;
}

export function readUnwindRanges(image: ElfImage): UnwindRanges {
  const found = frameStart(image);
  const pairs: Pairs = { starts: new U32List(4096), ends: new U32List(4096) };
  if (found !== undefined) readFrames(image, found, pairs);
  return sorted(pairs);
}

interface Pairs {
  readonly starts: U32List;
  readonly ends: U32List;
}

function sorted(pairs: Pairs): UnwindRanges {
  const starts = pairs.starts.view();
  const ends = pairs.ends.view();
  let isSorted = true;
  for (let i = 1; i < starts.length && isSorted; i += 1) isSorted = (starts[i] ?? 0) >= (starts[i - 1] ?? 0);
  if (isSorted) return { starts, ends };
  const order = Uint32Array.from(starts.keys()).sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0));
  return { starts: order.map((i) => starts[i] ?? 0), ends: order.map((i) => ends[i] ?? 0) };
}

/** The rva of the first entry, and the end of the last one. */
function frameStart(image: ElfImage): { readonly start: number; readonly end: number } | undefined {
  const section = sectionNamed(image, ".eh_frame");
  if (section?.loaded === true) return { start: section.start, end: section.start + section.size };
  const header = image.unwindHeader;
  if (header === undefined) return undefined;
  const offset = offsetOf(image, header);
  if (offset < 0 || u8(image.source, offset) !== 1) return undefined;
  const pointer = readEncoded(image, offset + 4, header + 4, u8(image.source, offset + 1), header);
  if (pointer === undefined) return undefined;
  const segment = image.segments.find((one) => pointer.value >= one.start && pointer.value < one.fileEnd);
  return segment === undefined ? undefined : { start: pointer.value, end: segment.fileEnd };
}

function readFrames(image: ElfImage, range: { readonly start: number; readonly end: number }, pairs: Pairs): void {
  const { source } = image;
  const cies = new Map<number, Cie>();
  const delta = offsetOf(image, range.start) - range.start;
  if (delta + range.start < 0) return;
  let at = range.start;
  while (at + 8 <= range.end) {
    const size = u32(source, at + delta);
    if (size === 0) {
      // A section linked from several inputs may hold a terminator before its end. (crtend.o comes last, but not with
      // every linker.)
      if (at + 8 >= range.end || pairs.starts.length === 0) return;
      at += 4;
      continue;
    }
    if (size === 0xffffffff || at + 4 + size > range.end) return;
    const id = u32(source, at + 4 + delta);
    if (id !== 0) {
      const cie = at + 4 - id;
      let known = cies.get(cie);
      if (known === undefined) cies.set(cie, (known = readCie(source, cie + delta)));
      addRange(image, at + 8, delta, known, pairs);
      if (pairs.starts.length > bounds.maxUnwindEntries) {
        image.limits.add("maxUnwindEntries");
        return;
      }
    }
    at += 4 + size;
  }
}

function addRange(image: ElfImage, at: number, delta: number, { encoding, isSignalFrame }: Cie, pairs: Pairs): void {
  const start = readEncoded(image, at + delta, at, encoding, 0);
  if (start === undefined) return;
  const size = readEncoded(image, start.next, start.next - delta, encoding & 0x0f, image.base);
  if (size === undefined || size.value <= 0 || start.value < 0 || start.value + size.value > bounds.maxSpan) return;
  const early = isSignalFrame && beginsEarly(image, start.value) ? 1 : 0;
  pairs.starts.push(start.value + early);
  pairs.ends.push(start.value + size.value);
}

/**
 * Unwinders look up the byte before a return address, so the range of x86-64's `__restore_rt` begins one byte before
 * its code (glibc, sysdeps/unix/sysv/linux/x86_64/libc_sigaction.c). That byte is padding. Decoded as code, it would
 * swallow the function.
 */
function beginsEarly(image: ElfImage, start: number): boolean {
  const offset = offsetOf(image, start + 1);
  const first = u8(image.source, offset);
  return (
    image.machine === "x86-64" &&
    offset >= 0 &&
    (first === 0xb8 || (first === 0x48 && u8(image.source, offset + 1) === 0xc7))
  );
}

/**
 * Reads a CIE's augmentation. The letter R gives the encoding of addresses in the CIE's FDEs. Without it the encoding
 * is 0 (absolute).
 */
function readCie(source: Source, cie: number): Cie {
  let at = cie + 9;
  let augmentation = "";
  for (; at < source.length && u8(source, at) !== 0 && augmentation.length < 8; at += 1)
    augmentation += String.fromCharCode(u8(source, at));
  const isSignalFrame = augmentation.includes("S");
  if (!augmentation.startsWith("z")) return { encoding: 0, isSignalFrame };
  at = skipLeb(source, skipLeb(source, at + 1));
  at = u8(source, cie + 8) === 1 ? at + 1 : skipLeb(source, at);
  at = skipLeb(source, at);
  for (const letter of augmentation.slice(1)) {
    if (letter === "R") return { encoding: u8(source, at), isSignalFrame };
    if (letter === "L") at += 1;
    else if (letter === "P") at += 1 + encodedSize(u8(source, at));
  }
  return { encoding: 0, isSignalFrame };
}

function skipLeb(source: Source, start: number): number {
  let at = start;
  while (at < source.length && at < start + 10 && (u8(source, at) & 0x80) !== 0) at += 1;
  return at + 1;
}

function encodedSize(encoding: number): number {
  const format = encoding & 0x0f;
  if (format === 0x02 || format === 0x0a) return 2;
  return format === 0x03 || format === 0x0b ? 4 : 8;
}

interface Encoded {
  /** An rva, or a plain number if the caller reads a length. */
  readonly value: number;
  /** The offset in the file after the pointer. */
  readonly next: number;
}

/**
 * A pointer as the unwind tables hold it (DW_EH_PE_*, LSB 5.0 core, section 10.5). `undefined` for encodings that no
 * compiler emits. `dataStart` is added to a data-relative value. An absolute value becomes an rva: the image's base is
 * subtracted. A caller that reads a length passes the base as `dataStart`, which adds the base again.
 */
function readEncoded(
  image: ElfImage,
  offset: number,
  rva: number,
  encoding: number,
  dataStart: number,
): Encoded | undefined {
  const { source } = image;
  const size = encodedSize(encoding);
  if (offset + size > source.length) return undefined;
  const format = encoding & 0x0f;
  let raw: number;
  if (size === 2) raw = format === 0x0a ? (u16(source, offset) << 16) >> 16 : u16(source, offset);
  else if (size === 4) raw = format === 0x0b ? i32(source, offset) : u32(source, offset);
  else if (format === 0 || format === 4 || format === 0x0c)
    raw = format === 0x0c || (encoding & 0x70) !== 0 ? i64(source, offset) : u64(source, offset);
  else return undefined;
  const next = offset + size;
  switch (encoding & 0x70) {
    case 0x10:
      return { value: rva + raw, next };
    case 0x30:
      return { value: dataStart + raw, next };
    case 0x00:
      return { value: raw - image.base + dataStart, next };
    default:
      return undefined;
  }
}
