import {
  atArgs, atArgsEnd, atEvent, atKind, atLast, atLine, atName, atNumber, atPid, atResult, atStart,
  news, other, width,
} from "./layout";
import {
  args, argsEnd, event, isOdd, lineEnd, name, newlineFrom, number, origin, pid, readLine, result,
  setOrigin,
} from "./line";
import { beginCounting, counted, isOnlyCounted } from "./tally";

export { failureCount, failures, nameCount, names } from "./line";
export {
  countLike, counted, fieldsOfHead, forget, isSettled, latestHead, nextWithLatest, openCount,
  setGroup, setOpen, takeCalls, takeFirstHead, takeHeadOf, takeLatest,
} from "./tally";

/**
 * Finds where things stand in strace's plainest lines: whole calls, first halves and second halves
 * with a plain result. It is written in AssemblyScript, and compiled to WebAssembly by
 * tools/compile-assembly.mjs: a log is hundreds of megabytes of such lines, and this reads them
 * several times as fast as JavaScript can.
 *
 * It understands nothing that the parser would not understand otherwise, and nothing differently
 * (test/strace-parser/properties.test.ts): a line that is not plain, or that could mean anything
 * else after the lines before it, is `other`, and the parser reads it closely. So all of strace's
 * language is in one place, and that is not here.
 *
 * All positions are addresses in this module's memory until they are written down, as offsets into
 * the caller's text.
 */

/**
 * The caller puts text at `aside`, so much at a time that it stays in the processor's cache, or
 * reads it into `room` at once. What is compared in words may look a few bytes before it and beyond
 * its end.
 */
export const asideBytes: i32 = 262144;
const asideMemory: usize = memory.data(262144 + 64);
export const aside: usize = asideMemory + 32;
export const roomBytes: i32 = 1048576;
const roomMemory: usize = memory.data(1048576 + 64);
export const room: usize = roomMemory + 32;
/** At most this many lines are written down at a time. */
export const mostLines: i32 = 1024;
/** Where it finds the numbers. */
export const fields: usize = memory.data(44 * 1024);

/** The text that is being read: where the next line begins and where the text ends. */
let at: usize = 0;
let limit: usize = 0;

/** The number of lines read of the text. */
export let lines: i32 = 0;

/**
 * Begins with the `length` bytes of text at `start`; `base` is what the first byte is called in the
 * fields. `before`: how many lines were read already.
 */
export function begin(start: usize, length: i32, base: i32, before: i32): void {
  at = start;
  limit = start + length;
  setOrigin(start - base);
  lines = before;
  beginCounting();
}

/** Where the next line begins, as the caller calls it. */
export function next(): i32 {
  return <i32>(at - origin);
}

/**
 * Takes the next lines apart that end in the text, writes down at most that many (and `mostLines`),
 * and returns how many. `counting`: calls that are only to be counted (tally.ts) are not written
 * down; it ends with the first line that is.
 */
export function read(most: i32, counting: bool): i32 {
  let field = fields;
  let written = 0;
  while (written < most) {
    const start = at;
    const last = newlineFrom(start, limit);
    if (last == 0) break;
    at = last + 1;
    lines += 1;
    const kind = isOdd(start, last) ? other : readLine(start, last);
    if (counting && kind != other && kind != news && isOnlyCounted(kind, start, lines)) continue;
    write(field, kind, start, last);
    field += width;
    written += 1;
    if (counting) break;
  }
  return written;
}

/**
 * Writes down what was found in the line that was read last; of what is `other`, only where it
 * stands.
 */
function write(field: usize, kind: i32, start: usize, last: usize): void {
  store<i32>(field, <i32>(start - origin), atStart);
  store<i32>(field, kind, atKind);
  store<i32>(field, lines, atLine);
  store<i32>(field, <i32>((kind == other || kind == news ? last : lineEnd) - origin), atLast);
  store<i32>(field, pid, atPid);
  if (kind == other || kind == news) return;
  store<i32>(field, name, atName);
  store<i32>(field, number, atNumber);
  store<i32>(field, <i32>(event - origin), atEvent);
  store<i32>(field, <i32>(args - origin), atArgs);
  store<i32>(field, <i32>(argsEnd - origin), atArgsEnd);
  store<i32>(field, result, atResult);
}
