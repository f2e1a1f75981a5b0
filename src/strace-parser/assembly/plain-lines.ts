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
 * Finds the parts of strace's plainest lines: whole calls, first halves, and second halves with a plain result. It is
 * written in AssemblyScript, and tools/compile-assembly.mjs compiles it to WebAssembly. A log has hundreds of megabytes
 * of such lines, and this module reads them several times as fast as JavaScript can.
 *
 * It understands nothing that the parser would not, and nothing differently (test/strace-parser/properties.test.ts). A
 * line is `other` if it is not plain, or if the lines before it may change its meaning. The parser reads such lines
 * closely. So strace's language is described in one place, which is the parser.
 *
 * All positions are addresses in this module's memory. They are written down as offsets into the caller's text.
 */

/**
 * The caller puts text at `aside`, in pieces small enough for the processor's cache, or reads it into `room` at once.
 * Comparisons by words may read a few bytes before the text and beyond its end.
 */
export const asideBytes: i32 = 262144;
const asideMemory: usize = memory.data(262144 + 64);
export const aside: usize = asideMemory + 32;
export const roomBytes: i32 = 1048576;
const roomMemory: usize = memory.data(1048576 + 64);
export const room: usize = roomMemory + 32;
/** At most this many lines are written down at a time. */
export const mostLines: i32 = 1024;
/** Where the caller finds the numbers. */
export const fields: usize = memory.data(44 * 1024);

/** The text in hand: where the next line begins, and where the text ends. */
let at: usize = 0;
let limit: usize = 0;

/** The number of lines of the text that were read. */
export let lines: i32 = 0;

/**
 * Begins with the `length` bytes of text at `start`. In the fields, the first byte has the offset `base`. `before` is
 * the number of lines read before this text.
 */
export function begin(start: usize, length: i32, base: i32, before: i32): void {
  at = start;
  limit = start + length;
  setOrigin(start - base);
  lines = before;
  beginCounting();
}

/** Where the next line begins, as an offset of the caller. */
export function next(): i32 {
  return <i32>(at - origin);
}

/**
 * Takes apart the next lines that end in the text. Writes down at most `most` of them, and returns how many. The caller
 * keeps `most` within `mostLines`. If it is `counting`, it does not write down calls that are only counted (tally.ts).
 * It stops after the first line that it writes down.
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
 * Writes down the parts of the line that was read last. `other` and `news` lines have only a place, a kind and a
 * thread.
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
