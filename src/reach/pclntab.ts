/**
 * Go's table of functions (`.gopclntab`). The runtime needs it, so stripping keeps it. Layouts: Go 1.16 and 1.17 (magic
 * 0xfffffffa), 1.18 and 1.19 (0xfffffff0), 1.20 and newer (0xfffffff1). Source: go/src/debug/gosym/pclntab.go and
 * runtime/symtab.go. Go 1.2 to 1.15 (0xfffffffb) has a table of another shape, which is read too.
 */
import * as bounds from "./bounds.ts";
import { cString, u32, u64, u8 } from "./bytes.ts";
import { offsetOf, sectionNamed, type ElfImage } from "./elf.ts";

export interface GoFunctions {
  readonly rvas: Uint32Array;
  name(index: number): string;
  /** Where the table lies in memory. Its numbers are not pointers that code follows. */
  readonly start: number;
  readonly end: number;
}

interface Layout {
  /** Offset of the names, and of the table of functions, within `.gopclntab`. */
  readonly names: number;
  readonly functions: number;
  readonly count: number;
  readonly entrySize: 8 | 16;
  readonly text: number;
  /** The offset of the functions' data. The table's second column is relative to it. */
  readonly data: number;
  readonly nameAt: number;
}

export function readGoFunctions(image: ElfImage): GoFunctions | undefined {
  const found = findTable(image);
  if (found === undefined) return undefined;
  const { source } = image;
  const { offset, start, size } = found;
  const layout = layoutOf(image, offset);
  if (layout === undefined) return undefined;
  const count = Math.max(
    0,
    Math.min(
      layout.count,
      bounds.maxFunctions,
      Math.floor((source.length - offset - layout.functions) / layout.entrySize),
    ),
  );
  const rvas = new Uint32Array(count);
  const small = layout.entrySize === 8;
  const table = offset + layout.functions;
  for (let i = 0; i < count; i += 1) {
    const at = table + i * layout.entrySize;
    rvas[i] = small ? layout.text + u32(source, at) : u64(source, at) - image.base;
  }
  return {
    rvas,
    name(index) {
      const at = table + index * layout.entrySize;
      const data = offset + layout.data + (small ? u32(source, at + 4) : u64(source, at + 8));
      return cString(source, offset + layout.names + u32(source, data + layout.nameAt), bounds.maxNameBytes);
    },
    start,
    end: start + size,
  };
}

const magics = new Set([0xfffffff1, 0xfffffff0, 0xfffffffa, 0xfffffffb]);

function isHeader(image: ElfImage, offset: number): boolean {
  const { source } = image;
  const quantum = u8(source, offset + 6);
  return (
    magics.has(u32(source, offset)) &&
    u8(source, offset + 4) === 0 &&
    u8(source, offset + 5) === 0 &&
    (quantum === 1 || quantum === 4) &&
    u8(source, offset + 7) === 8
  );
}

function findTable(
  image: ElfImage,
): { readonly offset: number; readonly start: number; readonly size: number } | undefined {
  for (const name of [".gopclntab", ".data.rel.ro.gopclntab"]) {
    const section = sectionNamed(image, name);
    if (section?.loaded !== true) continue;
    const offset = offsetOf(image, section.start);
    if (offset >= 0 && isHeader(image, offset)) return { offset, start: section.start, size: section.size };
  }
  if (image.sections.length > 0) return undefined;
  // Without section headers, each place is tried at which Go's linker may put the table (32-byte alignment).
  for (const segment of image.segments) {
    if (segment.executable) continue;
    for (let rva = Math.ceil(segment.start / 32) * 32; rva + 72 < segment.fileEnd; rva += 32) {
      const offset = segment.offset + (rva - segment.start);
      if (u8(image.source, offset + 3) === 0xff && isHeader(image, offset)) {
        return { offset, start: rva, size: segment.fileEnd - rva };
      }
    }
  }
  return undefined;
}

function layoutOf(image: ElfImage, offset: number): Layout | undefined {
  const { source } = image;
  const word = (index: number): number => u64(source, offset + 8 + index * 8);
  switch (u32(source, offset)) {
    case 0xfffffff1:
    case 0xfffffff0:
      return {
        names: word(3),
        functions: word(7),
        count: word(0),
        entrySize: 8,
        text: textStart(image, word(2)),
        data: word(7),
        nameAt: 4,
      };
    case 0xfffffffa:
      return { names: word(2), functions: word(6), count: word(0), entrySize: 16, text: 0, data: word(6), nameAt: 8 };
    case 0xfffffffb:
      return { names: 0, functions: 16, count: word(0), entrySize: 16, text: 0, data: 0, nameAt: 8 };
    default:
      return undefined;
  }
}

/** Newer linkers leave textStart zero and let a relocation fill it (Go 1.25, PIE). Then `.text` is the start. */
function textStart(image: ElfImage, address: number): number {
  if (address >= image.base && address !== 0) return address - image.base;
  return sectionNamed(image, ".text")?.start ?? 0;
}

/** Functions that end the goroutine or the program (runtime/panic.go). Their code has returns that never run. */
const goEnds = /^runtime\.(?:gopanic|goPanic\w+|panic\w*|throw|fatal\w*|goexit[01]?)$/;

export function endsOfGo(go: GoFunctions): readonly number[] {
  return [...go.rvas].filter((_, i) => goEnds.test(go.name(i)));
}
