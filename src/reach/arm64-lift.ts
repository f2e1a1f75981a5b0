/**
 * One aarch64 function as steps (Arm ARM, chapter C4 for the encodings). An instruction that is not listed clobbers
 * whatever it may write.
 */
import * as bounds from "./bounds.ts";
import { i32 } from "./bytes.ts";
import type { ElfImage } from "./elf.ts";
import {
  ends,
  noWrites,
  register,
  write,
  type Flow,
  type Frame,
  type Place,
  type Proof,
  type Step,
  type Value,
  type Write,
} from "./steps.ts";

const SP = 31;
const FP = 29;

interface Effect {
  flow: Flow;
  target: number;
  writes: readonly Write[];
  clobbers: number;
  vectors: number;
  compared: { place: Place; value: number } | undefined;
  proves: Proof | undefined;
  /** The rvas that an earlier `adrp` and `add` put into registers. */
  readonly known: ReadonlyMap<number, number>;
  frame: Frame;
}

export function liftArm64(image: ElfImage, delta: number, start: number, end: number): readonly Step[] {
  const steps: Step[] = [];
  const frames = new Map<number, Frame>();
  let frame: Frame = { stack: 0, frame: Number.NaN };
  let body = frame;
  const known = new Map<number, number>();
  let compared: Effect["compared"];
  for (let rva = Math.ceil(start / 4) * 4; rva + 4 <= end && steps.length < bounds.maxLifted; rva += 4) {
    frame = frames.get(rva) ?? frame;
    const word = i32(image.source, rva - delta);
    const effect: Effect = {
      flow: "next",
      target: -1,
      writes: noWrites,
      clobbers: 0,
      vectors: 0,
      compared: undefined,
      proves: undefined,
      known,
      frame,
    };
    lift(word, rva, effect);
    rememberAddresses(known, effect);
    const { flow, target, writes, clobbers, vectors } = effect;
    const proves = effect.proves ?? (flow === "branch" ? proofOf(word, compared) : undefined);
    const isPadding = word === (0xd503201f | 0) || word === 0;
    steps.push({
      at: rva,
      next: rva + 4,
      flow,
      target,
      slot: -1,
      writes,
      clobbers,
      vectors,
      isPadding,
      stack: frame.stack,
      proves,
    });
    compared = effect.compared;
    if ((flow === "jump" || flow === "branch") && !frames.has(target)) frames.set(target, effect.frame);
    if (flow === "call" || flow === "indirect-call" || flow === "indirect-jump") body = frame;
    frame = ends(flow) ? body : effect.frame;
  }
  return steps;
}

/** `b.eq` and `b.ne` after a comparison with a constant. */
function proofOf(word: number, compared: Effect["compared"]): Proof | undefined {
  const condition = word & 15;
  if (compared === undefined || (word & 0xff000010) !== 0x54000000 || condition > 1) return undefined;
  return { ...compared, when: condition === 0 ? "taken" : "next" };
}

function set(effect: Effect, number: number, value: Value | undefined): void {
  if (number === SP) return;
  if (number === FP) effect.frame = { ...effect.frame, frame: Number.NaN };
  if (value === undefined) effect.clobbers |= 1 << number;
  else write(effect, register(number), value);
}

function copy(number: number): Value {
  return number === SP ? { is: "constant", value: 0 } : { is: "copy", of: register(number) };
}

/** Follows `adrp` and `add` in the order of the instructions, without regard to jumps. */
function rememberAddresses(known: Map<number, number>, { writes, clobbers }: Effect): void {
  for (let number = 0; clobbers !== 0 && number < 31; number += 1)
    if ((clobbers & (1 << number)) !== 0) known.delete(number);
  for (const { to, value } of writes) {
    if (to.in !== "register") continue;
    const from = value.is === "copy" && value.of.in === "register" ? known.get(value.of.register) : undefined;
    if (value.is === "address" && value.of.in === "variable") known.set(to.register, value.of.rva);
    else if (value.is === "copy" && from !== undefined && value.then?.op === "add")
      known.set(to.register, from + value.then.by);
    else known.delete(to.register);
  }
}

