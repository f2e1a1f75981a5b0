/** The code that data points to, and the code to which the dynamic linker jumps. */
import { U32List, sortedUnique, u16, u32, u64 } from "./bytes.ts";
import type { ElfImage } from "./elf.ts";
import { isCode, type SweepContext } from "./events.ts";
import type { GoFunctions } from "./pclntab.ts";
import type { Relocations } from "./relocations.ts";

const DT = {
  INIT: 12,
  FINI: 13,
  INIT_ARRAY: 25,
  FINI_ARRAY: 26,
  INIT_ARRAYSZ: 27,
  FINI_ARRAYSZ: 28,
  PREINIT_ARRAY: 32,
  PREINIT_ARRAYSZ: 33,
} as const;
const arrayTags = [
  [DT.INIT_ARRAY, DT.INIT_ARRAYSZ],
  [DT.FINI_ARRAY, DT.FINI_ARRAYSZ],
  [DT.PREINIT_ARRAY, DT.PREINIT_ARRAYSZ],
] as const;

interface Interval {
  readonly start: number;
  readonly end: number;
}

export interface Pointers {
  /** Entry point, init and fini functions, IFUNC resolvers. */
  readonly starts: readonly number[];
  /** Everything else, sorted. */
  readonly pointers: Uint32Array;
}

export function dataPointers(context: SweepContext, relocations: Relocations, go: GoFunctions | undefined): Pointers {
  const { image } = context;
  const arrays = startArrays(image);
  const starts = new Set<number>(relocations.resolvers.filter((rva) => isCode(context, rva)));
  const pointers = new U32List();
  const add = (place: number, target: number): void => {
    if (!isCode(context, target)) return;
    if (arrays.some(({ start, end }) => place >= start && place < end)) starts.add(target);
    else pointers.push(target);
  };
  for (const tag of [DT.INIT, DT.FINI]) {
    const rva = (image.dynamic.get(tag)?.[0] ?? 0) - image.base;
    if (isCode(context, rva)) starts.add(rva);
  }
  if (image.entry !== undefined && isCode(context, image.entry)) starts.add(image.entry);
  relocations.pointers.forEach((target, i) => add(relocations.pointerPlaces[i] ?? 0, target));
  if (image.fixed) scanWords(context, skipped(image, go), add);
  return { starts: [...starts], pointers: sortedUnique(pointers.view()) };
}

/**
 * Arrays of functions that the start-up code runs. The dynamic section names these arrays. In static programs, sections
 * name them.
 */
function startArrays(image: ElfImage): readonly Interval[] {
  const arrays: Interval[] = arrayTags.flatMap(([tag, size]) => {
    const address = image.dynamic.get(tag)?.[0];
    return address === undefined
      ? []
      : [{ start: address - image.base, end: address - image.base + (image.dynamic.get(size)?.[0] ?? 0) }];
  });
  for (const section of image.sections) {
    if (section.loaded && section.type >= 14 && section.type <= 16)
      arrays.push({ start: section.start, end: section.start + section.size });
  }
  return arrays;
}

/**
 * The places where pointers do not count. These are tables that only describe code, and the file's own headers. The
 * headers are loaded with the first segment.
 */
function skipped(image: ElfImage, go: GoFunctions | undefined): readonly Interval[] {
  const tables = image.sections.filter(
    ({ name }) =>
      name.startsWith(".eh_frame") ||
      name === ".gcc_except_table" ||
      name === ".dynsym" ||
      name === ".dynamic" ||
      name.startsWith(".rela"),
  );
  const headerSize = Math.min(4096, u64(image.source, 32) + u16(image.source, 56) * u16(image.source, 54));
  return [
    ...image.segments.filter(({ offset }) => offset === 0).map(({ start }) => ({ start, end: start + headerSize })),
    ...tables.map(({ start, size }) => ({ start, end: start + size })),
    ...(go === undefined ? [] : [go]),
  ];
}

/**
 * A position-dependent file holds its pointers in place. Each aligned word that is an address of code counts as a
 * pointer.
 */
function scanWords(
  context: SweepContext,
  skip: readonly Interval[],
  add: (place: number, target: number) => void,
): void {
  const { image, codeStart, codeEnd } = context;
  const { source, base } = image;
  const low = base + codeStart;
  const high = base + codeEnd;
  for (const segment of image.segments) {
    if (segment.executable) continue;
    const first = Math.ceil(segment.start / 8) * 8;
    const last = segment.fileEnd - 8;
    for (let rva = first; rva <= last; rva += 8) {
      const offset = segment.offset + (rva - segment.start);
      const half = u32(source, offset);
      // Nearly all programs are linked below 4 GB, so the low half of the word is enough to decide.
      if (high < 0x1_0000_0000 && (half < low || half >= high)) continue;
      const address = half + u32(source, offset + 4) * 0x1_0000_0000;
      if (address < low || address >= high) continue;
      const table = skip.find(({ start, end }) => rva >= start && rva < end);
      if (table === undefined) add(rva, address - base);
      else rva = Math.max(rva, Math.floor(table.end / 8) * 8 - 8);
    }
  }
}
