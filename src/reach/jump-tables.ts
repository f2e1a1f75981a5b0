/**
 * Jump tables: where an indirect jump within a function can lead. A table is read until an entry does not lead to code.
 * The reader never passes an address that other code names: tables lie back to back, and the next table's entries would
 * look right.
 */
import * as bounds from "./bounds.ts";
import { floorIndex, i32, u64 } from "./bytes.ts";
import { offsetOf } from "./elf.ts";
import { isCode, KIND, type SweepContext } from "./events.ts";
import { functionAt, type Functions } from "./functions.ts";

/** The rvas that the indirect jumps of function `index` can lead to, as far as tables show them. */
export function tableTargets(
  context: SweepContext,
  functions: Functions,
  references: Uint32Array,
  index: number,
): readonly number[] {
  const { events, from, to } = functions;
  const targets: number[] = [];
  // On aarch64, tables hold offsets of 1, 2 or 4 bytes from a label that only the code names. This module does not read
  // them. If no other way leads to a step, `waysInto` takes that step for a target.
  if (context.image.machine === "aarch64") return targets;
  for (let i = from[index] ?? 0; i < (to[index] ?? 0); i += 1) {
    const kind = events.kind.at(i);
    const table = events.target.at(i);
    if (kind === KIND.table) readRelative(context, functions, references, index, table, targets);
    else if (kind === KIND.indirect && table !== 0) readAbsolute(context, functions, table, index, targets);
  }
  return targets;
}

function limitOf(references: Uint32Array, table: number): number {
  return references[floorIndex(references, table) + 1] ?? Number.POSITIVE_INFINITY;
}

/** 32-bit offsets from the table itself (gcc, clang: position-independent x86-64). */
function readRelative(
  context: SweepContext,
  functions: Functions,
  references: Uint32Array,
  index: number,
  table: number,
  targets: number[],
): void {
  const { image } = context;
  const offset = offsetOf(image, table);
  if (offset < 0) return;
  const limit = Math.min(table + bounds.maxTableEntries * 4, limitOf(references, table));
  const found: number[] = [];
  let own = 0;
  for (let at = table; at < limit; at += 4) {
    const target = table + i32(image.source, offset + (at - table));
    if (!isCode(context, target)) break;
    const holder = functionAt(functions, target);
    if (holder === index) own += 1;
    found.push(target);
  }
  if (own > 0) targets.push(...found);
}

/** 64-bit addresses (`jmp *table(,%rax,8)` in position-dependent code). */
function readAbsolute(
  context: SweepContext,
  functions: Functions,
  table: number,
  index: number,
  targets: number[],
): void {
  const { image } = context;
  const offset = offsetOf(image, table);
  if (offset < 0) return;
  for (let entry = 0; entry < bounds.maxTableEntries; entry += 1) {
    const target = u64(image.source, offset + entry * 8) - image.base;
    if (functionAt(functions, target) !== index && !isCode(context, target)) break;
    targets.push(target);
  }
}