function memory(base: number, offset: number, { frame, known }: Effect): Place {
  const rva = known.get(base);
  if (rva !== undefined) return { in: "variable", rva: rva + offset };
  if (base === SP && !Number.isNaN(frame.stack)) return { in: "stack", offset: frame.stack + offset };
  if (base === FP && !Number.isNaN(frame.frame)) return { in: "stack", offset: frame.frame + offset };
  return { in: "memory", pointer: register(base), offset };
}

function lift(word: number, rva: number, effect: Effect): void {
  const group = (word >>> 25) & 15;
  if (group === 10 || group === 11) return liftBranch(word, rva, effect);
  if (group === 8 || group === 9) return liftImmediate(word, rva, effect);
  if ((group & 5) === 4) return liftMemory(word, effect);
  if ((group & 7) === 5) return liftRegister(word, effect);
  // Vector and floating point, including moves to general registers (fmov, umov, fcvt).
  effect.vectors |= 1 << (word & 15);
  if ((group & 7) === 7 && mayWriteGeneral(word)) set(effect, word & 31, undefined);
}

function mayWriteGeneral(word: number): boolean {
  const isConversion = (word & 0x5f200c00) === 0x1e200000;
  const isMove =
    (word & 0xbfe0fc00) === 0x0e003c00 || (word & 0xbfe0fc00) === 0x0e002c00 || (word & 0x9fe0f400) === 0x0e002400;
  return isConversion || isMove;
}

function liftBranch(word: number, rva: number, effect: Effect): void {
  if ((word & 0x7c000000) === 0x14000000) {
    effect.flow = word < 0 ? "call" : "jump";
    effect.target = rva + ((word << 6) >> 6) * 4;
  } else if ((word & 0xff000010) === 0x54000000) {
    effect.flow = "branch";
    effect.target = rva + ((word << 8) >> 13) * 4;
  } else if ((word & 0x7e000000) === 0x34000000) {
    effect.flow = "branch";
    effect.target = rva + ((word << 8) >> 13) * 4;
    effect.proves = { place: register(word & 31), value: 0, when: (word & 0x01000000) === 0 ? "taken" : "next" };
  } else if ((word & 0x7e000000) === 0x36000000) {
    effect.flow = "branch";
    effect.target = rva + ((word << 13) >> 18) * 4;
  } else if ((word & 0xfe1f0000) === (0xd61f0000 | 0)) {
    const kind = (word >>> 21) & 3;
    effect.flow = kind === 0 ? "indirect-jump" : kind === 1 ? "indirect-call" : kind === 2 ? "return" : "stop";
  } else if ((word & 0xffe0001f) === (0xd4000001 | 0)) {
    effect.flow = "site";
    effect.clobbers = 1;
  } else if ((word & 0xffe0001f) === (0xd4200000 | 0)) effect.flow = "stop";
  else if ((word & 0xfff00000) === (0xd5300000 | 0)) set(effect, word & 31, undefined);
  if (effect.flow === "call" || effect.flow === "indirect-call") {
    effect.clobbers = 1;
    effect.vectors = -1;
  }
}

function liftImmediate(word: number, rva: number, effect: Effect): void {
  const rd = word & 31;
  const rn = (word >>> 5) & 31;
  const wide = (word >>> 5) & 0xffff;
  const shift = ((word >>> 21) & 3) * 16;
  switch ((word >>> 23) & 0x3f) {
    case 0x20:
    case 0x21:
    case 0x30:
    case 0x31: {
      const immediate = ((word << 8) >> 13) * 4 + ((word >>> 29) & 3);
      const target = word < 0 ? Math.floor(rva / 4096) * 4096 + immediate * 4096 : rva + immediate;
      return set(effect, rd, { is: "address", of: { in: "variable", rva: target } });
    }
    case 0x22:
      return liftAdd(word, rd, rn, effect);
    case 0x24:
      return liftLogical(word, rd, rn, effect);
    case 0x26:
      return set(effect, rd, extended(word, rn));
    case 0x25:
      return liftWide(word, rd, wide, shift, effect);
    default:
      return set(effect, rd, undefined);
  }
}

