/**
 * An ELF file's frame: header, segments, sections, dynamic entries, build-id (ELF gABI, chapters 4 and 5; psABIs for
 * the machines). Addresses are kept as 32-bit offsets from the lowest loaded page ("rva"). So position-dependent and
 * position-independent files are read alike.
 */
import * as bounds from "./bounds.ts";
import { cString, i64, sourceOf, u16, u32, u64, u8, type Source } from "./bytes.ts";
import type { Machine } from "./types.ts";

export interface Segment {
  readonly start: number;
  /** The end of the bytes that the file gives. */
  readonly fileEnd: number;
  /** The end in memory: zeros follow the file's bytes. */
  readonly end: number;
  readonly offset: number;
  readonly executable: boolean;
  readonly writable: boolean;
}

export interface Section {
  readonly name: string;
  readonly type: number;
  readonly executable: boolean;
  /** 0 if the section is not loaded. */
  readonly start: number;
  readonly loaded: boolean;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

export interface ElfImage {
  readonly source: Source;
  readonly machine: Machine;
  /** ET_EXEC: code and data hold absolute addresses without relocations. */
  readonly fixed: boolean;
  /** The address of rva 0. */
  readonly base: number;
  /** Rva of the entry point. `undefined` if there is none. */
  readonly entry: number | undefined;
  readonly segments: readonly Segment[];
  readonly sections: readonly Section[];
  /** Values by tag. DT_NEEDED has several. */
  readonly dynamic: ReadonlyMap<number, readonly number[]>;
  readonly isDynamic: boolean;
  readonly interpreter: string | undefined;
  readonly buildId: string | undefined;
  /** Rva of `.eh_frame_hdr` (PT_GNU_EH_FRAME). */
  readonly unwindHeader: number | undefined;
  readonly limits: Set<string>;
}

/** Why a file is not analysed. */
export type Refusal =
  | "not an ELF file"
  | "32-bit"
  | "big-endian"
  | "another architecture"
  | "neither an executable nor a shared object"
  | "no loadable segments"
  | "address space too large";

const machines: ReadonlyMap<number, Machine> = new Map([
  [62, "x86-64"],
  [183, "aarch64"],
]);
const PT = { LOAD: 1, DYNAMIC: 2, INTERP: 3, NOTE: 4, GNU_EH_FRAME: 0x6474e550 } as const;
const NT_GNU_BUILD_ID = 3;

interface RawSegment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
}

export function readElf(bytes: Uint8Array): ElfImage | Refusal {
  const source = sourceOf(bytes);
  const machine = machineOf(source);
  if (machine !== "x86-64" && machine !== "aarch64") return machine;
  const type = u16(source, 16);
  if (type !== 2 && type !== 3) return "neither an executable nor a shared object";
  const limits = new Set<string>();
  const raw = readSegments(source, limits);
  const loads = raw.filter((segment) => segment.type === PT.LOAD && segment.memorySize > 0);
  if (loads.length === 0) return "no loadable segments";
  const base = Math.floor(Math.min(...loads.map((segment) => segment.address)) / 4096) * 4096;
  const top = Math.max(...loads.map((segment) => segment.address + segment.memorySize));
  if (!(top - base <= bounds.maxSpan)) return "address space too large";
  const segments = loads.map((segment) => loaded(segment, base, source)).sort((a, b) => a.start - b.start);
  const dynamicHeader = raw.find((segment) => segment.type === PT.DYNAMIC);
  const interp = raw.find((segment) => segment.type === PT.INTERP);
  const unwind = raw.find((segment) => segment.type === PT.GNU_EH_FRAME);
  const entry = u64(source, 24);
  return {
    source,
    machine,
    fixed: type === 2,
    base,
    entry: entry > base && entry < top ? entry - base : undefined,
    segments,
    sections: readSections(source, base, top, limits),
    dynamic: dynamicHeader === undefined ? new Map() : readDynamic(source, dynamicHeader, limits),
    isDynamic: dynamicHeader !== undefined,
    interpreter: interp === undefined ? undefined : cString(source, interp.offset, 4096),
    buildId: readBuildId(
      source,
      raw.filter((segment) => segment.type === PT.NOTE),
    ),
    unwindHeader:
      unwind === undefined || unwind.address < base || unwind.address >= top ? undefined : unwind.address - base,
    limits,
  };
}

function machineOf(source: Source): Machine | Refusal {
  if (source.length < 64 || u32(source, 0) !== 0x464c457f) return "not an ELF file";
  if (u8(source, 4) !== 2) return "32-bit";
  if (u8(source, 5) !== 1) return "big-endian";
  return machines.get(u16(source, 18)) ?? "another architecture";
}

function readSegments(source: Source, limits: Set<string>): readonly RawSegment[] {
  const at = u64(source, 32);
  const size = Math.max(56, u16(source, 54));
  const count = u16(source, 56);
  if (count > bounds.maxSegments) limits.add("maxSegments");
  const segments: RawSegment[] = [];
  for (let i = 0; i < Math.min(count, bounds.maxSegments); i += 1) {
    const header = at + i * size;
    if (header + 56 > source.length) break;
    segments.push({
      type: u32(source, header),
      flags: u32(source, header + 4),
      offset: u64(source, header + 8),
      address: u64(source, header + 16),
      fileSize: u64(source, header + 32),
      memorySize: u64(source, header + 40),
    });
  }
  return segments;
}

