/**
 * One x86-64 function as steps (Intel SDM volume 2 for each opcode). An instruction that is not listed clobbers its
 * operands.
 */
import * as bounds from "./bounds.ts";
import { i32, u32, u8, type Source } from "./bytes.ts";
import type { ElfImage } from "./elf.ts";
import {
  ends,
  firstVector,
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
import { createDecoded, decode, type Decoded } from "./x86-decode.ts";

const RAX = 0,
  RCX = 1,
  RDX = 2,
  RBX = 3,
  RSP = 4,
  RBP = 5,
  RSI = 6,
  RDI = 7,
  R11 = 11;
const one = (number: number): number => 1 << number;

interface Effect {
  flow: Flow;
  target: number;
  slot: number;
  writes: readonly Write[];
  clobbers: number;
  vectors: number;
  /** The comparison whose flags hold after this step: "zero flag set means that `place` is `value`". */
  compared: { place: Place; value: number } | undefined;
  frame: Frame;
}

/** `frames` gives, for a label, the stack at the jumps to it. */
export function liftX86(image: ElfImage, delta: number, start: number, end: number): readonly Step[] {
  const { source } = image;
  const decoded = createDecoded();
  const steps: Step[] = [];
  const frames = new Map<number, Frame>();
  let frame: Frame = { stack: 0, frame: Number.NaN };
  let body = frame;
  let compared: Effect["compared"];
  let at = start - delta;
  while (at < end - delta && steps.length < bounds.maxLifted) {
    const rva = at + delta;
    frame = frames.get(rva) ?? frame;
    const length = decode(source.bytes, at, end - delta, decoded);
    if (length === 0) {
      at += 1;
      continue;
    }
    const effect: Effect = {
      flow: "next",
      target: -1,
      slot: -1,
      writes: noWrites,
      clobbers: 0,
      vectors: 0,
      compared: undefined,
      frame,
    };
    lift(image, decoded, rva, effect);
    const { flow, target, slot, writes, clobbers, vectors } = effect;
    const proves = flow === "branch" ? proofOf(decoded.op, compared) : undefined;
    steps.push({
      at: rva,
      next: rva + length,
      flow,
      target,
      slot,
      writes,
      clobbers,
      vectors,
      isPadding: decoded.op === 0x90 || decoded.op === 0x11f,
      stack: frame.stack,
      proves,
    });
    compared = effect.compared;
    if ((flow === "jump" || flow === "branch") && !frames.has(target)) frames.set(target, effect.frame);
    if (flow === "call" || flow === "indirect-call" || flow === "indirect-jump") body = frame;
    frame = ends(flow) ? body : effect.frame;
    at += length;
  }
  return steps;
}

/** What `je` and `jne` prove about the comparison right before them. */
function proofOf(op: number, compared: Effect["compared"]): Proof | undefined {
  const isEqual = op === 0x74 || op === 0x184;
  if (compared === undefined || (!isEqual && op !== 0x75 && op !== 0x185)) return undefined;
  return { ...compared, when: isEqual ? "taken" : "next" };
}

/** The ModRM operand: a register, or a place in memory that has a name. `undefined` for other memory. */
function operand(image: ElfImage, d: Decoded, rva: number, frame: Frame): Place | undefined {
  const mod = d.modrm >> 6;
  const rm = d.modrm & 7;
  if (mod === 3) return register(rm | ((d.rex & 1) << 3));
  if (d.segment) return undefined;
  const { source, base } = image;
  if (mod === 0 && rm === 5) return { in: "variable", rva: rva + d.length + i32(source, d.modrmAt + 1) };
  let pointer = rm | ((d.rex & 1) << 3);
  let displacementAt = d.modrmAt + 1;
  if (rm === 4) {
    const sib = u8(source, d.modrmAt + 1);
    displacementAt += 1;
    if ((sib & 0x38) !== 0x20 || (d.rex & 2) !== 0) return undefined;
    if ((sib & 7) === 5 && mod === 0) return { in: "variable", rva: i32(source, displacementAt) - base };
    pointer = (sib & 7) | ((d.rex & 1) << 3);
  }
  const offset = mod === 1 ? (u8(source, displacementAt) << 24) >> 24 : mod === 2 ? i32(source, displacementAt) : 0;
  return memory(pointer, offset, frame);
}

function memory(pointer: number, offset: number, frame: Frame): Place {
  if (pointer === RSP && !Number.isNaN(frame.stack)) return { in: "stack", offset: frame.stack + offset };
  if (pointer === RBP && !Number.isNaN(frame.frame)) return { in: "stack", offset: frame.frame + offset };
  return { in: "memory", pointer: register(pointer), offset };
}

function immediate(source: Source, d: Decoded): number {
  if (d.immSize === 1) return (u8(source, d.immAt) << 24) >> 24;
  if (d.immSize === 2) return ((u8(source, d.immAt) | (u8(source, d.immAt + 1) << 8)) << 16) >> 16;
  return i32(source, d.immAt);
}

const regOf = (d: Decoded): number => ((d.modrm >> 3) & 7) | ((d.rex & 4) << 1);
const isRegisterForm = (d: Decoded): boolean => d.modrm >= 0xc0;
const rmOf = (d: Decoded): number => (d.modrm & 7) | ((d.rex & 1) << 3);

function set(effect: Effect, to: Place | undefined, value: Value | undefined): void {
  if (to === undefined) return;
  if (to.in === "register" && to.register === RSP) effect.frame = { ...effect.frame, stack: Number.NaN };
  if (to.in === "register" && to.register === RBP && value?.is !== "address")
    effect.frame = { ...effect.frame, frame: Number.NaN };
  if (value !== undefined) write(effect, to, value);
  else if (to.in === "register") effect.clobbers |= one(to.register);
}

function copy(of: Place | undefined): Value | undefined {
  return of === undefined ? undefined : { is: "copy", of };
}

function lift(image: ElfImage, d: Decoded, rva: number, effect: Effect): void {
  const { source } = image;
  const { op } = d;
  if (op >= 0x1000) return liftVector(d, effect);
  if (op >= 0x100) return liftTwoByte(image, d, rva, effect);
  if (op < 0x40) return liftArithmetic(image, d, rva, effect);
  if (op >= 0x50 && op <= 0x5f) return liftPushPop(op, (op & 7) | ((d.rex & 1) << 3), effect);
  if (op >= 0xb8 && op <= 0xbf) {
    const wide = d.immSize === 8 && u32(source, d.immAt + 4) !== 0 && u32(source, d.immAt + 4) !== 0xffffffff;
    return set(
      effect,
      register((op & 7) | ((d.rex & 1) << 3)),
      wide ? undefined : { is: "constant", value: immediate(source, d) },
    );
  }
  if (op >= 0xb0 && op <= 0xb7) {
    return setLowByte(effect, (op & 7) | ((d.rex & 1) << 3), d.rex !== 0, u8(source, d.immAt));
  }
  if (op >= 0x70 && op <= 0x7f) return branch(effect, rva + d.length + immediate(source, d));
  switch (op) {
    case 0x89:
      if (isStackMove(d, rmOf(d), regOf(d), effect)) return;
      return set(effect, operand(image, d, rva, effect.frame), copy(register(regOf(d))));
    case 0x8b:
      if (isRegisterForm(d) && isStackMove(d, regOf(d), rmOf(d), effect)) return;
      return set(effect, register(regOf(d)), copy(operand(image, d, rva, effect.frame)));
    case 0x63:
      return set(effect, register(regOf(d)), copy(operand(image, d, rva, effect.frame)));
    case 0x8d:
      return liftLea(image, d, rva, effect);
    case 0xc7:
      return set(effect, operand(image, d, rva, effect.frame), { is: "constant", value: immediate(source, d) });
    case 0x68:
    case 0x6a:
      return push(effect, { is: "constant", value: immediate(source, d) });
    case 0x80:
    case 0x81:
    case 0x83:
      return liftImmediateGroup(image, d, rva, effect);
    default:
      return liftRest(image, d, rva, effect);
  }
}

/** Moves between stack and frame pointer; only with full registers. */
function isStackMove(d: Decoded, to: number, from: number, effect: Effect): boolean {
  if (!isRegisterForm(d) || (d.rex & 8) === 0) return false;
  if (from === RSP && to === RBP) {
    effect.frame = { ...effect.frame, frame: effect.frame.stack };
    effect.clobbers |= one(RBP);
    return true;
  }
  if (from === RBP && to === RSP) {
    effect.frame = { ...effect.frame, stack: effect.frame.frame };
    return true;
  }
  if (from === RSP && !Number.isNaN(effect.frame.stack)) {
    write(effect, register(to), { is: "address", of: { in: "stack", offset: effect.frame.stack } });
    return true;
  }
  return false;
}

/** Rows 0x00 to 0x3f: add, or, adc, sbb, and, sub, xor, cmp. */
function liftArithmetic(image: ElfImage, d: Decoded, rva: number, effect: Effect): void {
  const form = d.op & 7;
  const kind = d.op >> 3;
  if (kind === 7 && form !== 5) return;
  if (form >= 4) return operate(effect, register(RAX), kind, immediate(image.source, d), form === 5);
  const to = form < 2 ? operand(image, d, rva, effect.frame) : register(regOf(d));
  const same = isRegisterForm(d) && regOf(d) === rmOf(d) && (form & 1) === 1;
  if (same && (kind === 6 || kind === 5)) return set(effect, to, { is: "constant", value: 0 });
  if (same && kind === 3) {
    return set(effect, to, {
      is: "either",
      values: [
        { is: "constant", value: 0 },
        { is: "constant", value: -1 },
      ],
    });
  }
  if (same && (kind === 4 || kind === 1)) return;
  set(effect, to, undefined);
}

const operations = ["add", "or", undefined, undefined, "and", "add", undefined] as const;

/** `kind` is the number of the operation, as ModRM.reg gives it for opcodes of group 1. */
function operate(effect: Effect, to: Place | undefined, kind: number, by: number, wide: boolean): void {
  if (kind === 7 && to?.in === "register" && wide) effect.compared = { place: to, value: by };
  if (to === undefined || kind === 7) return;
  if (to.in === "register" && to.register === RSP) return moveStack(effect, kind, by);
  const op = operations[kind];
  if (kind === 1 && by === -1 && wide) return set(effect, to, { is: "constant", value: -1 });
  if (kind === 4 && by === 0 && wide) return set(effect, to, { is: "constant", value: 0 });
  set(
    effect,
    to,
    op === undefined || !wide ? undefined : { is: "copy", of: to, then: { op, by: kind === 5 ? -by : by } },
  );
}

/**
 * A distance that no frame has. After the stack was aligned, places in the frame can only be compared with each other.
 */
const alignedFrame = 1 << 28;

function moveStack(effect: Effect, kind: number, by: number): void {
  const { stack, frame } = effect.frame;
  const moved = kind === 0 ? stack + by : kind === 5 ? stack - by : kind === 4 ? stack - alignedFrame : Number.NaN;
  effect.frame = { stack: moved, frame };
}

function liftImmediateGroup(image: ElfImage, d: Decoded, rva: number, effect: Effect): void {
  operate(effect, operand(image, d, rva, effect.frame), (d.modrm >> 3) & 7, immediate(image.source, d), d.op !== 0x80);
}

function push(effect: Effect, value: Value | undefined): void {
  const stack = effect.frame.stack - 8;
  effect.frame = { ...effect.frame, stack };
  if (!Number.isNaN(stack) && value !== undefined) write(effect, { in: "stack", offset: stack }, value);
}

function liftPushPop(op: number, reg: number, effect: Effect): void {
  if (op < 0x58) return push(effect, copy(register(reg)));
  const { stack } = effect.frame;
  set(effect, register(reg), Number.isNaN(stack) ? undefined : copy({ in: "stack", offset: stack }));
  effect.frame = { stack: stack + 8, frame: reg === RBP ? Number.NaN : effect.frame.frame };
}

/** `mov imm8, %reg8`. Without REX, 4 to 7 are ah, ch, dh, bh. */
function setLowByte(effect: Effect, reg: number, hasRex: boolean, by: number): void {
  if (!hasRex && reg >= 4) effect.clobbers |= one(reg - 4);
  else set(effect, register(reg), { is: "copy", of: register(reg), then: { op: "low8", by } });
}

function branch(effect: Effect, target: number): void {
  effect.flow = "branch";
  effect.target = target;
}

function liftLea(image: ElfImage, d: Decoded, rva: number, effect: Effect): void {
  const to = regOf(d);
  const from = operand(image, d, rva, effect.frame);
  if (to === RSP) {
    effect.frame = { ...effect.frame, stack: from?.in === "stack" ? from.offset : Number.NaN };
    return;
  }
  if (to === RBP && from?.in === "stack") {
    effect.frame = { ...effect.frame, frame: from.offset };
    effect.clobbers |= one(RBP);
    return;
  }
  if (from === undefined) return set(effect, register(to), scaled(image.source, d));
  if (from.in === "memory") {
    return set(effect, register(to), { is: "copy", of: from.pointer, then: { op: "add", by: from.offset } });
  }
  set(effect, register(to), { is: "address", of: from });
}

/**
 * `lea disp(,%reg,scale)` and `lea disp(%reg,%reg,scale)`: a multiplication. Callers that need the register and the
 * factor find them again.
 */
function scaled(source: Source, d: Decoded): Value | undefined {
  const sib = u8(source, d.modrmAt + 1);
  if ((d.modrm & 7) !== 4 || (sib & 7) !== 5 || d.modrm >= 0x40) return undefined;
  const index = ((sib >> 3) & 7) | ((d.rex & 2) << 2);
  if (i32(source, d.modrmAt + 2) !== 0) return undefined;
  return { is: "copy", of: register(index), then: { op: "multiply", by: 1 << (sib >> 6) } };
}

function liftRest(image: ElfImage, d: Decoded, rva: number, effect: Effect): void {
  const { source } = image;
  const { op } = d;
  const reg = (d.modrm >> 3) & 7;
  switch (op) {
    case 0xe8:
      effect.flow = "call";
      effect.target = rva + d.length + i32(source, d.immAt);
      effect.clobbers = one(RAX);
      effect.vectors = -1;
      return;
    case 0xe9:
    case 0xeb:
      effect.flow = "jump";
      effect.target = rva + d.length + immediate(source, d);
      return;
    case 0xe0:
    case 0xe1:
    case 0xe2:
    case 0xe3:
      effect.clobbers = one(RCX);
      return branch(effect, rva + d.length + immediate(source, d));
    case 0xc2:
    case 0xc3:
    case 0xca:
    case 0xcb:
    case 0xcf:
      effect.flow = "return";
      return;
    case 0xcc:
    case 0xf4:
      effect.flow = "stop";
      return;
    case 0xc9:
      effect.frame = { stack: effect.frame.frame + 8, frame: Number.NaN };
      effect.clobbers = one(RBP);
      return;
    case 0x98:
      if ((d.rex & 8) === 0) effect.clobbers = one(RAX);
      return;
    case 0x99:
      effect.clobbers = one(RDX);
      return;
    case 0xff:
      return liftGroup5(image, d, rva, effect);
    case 0xf6:
    case 0xf7:
      if (reg >= 4) effect.clobbers = one(RAX) | one(RDX);
      else if (reg >= 2) set(effect, operand(image, d, rva, effect.frame), undefined);
      return;
    case 0x85:
      if (isRegisterForm(d) && regOf(d) === rmOf(d)) effect.compared = { place: register(rmOf(d)), value: 0 };
      return;
    case 0x38:
    case 0x39:
    case 0x84:
    case 0xa8:
    case 0xa9:
    case 0x90:
    case 0x9b:
    case 0x9e:
    case 0xcd:
      return;
    default:
      return clobberByOpcode(image, d, rva, effect);
  }
}

function liftGroup5(image: ElfImage, d: Decoded, rva: number, effect: Effect): void {
  const reg = (d.modrm >> 3) & 7;
  const place = operand(image, d, rva, effect.frame);
  if (reg < 2) {
    return set(
      effect,
      place,
      place === undefined ? undefined : { is: "copy", of: place, then: { op: "add", by: reg === 0 ? 1 : -1 } },
    );
  }
  if (reg === 2) {
    effect.flow = "indirect-call";
    effect.clobbers = one(RAX);
    effect.vectors = -1;
  } else if (reg === 4) effect.flow = "indirect-jump";
  else if (reg === 6) push(effect, copy(place));
  if ((reg === 2 || reg === 4) && place?.in === "variable") effect.slot = place.rva;
}

/** One-byte opcodes that write registers with values that no number describes. */
function clobberByOpcode(image: ElfImage, d: Decoded, rva: number, effect: Effect): void {
  const { op } = d;
  if (op >= 0x91 && op <= 0x97) {
    const reg = (op & 7) | ((d.rex & 1) << 3);
    set(effect, register(reg), copy(register(RAX)));
    set(effect, register(RAX), copy(register(reg)));
  } else if (op === 0x69 || op === 0x6b) {
    const from = operand(image, d, rva, effect.frame);
    set(
      effect,
      register(regOf(d)),
      from === undefined
        ? undefined
        : { is: "copy", of: from, then: { op: "multiply", by: immediate(image.source, d) } },
    );
  } else if (op === 0x86 || op === 0x87) {
    effect.clobbers |= one(regOf(d));
    set(effect, operand(image, d, rva, effect.frame), undefined);
  } else if (op === 0x8a) effect.clobbers |= one(d.rex === 0 ? regOf(d) & 3 : regOf(d)) | one(regOf(d));
  else if ((op >= 0xa4 && op <= 0xa7) || (op >= 0xaa && op <= 0xaf))
    effect.clobbers |=
      one(RSI) | one(RDI) | (d.repeat !== 0 ? one(RCX) : 0) | (op >= 0xac && op <= 0xad ? one(RAX) : 0);
  else if (op === 0x8f || op === 0xc0 || op === 0xc1 || (op >= 0xd0 && op <= 0xd3) || op === 0xfe || op === 0x88) {
    if (isRegisterForm(d)) effect.clobbers |= one(rmOf(d)) | (d.rex === 0 && rmOf(d) >= 4 ? one(rmOf(d) - 4) : 0);
    if (op === 0x8f) effect.frame = { ...effect.frame, stack: effect.frame.stack + 8 };
  } else if (op === 0x9c) push(effect, undefined);
  else if (op === 0x9d) effect.frame = { ...effect.frame, stack: effect.frame.stack + 8 };
  else if (op === 0xc6 || (op >= 0xd8 && op <= 0xdf)) {
    if (op === 0xdf && d.modrm === 0xe0) effect.clobbers |= one(RAX);
    if (op === 0xc6 && isRegisterForm(d)) effect.clobbers |= one(rmOf(d));
  } else effect.clobbers |= one(RAX) | (d.modrm >= 0xc0 ? one(rmOf(d)) : 0);
}

function liftTwoByte(image: ElfImage, d: Decoded, rva: number, effect: Effect): void {
  const { op } = d;
  const low = op & 0xff;
  if (op >= 0x180 && op <= 0x18f) return branch(effect, rva + d.length + i32(image.source, d.immAt));
  if (op === 0x105) {
    effect.flow = "site";
    effect.clobbers = one(RAX) | one(RCX) | one(R11);
    return;
  }
  if (op === 0x10b || op === 0x1b9 || op === 0x1ff) {
    effect.flow = "stop";
    return;
  }
  if (op >= 0x140 && op <= 0x14f) {
    const from = operand(image, d, rva, effect.frame);
    const to = register(regOf(d));
    return set(
      effect,
      to,
      from === undefined
        ? undefined
        : {
            is: "either",
            values: [
              { is: "copy", of: from },
              { is: "copy", of: to },
            ],
          },
    );
  }
  if (op >= 0x190 && op <= 0x19f) {
    if (isRegisterForm(d)) setEitherByte(effect, rmOf(d), d.rex !== 0);
    return;
  }
  if (op === 0x1b6 || op === 0x1b7) {
    const from = operand(image, d, rva, effect.frame);
    const mask = op === 0x1b6 ? 0xff : 0xffff;
    return set(
      effect,
      register(regOf(d)),
      from === undefined || (op === 0x1b6 && d.rex === 0 && isRegisterForm(d) && rmOf(d) >= 4)
        ? undefined
        : { is: "copy", of: from, then: { op: "and", by: mask } },
    );
  }
  if (isVectorMove(d, low)) return moveVector(image, d, rva, (low & 0x01) === 1 && low !== 0x6f, effect);
  if (op >= 0x200 || harmless[low] === 1) effect.vectors |= 1 << regOf(d);
  if (op >= 0x200) {
    if (low >= 0xf0) effect.clobbers |= one(regOf(d));
    if (op >= 0x314 && op <= 0x317 && isRegisterForm(d)) effect.clobbers |= one(rmOf(d));
    return;
  }
  clobberTwoByte(d, low, effect);
}

/** Moves of 16 bytes: movups, movupd, movaps, movapd (10, 11, 28, 29), movdqa, movdqu (6f, 7f). */
function isVectorMove(d: Decoded, low: number): boolean {
  if (d.op >= 0x200) return false;
  if (low === 0x10 || low === 0x11) return d.repeat === 0;
  return low === 0x28 || low === 0x29 || ((low === 0x6f || low === 0x7f) && (d.narrow || d.repeat === 0xf3));
}

/** Compilers copy structures through vector registers. A call's number may be in one (Go's `perThreadSyscall`). */
function moveVector(image: ElfImage, d: Decoded, rva: number, stores: boolean, effect: Effect): void {
  const vector = firstVector + 2 * regOf(d);
  const other = isRegisterForm(d) ? register(firstVector + 2 * rmOf(d)) : operand(image, d, rva, effect.frame);
  if (other === undefined) {
    if (!stores) effect.vectors |= 1 << regOf(d);
    return;
  }
  for (const half of [0, 1] as const) {
    const ours = register(vector + half);
    const theirs = half === 0 ? other : following(other);
    if (stores) write(effect, theirs, { is: "copy", of: ours });
    else write(effect, ours, { is: "copy", of: theirs });
  }
}

/** The place 8 bytes further. */
function following(place: Place): Place {
  if (place.in === "register") return register(place.register + 1);
  return place.in === "variable" ? { in: "variable", rva: place.rva + 8 } : { ...place, offset: place.offset + 8 };
}

function setEitherByte(effect: Effect, reg: number, hasRex: boolean): void {
  if (!hasRex && reg >= 4) {
    effect.clobbers |= one(reg - 4);
    return;
  }
  const byte = (by: number): Value => ({ is: "copy", of: register(reg), then: { op: "low8", by } });
  set(effect, register(reg), { is: "either", values: [byte(0), byte(1)] });
}

/** Opcodes after 0f that write only vector registers, flags or memory. */
const harmless = new Uint8Array(256);
for (const [from, to] of [
  [0x0d, 0x0d],
  [0x10, 0x1f],
  [0x28, 0x2b],
  [0x2e, 0x2f],
  [0x51, 0x7d],
  [0x7f, 0x7f],
  [0xa3, 0xa3],
  [0xae, 0xae],
  [0xc2, 0xc4],
  [0xc6, 0xc6],
  [0xd0, 0xd6],
  [0xd8, 0xfe],
] as const) {
  harmless.fill(1, from, to + 1);
}

function clobberTwoByte(d: Decoded, low: number, effect: Effect): void {
  if (low === 0xa2) effect.clobbers |= one(RAX) | one(RBX) | one(RCX) | one(RDX);
  else if (low === 0x01 || low === 0x30 || low === 0x31 || low === 0x32 || low === 0x33)
    effect.clobbers |= one(RAX) | one(RDX) | (low === 0x01 ? one(RCX) : 0);
  else if (low === 0xb0 || low === 0xb1) effect.clobbers |= one(RAX) | (isRegisterForm(d) ? one(rmOf(d)) : 0);
  else if (low === 0xc7) effect.clobbers |= isRegisterForm(d) ? one(rmOf(d)) : one(RAX) | one(RDX);
  else if (low >= 0xc8 && low <= 0xcf) effect.clobbers |= one((low & 7) | ((d.rex & 1) << 3));
  else if (low === 0xa0 || low === 0xa8) push(effect, undefined);
  else if (low === 0xa1 || low === 0xa9) effect.frame = { ...effect.frame, stack: effect.frame.stack + 8 };
  else if (d.modrm >= 0 && harmless[low] === 0)
    effect.clobbers |= one(regOf(d)) | (isRegisterForm(d) ? one(rmOf(d)) : 0);
}

/** VEX, EVEX and XOP. Only a few write general registers (BMI, moves out of vector and mask registers). */
function liftVector(d: Decoded, effect: Effect): void {
  const map = (d.op >> 8) & 0x0f;
  const low = d.op & 0xff;
  effect.vectors |= (1 << regOf(d)) | (isRegisterForm(d) ? 1 << rmOf(d) : 0);
  if (
    map === 1 &&
    (low === 0x7e || low === 0x50 || low === 0x2c || low === 0x2d || low === 0xc5 || low === 0xd7 || low === 0x93)
  ) {
    effect.clobbers |= one(regOf(d)) | (isRegisterForm(d) ? one(rmOf(d)) : 0);
  } else if (map === 2 && low >= 0xf0) effect.clobbers |= one(regOf(d)) | one(d.vvvv);
  else if (map === 3 && (low === 0xf0 || (low >= 0x14 && low <= 0x17)))
    effect.clobbers |= one(regOf(d)) | (isRegisterForm(d) ? one(rmOf(d)) : 0);
  else if (map >= 8) effect.clobbers |= one(regOf(d)) | one(d.vvvv);
}
