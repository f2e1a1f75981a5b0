/**
 * What the dynamic linker writes into memory: RELA tables (ELF gABI), RELR (gABI proposal of 2018,
 * as in glibc's dl-relocate-ld.c), with the types of the x86-64 psABI 1.0 (table 4.9) and of the
 * AArch64 ELF ABI (section 5.7).
 */
import * as bounds from "./bounds.ts";
import { U32List, i64, u32, u64 } from "./bytes.ts";
import { offsetOf, offsetOfAddress, type ElfImage } from "./elf.ts";

export interface Relocations {
  /** Slot of the global offset table → index of the dynamic symbol. Only code that names a slot uses it. */
  readonly slots: ReadonlyMap<number, number>;
  /** Dynamic symbols whose address is in data. */
  readonly dataSymbols: readonly number[];
  /** Rvas that data points to (RELATIVE, RELR), and the places that hold them. */
  readonly pointers: Uint32Array;
  readonly pointerPlaces: Uint32Array;
  /** IFUNC resolvers (IRELATIVE). */
  readonly resolvers: readonly number[];
}

const DT = { PLTRELSZ: 2, RELA: 7, RELASZ: 8, JMPREL: 23, RELRSZ: 35, RELR: 36 } as const;
type Kind = "slot" | "data" | "relative" | "resolver" | "other";
const kinds: { readonly "x86-64": ReadonlyMap<number, Kind>; readonly aarch64: ReadonlyMap<number, Kind> } = {
  "x86-64": new Map([
    [1, "data"],
    [6, "slot"],
    [7, "slot"],
    [8, "relative"],
    [37, "resolver"],
  ]),
  aarch64: new Map([
    [257, "data"],
    [1025, "slot"],
    [1026, "slot"],
    [1027, "relative"],
    [1032, "resolver"],
  ]),
};

interface Collected {
  readonly slots: Map<number, number>;
  readonly dataSymbols: Set<number>;
  readonly pointers: U32List;
  readonly places: U32List;
  readonly resolvers: number[];
  left: number;
}

export function readRelocations(image: ElfImage): Relocations {
  const collected: Collected = {
    slots: new Map(),
    dataSymbols: new Set(),
    pointers: new U32List(),
    places: new U32List(),
    resolvers: [],
    left: bounds.maxRelocations,
  };
  const one = (tag: number): number => image.dynamic.get(tag)?.[0] ?? 0;
  readRela(image, offsetOfAddress(image, one(DT.RELA)), one(DT.RELASZ), collected);
  readRela(image, offsetOfAddress(image, one(DT.JMPREL)), one(DT.PLTRELSZ), collected);
  readRelr(image, offsetOfAddress(image, one(DT.RELR)), one(DT.RELRSZ), collected);
  if (!image.isDynamic)
    for (const section of image.sections)
      if (section.type === 4 && section.loaded) readRela(image, section.offset, section.size, collected);
  if (collected.left <= 0) image.limits.add("maxRelocations");
  return {
    slots: collected.slots,
    dataSymbols: [...collected.dataSymbols],
    pointers: collected.pointers.view(),
    pointerPlaces: collected.places.view(),
    resolvers: collected.resolvers,
  };
}

function readRela(image: ElfImage, start: number, size: number, collected: Collected): void {
  const { source, base } = image;
  if (start < 0) return;
  const end = Math.min(start + size, source.length);
  const types = kinds[image.machine];
  for (let at = start; at + 24 <= end && collected.left > 0; at += 24) {
    collected.left -= 1;
    const place = u64(source, at) - base;
    const symbol = u32(source, at + 12);
    switch (types.get(u32(source, at + 8)) ?? "other") {
      case "slot":
        collected.slots.set(place, symbol);
        break;
      case "data":
        collected.dataSymbols.add(symbol);
        break;
      case "relative":
        addPointer(collected, i64(source, at + 16) - base, place);
        break;
      case "resolver":
        collected.resolvers.push(i64(source, at + 16) - base);
        break;
      case "other":
    }
  }
}

function addPointer(collected: Collected, target: number, place: number): void {
  if (target < 0 || target > bounds.maxSpan || place < 0 || place > bounds.maxSpan) return;
  collected.pointers.push(target);
  collected.places.push(place);
}

/** An even entry is an address to relocate. An odd entry is a bitmap of the next 63 words. */
function readRelr(image: ElfImage, start: number, size: number, collected: Collected): void {
  const { source, base } = image;
  if (start < 0) return;
  const end = Math.min(start + size, source.length);
  let where = 0;
  const relocate = (place: number): void => {
    const offset = offsetOf(image, place);
    if (offset >= 0) addPointer(collected, u64(source, offset) - base, place);
  };
  for (let at = start; at + 8 <= end && collected.left > 0; at += 8) {
    const low = u32(source, at);
    const high = u32(source, at + 4);
    if ((low & 1) === 0) {
      where = low + high * 0x1_0000_0000 - base;
      relocate(where);
      where += 8;
      collected.left -= 1;
      continue;
    }
    for (let bit = 1; bit < 64; bit += 1) {
      if ((((bit < 32 ? low : high) >>> (bit % 32)) & 1) === 1) relocate(where + (bit - 1) * 8);
    }
    where += 63 * 8;
    collected.left -= 63;
  }
}