function loaded(segment: RawSegment, base: number, source: Source): Segment {
  const start = segment.address - base;
  const available = Math.max(0, Math.min(segment.fileSize, segment.memorySize, source.length - segment.offset));
  return {
    start,
    fileEnd: start + available,
    end: start + segment.memorySize,
    offset: segment.offset,
    executable: (segment.flags & 1) !== 0,
    writable: (segment.flags & 2) !== 0,
  };
}

function readSections(source: Source, base: number, top: number, limits: Set<string>): readonly Section[] {
  const at = u64(source, 40);
  const size = u16(source, 58);
  const count = u16(source, 60);
  if (at === 0 || size < 64 || at + size > source.length) return [];
  if (count > bounds.maxSections) limits.add("maxSections");
  const names = u64(source, at + u16(source, 62) * size + 24);
  const sections: Section[] = [];
  for (let i = 0; i < Math.min(count, bounds.maxSections); i += 1) {
    const header = at + i * size;
    if (header + 64 > source.length) break;
    const address = u64(source, header + 16);
    const flags = u32(source, header + 8);
    const isLoaded = (flags & 2) !== 0 && address >= base && address < top;
    sections.push({
      name: cString(source, names + u32(source, header), 256),
      type: u32(source, header + 4),
      executable: (flags & 4) !== 0,
      start: isLoaded ? address - base : 0,
      loaded: isLoaded,
      offset: u64(source, header + 24),
      size: u64(source, header + 32),
      link: u32(source, header + 40),
    });
  }
  return sections;
}

function readDynamic(source: Source, header: RawSegment, limits: Set<string>): ReadonlyMap<number, readonly number[]> {
  const entries = new Map<number, number[]>();
  const count = Math.floor(header.fileSize / 16);
  if (count > bounds.maxDynamicEntries) limits.add("maxDynamicEntries");
  for (let i = 0; i < Math.min(count, bounds.maxDynamicEntries); i += 1) {
    const at = header.offset + i * 16;
    if (at + 16 > source.length) break;
    const tag = i64(source, at);
    if (tag === 0) break;
    const values = entries.get(tag);
    if (values === undefined) entries.set(tag, [u64(source, at + 8)]);
    else values.push(u64(source, at + 8));
  }
  return entries;
}

function readBuildId(source: Source, notes: readonly RawSegment[]): string | undefined {
  for (const note of notes) {
    const end = Math.min(source.length, note.offset + note.fileSize);
    for (let at = note.offset; at + 12 <= end;) {
      const nameSize = u32(source, at);
      const size = u32(source, at + 4);
      const content = at + 12 + Math.ceil(nameSize / 4) * 4;
      if (
        u32(source, at + 8) === NT_GNU_BUILD_ID &&
        nameSize === 4 &&
        cString(source, at + 12, 4) === "GNU" &&
        size <= 64 &&
        content + size <= end
      ) {
        let hex = "";
        for (let i = 0; i < size; i += 1)
          hex += u8(source, content + i)
            .toString(16)
            .padStart(2, "0");
        return hex;
      }
      at = content + Math.ceil(size / 4) * 4;
    }
  }
  return undefined;
}

/** The offset in the file of the byte that is loaded at `rva`. -1 if the file has none there. */
export function offsetOf(image: ElfImage, rva: number): number {
  for (const segment of image.segments)
    if (rva >= segment.start && rva < segment.fileEnd) return segment.offset + (rva - segment.start);
  return -1;
}

/** The offset in the file of an absolute address. Dynamic entries hold such addresses. */
export function offsetOfAddress(image: ElfImage, address: number): number {
  return offsetOf(image, address - image.base);
}

export function sectionNamed(image: ElfImage, name: string): Section | undefined {
  return image.sections.find((section) => section.name === name);
}

/** A stretch of code `[start, end)`. An rva minus `delta` is its offset in the file. */
export interface CodeRange {
  readonly start: number;
  readonly end: number;
  readonly delta: number;
}

/**
 * Where instructions are: the executable sections. A file without usable section headers gives its executable segments,
 * which may hold read-only data too.
 */
export function codeRanges(image: ElfImage): readonly CodeRange[] {
  const ranges: CodeRange[] = [];
  for (const segment of image.segments) {
    if (!segment.executable) continue;
    const delta = segment.start - segment.offset;
    const within = image.sections.filter(
      (section) =>
        section.loaded &&
        section.executable &&
        section.type !== 8 &&
        section.start >= segment.start &&
        section.start < segment.fileEnd,
    );
    if (within.length === 0) ranges.push({ start: segment.start, end: segment.fileEnd, delta });
    for (const section of within)
      ranges.push({ start: section.start, end: Math.min(section.start + section.size, segment.fileEnd), delta });
  }
  ranges.sort((a, b) => a.start - b.start);
  return ranges.filter(
    (range, index) => range.end > range.start && (index === 0 || range.start >= (ranges[index - 1]?.end ?? 0)),
  );
}