/** movn, movz, movk. */
function liftWide(word: number, rd: number, wide: number, shift: number, effect: Effect): void {
  const kind = (word >>> 29) & 3;
  if (kind === 3) {
    const value: Value | undefined =
      shift === 16
        ? { is: "copy", of: register(rd), then: { op: "high16", by: wide } }
        : shift > 16
          ? copy(rd)
          : undefined;
    return set(effect, rd, value);
  }
  if (shift > 16) return set(effect, rd, { is: "constant", value: kind === 0 ? -1 : 0 });
  const value = kind === 0 ? ~(wide << shift) : wide << shift;
  set(effect, rd, { is: "constant", value });
}

/** The bit field moves sxtw, uxtb and uxth. On 32 bits, sxtw changes nothing. */
function extended(word: number, rn: number): Value | undefined {
  if ((word & 0xfffffc00) === (0x93407c00 | 0)) return copy(rn);
  if ((word & 0xfffffc00) === 0x53001c00) return { is: "copy", of: register(rn), then: { op: "and", by: 0xff } };
  if ((word & 0xfffffc00) === 0x53003c00) return { is: "copy", of: register(rn), then: { op: "and", by: 0xffff } };
  return undefined;
}

/** and, orr, eor, ands with a constant. */
function liftLogical(word: number, rd: number, rn: number, effect: Effect): void {
  const kind = (word >>> 29) & 3;
  const by = bitmask((word >>> 22) & 1, (word >>> 16) & 63, (word >>> 10) & 63);
  if (by === undefined || kind > 1) return set(effect, rd, undefined);
  if (rn === SP) return set(effect, rd, { is: "constant", value: kind === 0 ? 0 : by });
  set(effect, rd, { is: "copy", of: register(rn), then: { op: kind === 0 ? "and" : "or", by } });
}

/**
 * The lower 32 bits of a logical immediate: ones, rotated, and repeated (Arm ARM, DecodeBitMasks).
 * `undefined` for a reserved encoding.
 */
function bitmask(n: number, immr: number, imms: number): number | undefined {
  const length = 31 - Math.clz32((n << 6) | (~imms & 63));
  if (length < 1) return undefined;
  const size = 1 << length;
  const ones = (imms & (size - 1)) + 1;
  if (ones === size) return undefined;
  const rotated = (bit: number): boolean => (bit + (immr & (size - 1))) % size < ones;
  let mask = 0;
  for (let bit = 0; bit < 32; bit += 1) if (rotated(bit % size)) mask |= 1 << bit;
  return mask;
}

/** add, adds, sub, subs with a constant. The stack pointer may be an operand. */
function liftAdd(word: number, rd: number, rn: number, effect: Effect): void {
  const raw = ((word >>> 10) & 0xfff) << ((word & 0x400000) !== 0 ? 12 : 0);
  const by = (word & 0x40000000) !== 0 ? -raw : raw;
  const setsFlags = (word & 0x20000000) !== 0;
  if (setsFlags && (word & 0x40000000) !== 0) effect.compared = { place: register(rn), value: raw };
  if (setsFlags && rd === SP) return;
  if (rd === SP) {
    const from = rn === SP ? effect.frame.stack : rn === FP ? effect.frame.frame : Number.NaN;
    effect.frame = { ...effect.frame, stack: from + by };
    return;
  }
  const base = rn === SP ? effect.frame.stack : rn === FP ? effect.frame.frame : Number.NaN;
  if (rd === FP) {
    set(effect, rd, undefined);
    effect.frame = { ...effect.frame, frame: rn === SP ? base + by : Number.NaN };
    return;
  }
  if (!Number.isNaN(base)) return set(effect, rd, { is: "address", of: { in: "stack", offset: base + by } });
  set(effect, rd, rn === SP ? undefined : { is: "copy", of: register(rn), then: { op: "add", by } });
}

