/** The fast pass over aarch64 code (Arm ARM, chapter C4: top-level encodings). Every instruction has four bytes. */
import { i32 } from "./bytes.ts";
import { isCode, isReadOnlyData, isWritable, KIND, type SweepContext } from "./events.ts";

/** The address in each register after `adrp` (and `add`), if the code is read straight down. -1 if unknown. */
const pages = new Float64Array(32);

/**
 * All pages that the function puts into each register with `adrp`. Compilers move `adrp` out of loops and across
 * branches, so the last one above an `add` may not be the one that ran. The other pages are tried too. One counts if
 * its sum is exactly a function or a slot.
 */
const allPages: number[][] = Array.from({ length: 32 }, () => []);
/**
 * At most this many pages of one register are tried. Functions with more are rare, and their last page is nearly always
 * right.
 */
const maxPages = 16;

function collectPages(context: SweepContext, delta: number, start: number, end: number): void {
  for (const list of allPages) list.length = 0;
  for (let rva = Math.ceil(start / 4) * 4; rva + 4 <= end; rva += 4) {
    const word = i32(context.image.source, rva - delta);
    if ((word & 0x9f000000) !== (0x90000000 | 0)) continue;
    const page = pageOf(word, rva);
    const list = allPages[word & 31];
    if (list !== undefined && list.length < maxPages && !list.includes(page)) list.push(page);
  }
}

function pageOf(word: number, rva: number): number {
  return Math.floor(rva / 4096) * 4096 + (((word << 8) >> 13) * 4 + ((word >>> 29) & 3)) * 4096;
}

export function sweepArm64(context: SweepContext, delta: number, start: number, end: number): void {
  const { source } = context.image;
  const firstReference = context.dataReferences.length;
  pages.fill(-1);
  collectPages(context, delta, start, end);
  let exit: "next" | "call" | "stop" = "stop";
  let hasReturn = false;
  let hasIndirect = false;
  for (let rva = Math.ceil(start / 4) * 4; rva + 4 <= end; rva += 4) {
    const word = i32(source, rva - delta);
    if (word === (0xd503201f | 0) || word === 0) continue;
    exit = "next";
    if ((word & 0x7c000000) === 0x14000000) {
      const target = rva + ((word << 6) >> 6) * 4;
      const isCall = word < 0;
      exit = isCall ? "call" : "stop";
      if (isCall ? isCode(context, target) : (target < start || target >= end) && isCode(context, target)) {
        context.events.push(rva, isCall ? KIND.call : KIND.jump, target);
      }
    } else if ((word & 0xff000010) === 0x54000000 || (word & 0x7e000000) === 0x34000000) {
      jumpOut(context, rva, rva + (((word << 8) >> 13) | 0) * 4, start, end);
    } else if ((word & 0x7e000000) === 0x36000000) {
      jumpOut(context, rva, rva + ((word << 13) >> 18) * 4, start, end);
    } else if ((word & 0xfe1f0000) === (0xd61f0000 | 0)) {
      const kind = (word >>> 21) & 3;
      exit = kind === 1 ? "call" : "stop";
      if (kind === 2) hasReturn = true;
      if (kind === 0) {
        hasIndirect = throughSlot(context, rva, (word >>> 5) & 31) || hasIndirect;
      }
    } else if ((word & 0xffe0001f) === (0xd4000001 | 0)) context.events.push(rva, KIND.site, 0);
    else if ((word & 0xffe0001f) === (0xd4200000 | 0) || (word & 0xffff0000) === 0) exit = "stop";
    else addresses(context, word, rva);
  }
  if (exit === "next" && isCode(context, end)) context.events.push(end - 4, KIND.fall, end);
  if (hasReturn) context.events.push(start, KIND.return, 0);
  if (hasIndirect) tables(context, firstReference, start);
}

function jumpOut(context: SweepContext, rva: number, target: number, start: number, end: number): void {
  if ((target < start || target >= end) && isCode(context, target)) context.events.push(rva, KIND.jump, target);
}

