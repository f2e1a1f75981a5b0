/**
 * Symbols of an object: `.dynsym` (ELF gABI, figure 4-15), and `.symtab` if the file was not stripped. Versions are
 * ignored.
 */
import * as bounds from "./bounds.ts";
import { U32List, cString, u16, u32, u64, u8 } from "./bytes.ts";
import { offsetOfAddress, sectionNamed, type ElfImage } from "./elf.ts";

const DT = { HASH: 4, STRTAB: 5, SYMTAB: 6, STRSZ: 10, GNU_HASH: 0x6ffffef5 } as const;
const STT = { NOTYPE: 0, OBJECT: 1, FUNC: 2, GNU_IFUNC: 10 } as const;

/** The dynamic symbols. Index i of each list is symbol i of the file. */
export interface DynamicSymbols {
  readonly count: number;
  name(index: number): string;
  /** Is it defined here, or does it come from another object? */
  isDefined(index: number): boolean;
  /** Rva; -1 if it is not defined here. */
  address(index: number): number;
  /** Could it be code? Functions, IFUNCs, and symbols without a type. */
  isCode(index: number): boolean;
  isResolver(index: number): boolean;
}

/** Functions of `.symtab`. Names are read only when they are needed. */
export interface LocalSymbols {
  readonly rvas: Uint32Array;
  name(index: number): string;
}

export function readDynamicSymbols(image: ElfImage): DynamicSymbols {
  const { source } = image;
  const table = offsetOfAddress(image, image.dynamic.get(DT.SYMTAB)?.[0] ?? -1);
  const strings = offsetOfAddress(image, image.dynamic.get(DT.STRTAB)?.[0] ?? -1);
  const stringsSize = image.dynamic.get(DT.STRSZ)?.[0] ?? 0;
  const count = table < 0 || strings < 0 ? 0 : countSymbols(image, table, strings);
  const names = new Map<number, string>();
  const at = (index: number): number => table + index * 24;
  return {
    count,
    name(index) {
      let name = names.get(index);
      if (name === undefined) {
        const offset = u32(source, at(index));
        name = offset < stringsSize ? cString(source, strings + offset, bounds.maxNameBytes) : "";
        names.set(index, name);
      }
      return name;
    },
    isDefined: (index) => index < count && u16(source, at(index) + 6) !== 0,
    address: (index) =>
      index >= count || u16(source, at(index) + 6) === 0 ? -1 : u64(source, at(index) + 8) - image.base,
    isCode: (index) => isCodeType(u8(source, at(index) + 4) & 15),
    isResolver: (index) => (u8(source, at(index) + 4) & 15) === STT.GNU_IFUNC,
  };
}

function isCodeType(type: number): boolean {
  return type === STT.FUNC || type === STT.GNU_IFUNC || type === STT.NOTYPE;
}

/**
 * The number of symbols. The dynamic section does not give it: the hash tables do. Without them, the strings follow the
 * symbols by convention.
 */
function countSymbols(image: ElfImage, table: number, strings: number): number {
  const { source } = image;
  const hash = offsetOfAddress(image, image.dynamic.get(DT.HASH)?.[0] ?? -1);
  const gnuHash = offsetOfAddress(image, image.dynamic.get(DT.GNU_HASH)?.[0] ?? -1);
  const section = sectionNamed(image, ".dynsym");
  let count = 0;
  if (hash >= 0) count = u32(source, hash + 4);
  else if (section !== undefined && section.offset === table) count = Math.floor(section.size / 24);
  else if (gnuHash >= 0) count = countByGnuHash(image, gnuHash);
  if (count === 0 && strings > table) count = Math.floor((strings - table) / 24);
  if (count > bounds.maxSymbols) image.limits.add("maxSymbols");
  return Math.max(0, Math.min(count, bounds.maxSymbols, Math.floor((source.length - table) / 24)));
}

/**
 * The highest index in any chain. The layout is binutils'; the glibc sources describe it (dl-lookup.c, `do_lookup_x`).
 */
function countByGnuHash(image: ElfImage, at: number): number {
  const { source } = image;
  const buckets = u32(source, at);
  const first = u32(source, at + 4);
  const table = at + 16 + u32(source, at + 8) * 8;
  let last = 0;
  for (let i = 0; i < buckets && table + i * 4 < source.length; i += 1)
    last = Math.max(last, u32(source, table + i * 4));
  if (last < first) return first;
  const chains = table + buckets * 4;
  while (chains + (last - first) * 4 < source.length && (u32(source, chains + (last - first) * 4) & 1) === 0) last += 1;
  return last + 1;
}

/** Empty if the file was stripped. */
export function readLocalSymbols(image: ElfImage): LocalSymbols {
  const { source } = image;
  const rvas = new U32List(64);
  const names = new U32List(64);
  for (const section of image.sections) {
    if (section.type !== 2) continue;
    const strings = image.sections[section.link];
    if (strings === undefined) continue;
    const count = Math.floor(Math.min(section.size, source.length - section.offset) / 24);
    if (count > bounds.maxSymbols) image.limits.add("maxSymbols");
    for (let i = 0; i < Math.min(count, bounds.maxSymbols); i += 1) {
      const at = section.offset + i * 24;
      const info = u8(source, at + 4);
      const type = info & 15;
      const rva = u64(source, at + 8) - image.base;
      // Assembly often leaves the type out (`_start`). Local symbols without a type are labels.
      const isFunction = type === STT.FUNC || type === STT.GNU_IFUNC || (type === STT.NOTYPE && info >> 4 !== 0);
      if (!isFunction || u16(source, at + 6) === 0 || rva < 0 || rva > bounds.maxSpan) continue;
      const offset = u32(source, at);
      rvas.push(rva);
      names.push(offset < strings.size ? strings.offset + offset : 0);
    }
  }
  return {
    rvas: rvas.view(),
    name: (index) => (names.at(index) === 0 ? "" : cString(source, names.at(index), bounds.maxNameBytes)),
  };
}

export function neededNames(image: ElfImage): readonly string[] {
  return stringsOf(image, 1);
}

export function sonameOf(image: ElfImage): string | undefined {
  return stringsOf(image, 14)[0];
}

function stringsOf(image: ElfImage, tag: number): readonly string[] {
  const strings = offsetOfAddress(image, image.dynamic.get(DT.STRTAB)?.[0] ?? -1);
  if (strings < 0) return [];
  return (image.dynamic.get(tag) ?? []).map((offset) => cString(image.source, strings + offset, 4096));
}
