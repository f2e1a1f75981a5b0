/** The fast pass over x86-64 code. It reads every instruction of a function once, in the order of the addresses. */
import { i32, u8 } from "./bytes.ts";
import { isCode, isReadOnlyData, isWritable, KIND, type SweepContext } from "./events.ts";
import { createDecoded, decode, type Decoded } from "./x86-decode.ts";

/** Where control goes after the last instruction that does something. */
type Exit = "next" | "call" | "return" | "stop";

const decoded = createDecoded();

export function sweepX86(context: SweepContext, delta: number, start: number, end: number): void {
  const { bytes } = context.image.source;
  const offsetEnd = end - delta;
  const firstReference = context.dataReferences.length;
  let exit: Exit = "stop";
  let hasIndirect = false;
  let hasReturn = false;
  let at = start - delta;
  while (at < offsetEnd) {
    const length = decode(bytes, at, offsetEnd, decoded);
    if (length === 0) {
      at += 1;
      exit = "stop";
      continue;
    }
    const { op } = decoded;
    if (decoded.modrm >= 0) {
      if ((decoded.modrm & 0xc7) === 5 && !decoded.segment) ripOperand(context, decoded, at + delta);
      else if (op === 0xff && indirectJump(context, decoded, at + delta)) hasIndirect = true;
    }
    const next = flow(context, decoded, at + delta, start, end);
    if (next !== "padding") exit = next;
    if (next === "return") hasReturn = true;
    at += length;
  }
  if (exit === "next" && isCode(context, end)) context.events.push(end - 1, KIND.fall, end);
  if (hasReturn) context.events.push(start, KIND.return, 0);
  if (hasIndirect) tables(context, firstReference, start);
}

/** A memory operand relative to the instruction pointer. */
function ripOperand(context: SweepContext, instruction: Decoded, rva: number): void {
  const target = rva + instruction.length + i32(context.image.source, instruction.modrmAt + 1);
  const { op } = instruction;
  if (target >= context.slotStart && target < context.slotEnd && context.slots.has(target)) {
    const reg = instruction.modrm & 0x38;
    const kind =
      op !== 0xff ? KIND.slotLoad : reg === 0x10 ? KIND.slotCall : reg === 0x20 ? KIND.slotJump : KIND.slotLoad;
    context.events.push(rva, kind, target);
    return;
  }
  if (op === 0x8d) {
    if (isCode(context, target)) {
      // A target within the same function counts too. It may be the start of a callback that only this instruction
      // names (musl's `do_setxid`, without symbols).
      context.events.push(rva, KIND.reference, target);
    } else if (target > 0 && isReadOnlyData(context, target)) context.dataReferences.push(target);
    return;
  }
  if ((op === 0x89 || op === 0xc7) && isWritable(context, target)) context.events.push(rva, KIND.store, target);
}

/** `jmp *%reg`, `jmp *mem`. Returns whether it may use a jump table. */
function indirectJump(context: SweepContext, instruction: Decoded, rva: number): boolean {
  if ((instruction.modrm & 0x38) !== 0x20) return false;
  const { source, base, fixed } = context.image;
  const noBase = (instruction.modrm & 0xc7) === 4 && (u8(source, instruction.modrmAt + 1) & 7) === 5;
  const table = noBase && fixed ? i32(source, instruction.modrmAt + 2) - base : 0;
  context.events.push(rva, KIND.indirect, Math.max(0, table));
  return true;
}

function jumpOut(context: SweepContext, rva: number, target: number, start: number, end: number): void {
  if ((target < start || target >= end) && isCode(context, target)) context.events.push(rva, KIND.jump, target);
}

/** Where the instruction leads. "padding" if it does nothing. */
function flow(context: SweepContext, instruction: Decoded, rva: number, start: number, end: number): Exit | "padding" {
  const { source } = context.image;
  const { op, immAt, length } = instruction;
  switch (op) {
    case 0xe8: {
      const target = rva + length + i32(source, immAt);
      if (isCode(context, target)) context.events.push(rva, KIND.call, target);
      return "call";
    }
    case 0xe9:
      jumpOut(context, rva, rva + length + i32(source, immAt), start, end);
      return "stop";
    case 0xeb:
      jumpOut(context, rva, rva + length + ((u8(source, immAt) << 24) >> 24), start, end);
      return "stop";
    case 0x70:
    case 0x71:
    case 0x72:
    case 0x73:
    case 0x74:
    case 0x75:
    case 0x76:
    case 0x77:
    case 0x78:
    case 0x79:
    case 0x7a:
    case 0x7b:
    case 0x7c:
    case 0x7d:
    case 0x7e:
    case 0x7f:
    case 0xe0:
    case 0xe1:
    case 0xe2:
    case 0xe3:
      jumpOut(context, rva, rva + length + ((u8(source, immAt) << 24) >> 24), start, end);
      return "next";
    case 0x105:
      context.events.push(rva, KIND.site, 0);
      return "next";
    case 0xcd:
      if (u8(source, immAt) === 0x80) context.events.push(rva, KIND.site32, 0);
      return "next";
    case 0xff:
      return (instruction.modrm & 0x38) === 0x20 ? "stop" : (instruction.modrm & 0x38) === 0x10 ? "call" : "next";
    case 0xc2:
    case 0xc3:
    case 0xca:
    case 0xcb:
    case 0xcf:
      return "return";
    case 0xcc:
    case 0xf4:
    case 0x10b:
    case 0x1b9:
      return "stop";
    case 0x90:
    case 0x11f:
      return "padding";
    case 0x00:
      return instruction.modrm === 0 ? "padding" : "next";
    default:
      if (op >= 0x180 && op <= 0x18f) jumpOut(context, rva, rva + length + i32(source, immAt), start, end);
      else if (context.image.fixed && instruction.immSize === 4)
        absolute(context, op, rva, i32(source, immAt) - context.image.base);
      return "next";
  }
}

/** Position-dependent code has addresses as constants: `mov`, `push`, `movl $f, mem`, `cmp`. */
function absolute(context: SweepContext, op: number, rva: number, target: number): void {
  const takes = (op >= 0xb8 && op <= 0xbf) || op === 0xc7 || op === 0x68 || op === 0x81 || op === 0x3d;
  if (takes && isCode(context, target)) context.events.push(rva, KIND.immediate, target);
}

/** The data that a function with indirect jumps names. Each address may be the jump table of one of them. */
function tables(context: SweepContext, firstReference: number, start: number): void {
  const seen = new Set<number>();
  for (let i = firstReference; i < context.dataReferences.length && seen.size < 256; i += 1) {
    const target = context.dataReferences.at(i);
    if (seen.has(target)) continue;
    seen.add(target);
    context.events.push(start, KIND.table, target);
  }
}