/**
 * A `br` in a stub of the procedure linkage table goes through the slot that the stub has just loaded. Any other `br`
 * is a jump table or a tail call.
 */
function throughSlot(context: SweepContext, rva: number, reg: number): boolean {
  if (reg === 17 && context.events.length > 0) {
    const last = context.events.length - 1;
    if (context.events.kind.at(last) === KIND.slotLoad && rva - context.events.at.at(last) <= 8) {
      context.events.turn(last, rva, KIND.slotJump);
      return false;
    }
  }
  context.events.push(rva, KIND.indirect, 0);
  return true;
}

/** The address that an `adr`, `adrp`, `add`, load or store makes or uses, if it is in this object. */
function addresses(context: SweepContext, word: number, rva: number): void {
  const rd = word & 31;
  const rn = (word >>> 5) & 31;
  if ((word & 0x1f000000) === 0x10000000) {
    const immediate = ((word << 8) >> 13) * 4 + ((word >>> 29) & 3);
    if (word < 0) pages[rd] = pageOf(word, rva);
    else {
      pages[rd] = rva + immediate;
      named(context, rva, rva + immediate);
    }
    return;
  }
  if ((word & 0xff800000) === (0x91000000 | 0)) {
    const page = pages[rn] ?? -1;
    const low = ((word >>> 10) & 0xfff) << ((word & 0x400000) !== 0 ? 12 : 0);
    const sum = page < 0 ? -1 : page + low;
    for (const other of allPages[rn] ?? []) {
      if (other !== page && isCode(context, other + low)) context.events.push(rva, KIND.immediate, other + low);
    }
    pages[rd] = sum;
    if (sum >= 0) named(context, rva, sum);
    return;
  }
  if ((word & 0x3b000000) === 0x39000000) return loadOrStore(context, word, rva, rd, rn);
  if (rd !== 31 && writesRd(word)) pages[rd] = -1;
}

function named(context: SweepContext, rva: number, target: number): void {
  if (isCode(context, target)) {
    context.events.push(rva, KIND.reference, target);
  } else if (target > 0 && isReadOnlyData(context, target)) context.dataReferences.push(target);
}

/** Loads and stores with an unsigned scaled offset. */
function loadOrStore(context: SweepContext, word: number, rva: number, rd: number, rn: number): void {
  const isVector = (word & 0x04000000) !== 0;
  const operation = (word >>> 22) & 3;
  const page = pages[rn] ?? -1;
  const low = ((word >>> 10) & 0xfff) << (word >>> 30);
  for (const other of allPages[rn] ?? []) {
    if (other !== page && context.slots.has(other + low)) context.events.push(rva, KIND.slotLoad, other + low);
  }
  if (page >= 0 && !isVector) {
    const target = page + low;
    if (target >= context.slotStart && target < context.slotEnd && context.slots.has(target))
      context.events.push(rva, KIND.slotLoad, target);
    else if (operation === 0 && isWritable(context, target)) context.events.push(rva, KIND.store, target);
  }
  if (operation !== 0 && !isVector) pages[rd] = -1;
}

/**
 * Does the instruction write its Rd or Rt? Data processing and loads do. Stores, branches and vector instructions do
 * not.
 */
function writesRd(word: number): boolean {
  const group = (word >>> 25) & 15;
  if (group === 8 || group === 9 || (group & 7) === 5) return true;
  return (group & 5) === 4 && (word & 0x04000000) === 0 && (word & 0x00400000) !== 0;
}

function tables(context: SweepContext, firstReference: number, start: number): void {
  const seen = new Set<number>();
  for (let i = firstReference; i < context.dataReferences.length && seen.size < 256; i += 1) {
    const target = context.dataReferences.at(i);
    if (seen.has(target)) continue;
    seen.add(target);
    context.events.push(start, KIND.table, target);
  }
}