function liftMemory(word: number, effect: Effect): void {
  const isVector = (word & 0x04000000) !== 0;
  if ((word & 0x3a000000) === 0x28000000) return liftPair(word, isVector, effect);
  if ((word & 0x3b000000) === 0x39000000) {
    const size = word >>> 30;
    return access(word, isVector, memory((word >>> 5) & 31, ((word >>> 10) & 0xfff) << size, effect), effect);
  }
  if ((word & 0x3b200000) === 0x38000000) {
    const offset = (word << 11) >> 23;
    const mode = (word >>> 10) & 3;
    const base = (word >>> 5) & 31;
    const place = memory(base, mode === 1 ? 0 : offset, effect);
    access(word, isVector, place, effect);
    if (mode === 1 || mode === 3) move(base, offset, effect);
    return;
  }
  if (isVector) {
    effect.vectors |= 1 << (word & 15);
    return;
  }
  // Literals, exclusive and atomic accesses, register offsets: every register that may get the result is lost.
  effect.clobbers |= clobber(word & 31) | clobber((word >>> 16) & 31);
}

function clobber(number: number): number {
  return number === SP ? 0 : 1 << number;
}

/** Writes the base register back. */
function move(base: number, by: number, effect: Effect): void {
  if (base === SP) effect.frame = { ...effect.frame, stack: effect.frame.stack + by };
  else set(effect, base, { is: "copy", of: register(base), then: { op: "add", by } });
}

function access(word: number, isVector: boolean, place: Place, effect: Effect): void {
  const rt = word & 31;
  const operation = (word >>> 22) & 3;
  if (isVector) {
    if ((operation & 1) === 1) effect.vectors |= 1 << (rt & 15);
    return;
  }
  if (operation === 0) write(effect, place, copy(rt));
  else if (word >>> 30 >= 2) set(effect, rt, { is: "copy", of: place });
  else set(effect, rt, undefined);
}

/** ldp, stp, ldpsw in all addressing modes. */
function liftPair(word: number, isVector: boolean, effect: Effect): void {
  const size = isVector ? 4 << (word >>> 30) : word >>> 31 === 1 ? 8 : 4;
  const offset = ((word << 10) >> 25) * size;
  const mode = (word >>> 23) & 3;
  const base = (word >>> 5) & 31;
  const first = memory(base, mode === 1 ? 0 : offset, effect);
  const second = memory(base, (mode === 1 ? 0 : offset) + size, effect);
  const isLoad = (word & 0x400000) !== 0;
  const pair = [
    [word & 31, first],
    [(word >>> 10) & 31, second],
  ] as const;
  for (const [number, place] of pair) {
    if (isVector) effect.vectors |= isLoad ? 1 << (number & 15) : 0;
    else if (isLoad) set(effect, number, { is: "copy", of: place });
    else write(effect, place, copy(number));
  }
  if (mode === 1 || mode === 3) move(base, offset, effect);
}

function liftRegister(word: number, effect: Effect): void {
  const rd = word & 31;
  const rn = (word >>> 5) & 31;
  const rm = (word >>> 16) & 31;
  if ((word & 0x7fe0ffe0) === 0x2a0003e0) return set(effect, rd, copy(rm));
  if ((word & 0x7fe00c00) === 0x1a800000) return set(effect, rd, { is: "either", values: [copy(rn), copy(rm)] });
  if ((word & 0x7fe00c00) === 0x1a800400) {
    const increased: Value =
      rm === SP ? { is: "constant", value: 1 } : { is: "copy", of: register(rm), then: { op: "add", by: 1 } };
    return set(effect, rd, { is: "either", values: [copy(rn), increased] });
  }
  if ((word & 0x7f20001f) === 0x6b00001f || (word & 0x7f20001f) === 0x6a00001f) return;
  set(effect, rd, undefined);
}
