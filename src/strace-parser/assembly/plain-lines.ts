/**
 * Finds where things stand in strace's plainest lines: whole calls, first halves and second halves with a plain result. It is written in AssemblyScript, and compiled to
 * WebAssembly by test/tools/compile-assembly.mjs: a log is hundreds of megabytes of such lines, and this reads them several times as fast as JavaScript can.
 *
 * It understands nothing that the parser would not understand otherwise, and nothing differently (test/strace-parser/properties.test.ts): a line that is not plain, or that could
 * mean anything else after the lines before it, is `other`, and the parser reads it closely. So all of strace's language is in one place, and that is not here.
 *
 * All positions are addresses in this module's memory until they are written down, as offsets into the caller's text.
 */

// What stands where among the numbers of a line: fields.ts.
const atStart: usize = 0;
const atLast: usize = 4;
const atKind: usize = 8;
const atName: usize = 12;
const atPid: usize = 16;
const atNumber: usize = 20;
const atEvent: usize = 24;
const atArgs: usize = 28;
const atArgsEnd: usize = 32;
const atResult: usize = 36;
const atLine: usize = 40;
const width: usize = 44;

// Kinds of lines: fields.ts.
const other: i32 = 0;
const call: i32 = 1;
const head: i32 = 2;
const tail: i32 = 3;
const news: i32 = 4;

// What a result's number stands for: result.ts, `resultIn`.
const firstFailure: i32 = 4096;
const otherValues: i32 = 8192;

/** The caller puts text at `aside`, so much at a time that it stays in the processor's cache, or reads it into `room` at once. What is compared in words may look a few bytes before it and beyond its end. */
export const asideBytes: i32 = 262144;
const asideMemory: usize = memory.data(262144 + 64);
export const aside: usize = asideMemory + 32;
export const roomBytes: i32 = 1048576;
const roomMemory: usize = memory.data(1048576 + 64);
export const room: usize = roomMemory + 32;
/** So many lines are written down at a time. */
export const mostLines: i32 = 1024;
/** Where it finds the numbers. */
export const fields: usize = memory.data(44 * 1024);
/** And those of one line alone (`takeFirstHead`). */
export const fieldsOfHead: usize = memory.data(44);

/** The text that is being read: where the next line begins and where the text ends, and what is to be taken off an address for the offset that the caller calls it. */
let at: usize = 0;
let limit: usize = 0;
let origin: usize = 0;

/** So many lines were read of the text. */
export let lines: i32 = 0;
/** So many calls were only counted since then. */
export let counted: i32 = 0;

/** Different texts, numbered as they come. A text that is too long, or one too many, has no number: its line is read closely. */
const mostTexts: i32 = 4096; // not more than there is room for in a result's number
const longestText: u32 = 64;
const textBytes: usize = 68;
const slotMask: u32 = 8191;
/** Each: its length in four bytes, then the text. */
export const names: usize = memory.data(68 * 4096);
export let nameCount: i32 = 0;
/** `-1 ENOENT`, without the words for it. */
export const failures: usize = memory.data(68 * 4096);
export let failureCount: i32 = 0;
/** The words that followed each: ` (No such file or directory)`. */
const explanations: usize = memory.data(68 * 4096);
const nameSlots: usize = memory.data(4 * 8192);
const shortNameSlots: usize = memory.data(4 * 8192);
const failureSlots: usize = memory.data(4 * 8192);

const blank: u8 = 0x20;
const quote: u8 = 0x22;
const hash: u8 = 0x23;
const opening: u8 = 0x28;
const closing: u8 = 0x29;
const plus: u8 = 0x2b;
const minus: u8 = 0x2d;
const dot: u8 = 0x2e;
const zero: u8 = 0x30;
const colon: u8 = 0x3a;
const question: u8 = 0x3f;
const less: u8 = 0x3c;
const equals: u8 = 0x3d;
const greater: u8 = 0x3e;
const bracket: u8 = 0x5b;
const closingBracket: u8 = 0x5d;
const asterisk: u8 = 0x2a;
const comma: u8 = 0x2c;
const slash: u8 = 0x2f;
const newline: u8 = 0x0a;
const carriageReturn: u8 = 0x0d;
const escape: u8 = 0x1b;

/** What a byte may be part of. */
const inName: u8 = 1;
const inErrno: u8 = 2;
const inEvent: u8 = 4;
const inNested: u8 = 8;
const inWord: u8 = 16;
const inSimple: u8 = 32;
const classes: usize = memory.data(256);

function classify(first: u8, last: u8, what: u8): void {
  for (let byte: u32 = first; byte <= <u32>last; byte += 1) store<u8>(classes + byte, load<u8>(classes + byte) | what);
}

classify(zero, 0x39, inName | inErrno | inWord);
classify(0x41 /* A */, 0x5a /* Z */, inName | inErrno | inWord);
classify(0x61 /* a */, 0x7a /* z */, inName | inEvent | inWord);
classify(0x5f /* _ */, 0x5f, inName | inErrno);
classify(hash, hash, inName);
classify(plus, plus, inEvent);
classify(minus, minus, inEvent);
classify(less, less, inEvent | inNested);
classify(equals, greater, inNested);
classify(quote, quote, inNested);
classify(zero, 0x39, inSimple);
classify(0x41 /* A */, 0x5a /* Z */, inSimple);
classify(0x61 /* a */, 0x7a /* z */, inSimple);
classify(0x5f /* _ */, 0x5f, inSimple);
classify(blank, blank, inSimple);
classify(minus, minus, inSimple);
classify(0x7c /* | */, 0x7c, inSimple);

// @ts-ignore: a decorator of AssemblyScript
@inline
function is(byte: u8, what: u8): bool {
  return (load<u8>(classes + byte) & what) != 0;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function isDigit(byte: u8): bool {
  return <u32>byte - zero <= 9;
}

/** Begins with the `length` bytes of text at `start`; `base` is what the first byte is called in the fields. `before`: so many lines were read already. */
export function begin(start: usize, length: i32, base: i32, before: i32): void {
  at = start;
  limit = start + length;
  origin = start - base;
  lines = before;
  counted = 0;
  latestHead = 0;
}

/** Where the next line begins, as the caller calls it. */
export function next(): i32 {
  return <i32>(at - origin);
}

/**
 * Takes the next lines apart that end in the text, writes down so many of them at most (and `mostLines`), and returns how many. `counting`: calls that are only to be counted
 * (tally.ts) are not written down; it ends with the first line that is.
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
    if (counting && kind != other && kind != news && isOnlyCounted(kind, start)) continue;
    write(field, kind, start, last);
    field += width;
    written += 1;
    if (counting) break;
  }
  return written;
}

/** Where the line ends that begins at `start`; 0: not before `end`. `sawEscape`: there is an escape character in it, or soon after it. */
function newlineFrom(start: usize, end: usize): usize {
  const newlines = i8x16.splat(newline);
  const escapes = i8x16.splat(escape);
  let seen = i8x16.splat(0);
  sawEscape = false;
  for (let at = start; at < end; at += 32) {
    const first = v128.load(at);
    const second = v128.load(at, 16);
    seen = v128.or(seen, v128.or(i8x16.eq(first, escapes), i8x16.eq(second, escapes)));
    const found = i8x16.bitmask(i8x16.eq(first, newlines)) | (i8x16.bitmask(i8x16.eq(second, newlines)) << 16);
    if (found == 0) continue;
    sawEscape = v128.any_true(seen);
    at += ctz(found);
    return at < end ? at : 0;
  }
  return 0;
}

let sawEscape: bool = false;

/** A line with colours, NULs or a carriage return, which strace writes none of as data (lines.ts). */
function isOdd(start: usize, end: usize): bool {
  if (start == end) return false;
  if (load<u8>(end - 1) == carriageReturn || load<u8>(start) == 0) return true;
  if (sawEscape) for (let at = start; at < end; at += 1) if (load<u8>(at) == escape) return true;
  return false;
}

/** Sixteen bytes that are set and sixteen that are not. */
const masks: usize = memory.data(32);
memory.fill(masks, 0xff, 16);

/** The first bytes of sixteen, and zeros for the others. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function firstOf(bytes: v128, length: u32): v128 {
  return v128.and(bytes, v128.load(masks + 16 - length));
}

/** One bit for each byte from `first` on that is one of the next `many` in the character set. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function among(bytes: v128, first: u8, many: u8): v128 {
  return i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(first)), i8x16.splat(many));
}

/** How many of the sixteen bytes at `at` are digits up to the first that is none. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function digitsAt(at: usize): u32 {
  return ctz(~i8x16.bitmask(among(v128.load(at), zero, 10)));
}

// What was found in the line that was read last.
let pid: i32 = -1;
let number: i32 = -1;
let event: usize = 0;
let name: i32 = 0;
let args: usize = 0;
let argsEnd: usize = 0;
let result: i32 = 0;
let resultFrom: usize = 0;
let resultEnd: usize = 0;

/** Without the blanks at the end of the line. */
let lineEnd: usize = 0;

/** Writes down what was found in the line that was read last; of what is `other`, only where it stands. */
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

/** Which kind of line it is. */
function readLine(start: usize, end: usize): i32 {
  readColumns(start, end);
  let last = end;
  while (last > event && load<u8>(last - 1) == blank) last -= 1;
  lineEnd = last;
  const isTail = last - event > 5 && load<u32>(event) == 0x2e2e2e3c /* <... */ && load<u8>(event + 4) == blank;
  const word = isTail ? event + 5 : event;
  if (word >= last || isDigit(load<u8>(word)) || load<u8>(word) == hash) return other;
  if (pid >= 0 && isNews(load<u64>(event))) return news;
  const nameEnd = readName(word);
  if (nameEnd == 0 || nameEnd >= last) return other;
  if (isTail ? nameEnd + 9 > last || load<u64>(nameEnd) != 0x64656d7573657220 /* " resumed" */ || load<u8>(nameEnd + 8) != greater : load<u8>(nameEnd) != opening) return other;
  args = isTail ? nameEnd + 9 : nameEnd + 1;
  result = 0;
  const ending = load<u8>(last - 1);
  if (ending == greater && last - args >= 5 && load<u32>(last - 4) == 0x3e2e2e2e /* ...> */ && load<u8>(last - 5) == blank) {
    if (isTail || !isUnfinished(args, last)) return other;
    argsEnd = last - 16;
    if (argsEnd > args && load<u8>(argsEnd - 1) == blank) argsEnd -= 1;
    return head;
  }
  if (ending == 0x64 /* d */ || ending == 0x73 /* s */ || ending == dot) return other; // strace: Process 7 attached, in 2 threads, … is not supported, … enabled.
  resultEnd = beforeDuration(args, last);
  argsEnd = beforePlainResult(args, resultEnd);
  if (argsEnd == 0 || isUnfinished(args, argsEnd)) return other;
  if (isTail && load<u8>(argsEnd - 1) == greater && argsEnd > args && argsEnd - args <= 16) return other; // a mark may begin in the first half
  return readResult() ? (isTail ? tail : call) : other;
}

/** So begins what is told of a thread alone: its end, or a signal. */
function isNews(text: u64): bool {
  return (text & 0x00ffffffffffffff) == 0x474953202d2d2d /* --- SIG */ || text == 0x74697865202b2b2b /* +++ exit */ || text == 0x6c6c696b202b2b2b /* +++ kill */;
}

/** Reads what stands from `resultFrom` up to `resultEnd`; false: it is none. */
function readResult(): bool {
  const length = <u32>(resultEnd - resultFrom);
  const digits = digitsAt(resultFrom);
  if (digits == length && digits > 0 && digits < 16) {
    const isSmall = digits <= 4 && (digits == 1 || load<u8>(resultFrom) != zero);
    const value = isSmall ? decimal(resultFrom, digits) : firstFailure;
    result = value < firstFailure ? value : otherValues + <i32>(resultFrom - origin);
    return true;
  }
  result = failureNumber(resultFrom, resultEnd);
  if (result >= 0) return true;
  const after = numberEnd(resultFrom, resultEnd);
  result = after == resultEnd && load<u8>(resultFrom) != minus ? otherValues + <i32>(resultFrom - origin) : -<i32>(resultFrom - origin);
  return after != 0;
}

/** `<unfinished ...>` stands before `end`. */
function isUnfinished(start: usize, end: usize): bool {
  return load<u8>(end - 1) == greater && end - start >= 16 && load<u64>(end - 16) == 0x73696e69666e753c /* <unfinis */ && load<u64>(end - 8) == 0x3e2e2e2e20646568 /* hed ...> */;
}

/** The columns of -f, -t…, -r, -n and -i, in strace's order (prefix.ts). Where others stand, no event begins after these. */
function readColumns(start: usize, end: usize): void {
  pid = -1;
  number = -1;
  let at = start;
  const digits = digitsAt(start);
  if (digits > 0) {
    if (digits <= 7 && load<u8>(start + digits) == blank) {
      const value = decimal(start, digits);
      if (value <= 4194304 /* the kernel's PID_MAX_LIMIT */) {
        pid = value;
        at = afterBlanks(start + digits, end);
      }
    }
  } else if (load<u32>(at) == 0x6469705b /* [pid */ && load<u8>(at + 4) == blank) {
    const from = afterBlanks(at + 4, end);
    const many = digitsAt(from);
    if (many > 0 && many <= 7 && load<u8>(from + many) == closingBracket && load<u8>(from + many + 1) == blank) {
      const value = decimal(from, many);
      if (value <= 4194304) {
        pid = value;
        at = from + many + 2;
      }
    }
  }
  event = is(load<u8>(at), inEvent) ? at : afterColumns(at, end);
}

function afterColumns(start: usize, end: usize): usize {
  let at = start;
  if (load<u8>(at) != bracket) at = afterDelta(afterTime(start, end), end);
  if (load<u8>(at) == bracket) {
    const from = afterBlanks(at + 1, end);
    const many = digitsAt(from);
    const after = from + many;
    // An instruction pointer has 8 or 16 digits: it is left to closer reading.
    if (many > 0 && many <= 7 && load<u8>(after) == closingBracket && load<u8>(after + 1) == blank && after + 1 < end) {
      number = decimal(from, many);
      at = afterBlanks(after + 1, end);
    }
  }
  return at;
}

/** `12:34:56`, `12:34:56.123456`, `1700000000.123456`, and the blanks after it. */
function afterTime(start: usize, end: usize): usize {
  // Where the digits of `12:34:56.123456 ` stand.
  if (i8x16.bitmask(among(v128.load(start), zero, 10)) == 0x7edb && load<u8>(start + 2) == colon && load<u8>(start + 5) == colon && load<u8>(start + 8) == dot && load<u8>(start + 15) == blank) return afterBlanks(start + 15, end);
  const first = afterDigits(start, end);
  let at = first;
  if (load<u8>(first) == colon && first > start && first - start <= 2) {
    for (let part = 0; part < 2; part += 1) {
      const digits = at + 1;
      at = afterDigits(digits, end);
      if (at - digits != 2 || (part == 0 && load<u8>(at) != colon)) return start;
    }
  } else if (first - start < 8) return start;
  at = afterFraction(at, end);
  return at < end && load<u8>(at) == blank ? afterBlanks(at, end) : start;
}

/** `     0.000123`, and the blanks after it. */
function afterDelta(start: usize, end: usize): usize {
  const digits = afterBlanks(start, end);
  const whole = afterDigits(digits, end);
  const at = afterFraction(whole, end);
  return whole == digits || at == whole || at >= end || load<u8>(at) != blank ? start : afterBlanks(at, end);
}

function afterFraction(start: usize, end: usize): usize {
  if (load<u8>(start) != dot) return start;
  const after = afterDigits(start + 1, end);
  return after > start + 1 ? after : start;
}

function afterDigits(start: usize, end: usize): usize {
  let at = start;
  while (at < end && isDigit(load<u8>(at))) at += 1;
  return at;
}

function afterBlanks(start: usize, end: usize): usize {
  let at = start;
  while (at < end && load<u8>(at) == blank) at += 1;
  return at;
}

/** The number that the first digits at `start` stand for, of which there are at most eight. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function decimal(start: usize, digits: u32): i32 {
  // The last digit comes to the top, zeros before the first; then pairs, pairs of pairs and both halves are put together at once.
  const bytes = (load<u64>(start) - 0x3030303030303030) << (<u64>(64 - (digits << 3)));
  const pairs = bytes * 10 + (bytes >> 8);
  return <i32>(((pairs & 0x000000ff000000ff) * 0x000f424000000064 + ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >> 32);
}

/** Before ` <0.000012>` (-T); `end` where there is none. */
function beforeDuration(start: usize, end: usize): usize {
  if (load<u8>(end - 1) != greater) return end;
  const bytes = v128.load(end - 17);
  const many = clz(~(i8x16.bitmask(v128.or(among(bytes, zero, 10), i8x16.eq(bytes, i8x16.splat(dot)))) << 16));
  let at = end - 2 - many;
  if (at <= start) return end;
  if (many == 16) while (at > start && (isDigit(load<u8>(at)) || load<u8>(at) == dot)) at -= 1;
  return at > start && load<u8>(at) == less && load<u8>(at - 1) == blank && at < end - 2 ? at - 1 : end;
}

/** Where the `)` stands that `= result` follows, up to the end and without anything that nests (but one annotation of -y); 0: nowhere. The result is from `resultFrom` on. */
function beforePlainResult(start: usize, end: usize): usize {
  let at = lastNested(start + 1, beforeAnnotation(start, end));
  if (at == 0 || load<u8>(at) != equals || load<u8>(at + 1) != blank) return 0;
  resultFrom = at + 2;
  at -= 1;
  while (at > start && load<u8>(at) == blank) at -= 1;
  return load<u8>(at) == closing ? at : 0;
}

/** The last byte before `end` that may nest, or stand before a result; 0: there is none from `start` on. */
function lastNested(start: usize, end: usize): usize {
  for (let at = end; at > start; at -= 16) {
    const bytes = v128.load(at - 16);
    let found = i8x16.bitmask(v128.or(among(bytes, less, 3), i8x16.eq(bytes, i8x16.splat(quote))));
    if (at - start < 16) found &= -1 << <i32>(16 - (at - start));
    if (found != 0) return at + 15 - clz(found);
    if (at - start < 16) break;
  }
  return 0;
}

/** Before the `</path>` of `3</path>` (call.ts). */
function beforeAnnotation(start: usize, end: usize): usize {
  if (load<u8>(end - 1) != greater) return end;
  let at = end - 2;
  while (at > start && load<u8>(at) != less && load<u8>(at) != greater && load<u8>(at) != quote) at -= 1;
  return at > start && load<u8>(at) == less && isDigit(load<u8>(at - 1)) ? at : end;
}

/** `firstFailure` and the number of a failure (`-1 ENOENT`, `?`, `? ERESTARTSYS`) that nothing but the words for it follows; -1: it is none, or there is more to say. */
function failureNumber(start: usize, end: usize): i32 {
  const isUnknown = load<u8>(start) == question;
  let at = isUnknown ? start + 3 : start + 4;
  let sum: u32 = 0;
  if (isUnknown && end - start == 1) at = end;
  else {
    if (at >= end || load<u8>(at - 1) != 0x45 /* E */ || (isUnknown ? load<u8>(start + 1) != blank : load<u32>(start) != 0x4520312d /* -1 E */)) return -1;
    const errno = at;
    for (; at < end && is(load<u8>(at), inErrno); at += 1) sum = sum * 31 + load<u8>(at);
    if (at == errno || (at < end && (load<u8>(at) != blank || load<u8>(at + 1) != opening))) return -1;
  }
  const known = numberIn(failures, failureSlots, failureCount, start, at, sum);
  if (known < 0) return -1;
  if (known == failureCount) failureCount += 1; // whatever follows: a number that is given away and not taken would be given to another failure too
  return isExplained(known, at, end) ? firstFailure + known : -1;
}

/** The text is the words for the failure, and no mark of strace. They are kept, as far as there is room: most failures are explained again and again. */
function isExplained(failure: i32, start: usize, end: usize): bool {
  const words = explanations + textBytes * failure;
  const length = <u32>(end - start);
  if (load<u32>(words) == length && isSame(words + 4, start, length)) return true;
  if (isInjected(start, end)) return false;
  if (length <= longestText) {
    store<u32>(words, length);
    memory.copy(words + 4, start, length);
  }
  return true;
}

/** strace's mark of a result that -e inject made: `(INJECTED)`, `(INJECTED: retval)`. */
function isInjected(start: usize, end: usize): bool {
  for (let at = start; at + 4 <= end; at += 1) if (load<u32>(at) == 0x4a4e4928 /* (INJ */) return true;
  return false;
}

/** After a number of at most 64 bits that no letter or digit follows (result.ts); 0: there is none. */
function numberEnd(start: usize, end: usize): usize {
  const digits = start < end && load<u8>(start) == minus ? start + 1 : start;
  const isHex = digits + 1 < end && load<u8>(digits) == zero && load<u8>(digits + 1) == 0x78 /* x */;
  const first = isHex ? digits + 2 : digits;
  let at = first;
  while (at < end && (isDigit(load<u8>(at)) || (isHex && isHexLetter(load<u8>(at))))) at += 1;
  return at == first || at - first > <usize>(isHex ? 16 : 22) || (at < end && is(load<u8>(at), inWord)) ? 0 : at;
}

function isHexLetter(byte: u8): bool {
  return <u32>(byte | 0x20) - 0x61 <= 5;
}

/** Reads the name that begins at `start` into `name`; returns where it ends, 0 where it has no number or is none. */
function readName(start: usize): usize {
  const bytes = v128.load(start);
  const letters = among(v128.or(bytes, i8x16.splat(0x20)), 0x61 /* a */, 26);
  const others = v128.or(among(bytes, zero, 10), v128.or(i8x16.eq(bytes, i8x16.splat(0x5f /* _ */)), i8x16.eq(bytes, i8x16.splat(hash))));
  const length = ctz(~i8x16.bitmask(v128.or(letters, others)));
  if (length >= 16) return readLongName(start);
  if (length == 0) return 0;
  const text = firstOf(bytes, length);
  const sum = (i64x2.extract_lane(text, 0) ^ rotl(i64x2.extract_lane(text, 1), 29)) * 0x9e3779b97f4a7c15;
  let slot = <u32>(<u64>sum >> 51);
  for (let known = load<i32>(shortNameSlots + (slot << 2)); known != 0; known = load<i32>(shortNameSlots + (slot << 2))) {
    const its = names + textBytes * (known - 1);
    if (load<u32>(its) == length && i8x16.all_true(i8x16.eq(v128.load(its, 4), text))) {
      name = known - 1;
      return start + length;
    }
    slot = (slot + 1) & slotMask;
  }
  if (nameCount == mostTexts) return 0;
  const its = names + textBytes * nameCount;
  store<u32>(its, length);
  v128.store(its, text, 4);
  name = nameCount;
  nameCount += 1;
  store<i32>(shortNameSlots + (slot << 2), nameCount);
  return start + length;
}

function readLongName(start: usize): usize {
  let sum: u32 = 0;
  let at = start;
  for (let byte = load<u8>(at); is(byte, inName); byte = load<u8>(at)) {
    sum = sum * 31 + byte;
    at += 1;
  }
  name = numberIn(names, nameSlots, nameCount, start, at, sum);
  if (name < 0) return 0;
  if (name == nameCount) nameCount += 1;
  return at;
}

/** The number of a text, `count` where it is new; -1: it has none. `sum` depends on the text alone. */
function numberIn(texts: usize, slots: usize, count: i32, start: usize, end: usize, sum: u32): i32 {
  const length = <u32>(end - start);
  if (length > longestText) return -1;
  let slot = (sum ^ (sum >> 15)) & slotMask;
  for (let known = load<i32>(slots + (slot << 2)); known != 0; known = load<i32>(slots + (slot << 2))) {
    const text = texts + textBytes * (known - 1);
    if (load<u32>(text) == length && isSame(text + 4, start, length)) return known - 1;
    slot = (slot + 1) & slotMask;
  }
  if (count == mostTexts) return -1;
  const text = texts + textBytes * count;
  store<u32>(text, length);
  memory.copy(text + 4, start, length);
  store<i32>(slots + (slot << 2), count + 1);
  return count;
}

/** Both may be read a few bytes beyond their ends. */
function isSame(a: usize, b: usize, length: u32): bool {
  let at: u32 = 0;
  for (; at + 16 <= length; at += 16) if (!i8x16.all_true(i8x16.eq(v128.load(a + at), v128.load(b + at)))) return false;
  return i8x16.all_true(i8x16.eq(firstOf(v128.load(a + at), length - at), firstOf(v128.load(b + at), length - at)));
}

/*
 * Calls that are only counted, because who reads the log said that it wants no more of the like of them (tally.ts): of the threads of the same group, of the same name, that
 * succeeded or failed in the same way, and whose inspected arguments are the same text.
 */

/** A thread that makes such calls: its pid (and 2, so that none is 0), its group (0: none), the entry of the call that it made last where that was only counted, and the call that it is inside of. */
const mostThreads: i32 = 2048;
const threadMask: u32 = 4095;
const threadBytes: usize = 44;
const ofKey: usize = 0;
const ofGroup: usize = 4;
const ofLatest: usize = 8;
/** 0: it is inside of none; `elsewhere`: of one that the caller knows of; else where that begins, a first half which was passed over. */
const ofOpen: usize = 12;
const ofOpenName: usize = 16;
const ofOpenArgs: usize = 20;
const ofOpenArgsEnd: usize = 24;
const ofOpenLine: usize = 28;
const ofOpenPlace: usize = 32;
const ofOpenNumber: usize = 36;
const ofOpenEvent: usize = 40;
const threads: usize = memory.data(44 * 4096);
let threadCount: i32 = 0;
const elsewhere: usize = 1;

/** Threads inside of calls of which only the first half was passed over; fewer than there may be open calls (parser.ts, `maxOpen`). */
const mostOpen: i32 = 1024;
const openThreads: usize = memory.data(4 * 1024);
export let openCount: i32 = 0;
/** The line of the first half that was passed over last, counted as `lines`, whether its call is still open or not; 0: none was since the caller saw to it. */
export let latestHead: i32 = 0;

/** What is only counted: group, name, outcome, the length of its arguments and these; how often, and whether one was surely carried out, for the thread went on. */
const mostEntries: i32 = 4096;
const entryMask: u32 = 8191;
const entryBytes: usize = 160;
const ofName: usize = 4;
const ofOutcome: usize = 8;
const ofLength: usize = 12;
const ofArgs: usize = 16;
const ofCalls: usize = 144;
const ofSettled: usize = 152;
const longestArgs: u32 = 128;
const entries: usize = memory.data(160 * 4096);
let entryCount: i32 = 0;
const entrySlots: usize = memory.data(4 * 8192);

/** Of a call's name: which arguments are inspected. 0: none; else 128, 16 times the first and the last. */
const inspected: usize = memory.data(4096);

let threadKey: u32 = 0;
let thread: usize = 0;

/** The first half of the call of which the second was read last; 0: it is not in the text. */
let headArgs: usize = 0;
let headArgsEnd: usize = 0;
/** All arguments of the call that was read last are in the text. */
let isWhole: bool = true;

// @ts-ignore: a decorator of AssemblyScript
@inline
function slotOfThread(key: u32): u32 {
  return (key * 0x9e3779b1) >> 20;
}

/** 0: there is none. */
function threadOf(pid: i32): usize {
  const key = <u32>(pid + 2);
  if (key == threadKey) return thread;
  let slot = slotOfThread(key);
  let found = threads + threadBytes * slot;
  for (let its = load<u32>(found, ofKey); its != key; its = load<u32>(found, ofKey)) {
    if (its == 0) return 0;
    slot = (slot + 1) & threadMask;
    found = threads + threadBytes * slot;
  }
  threadKey = key;
  thread = found;
  return found;
}

/** The line that was read last is passed over: its call is counted, or remembered as one that its thread is inside of. */
function isOnlyCounted(kind: i32, start: usize): bool {
  headArgs = 0;
  isWhole = kind != tail;
  const maker = threadOf(pid);
  if (maker == 0) return false;
  const open = load<usize>(maker, ofOpen);
  if (kind == tail) {
    if (open <= elsewhere) return false;
    headArgs = load<usize>(maker, ofOpenArgs);
    headArgsEnd = load<usize>(maker, ofOpenArgsEnd);
    isWhole = true;
  } else if (open != 0) return false;
  const group = load<i32>(maker, ofGroup);
  if (group == 0) return false;
  if (kind == head) {
    if (openCount == mostOpen) return false;
    store<usize>(maker, start, ofOpen);
    store<i32>(maker, name, ofOpenName);
    store<usize>(maker, args, ofOpenArgs);
    store<usize>(maker, argsEnd, ofOpenArgsEnd);
    store<i32>(maker, (latestHead = lines), ofOpenLine);
    store<i32>(maker, openCount, ofOpenPlace);
    store<i32>(maker, number, ofOpenNumber);
    store<usize>(maker, event, ofOpenEvent);
    store<usize>(openThreads + (openCount << 2), maker);
    openCount += 1;
    return true;
  }
  if (kind == tail && (load<i32>(maker, ofOpenName) != name || (args == argsEnd && load<u8>(headArgsEnd - 1) == greater))) return false; // parser.ts, `ends`
  const entry = entryOf(group);
  if (entry == 0) return false;
  if (kind == tail) leaveCall(maker);
  store<f64>(entry, load<f64>(entry, ofCalls) + 1, ofCalls);
  const before = load<usize>(maker, ofLatest);
  if (before != 0) store<i32>(before, 1, ofSettled);
  store<usize>(maker, entry, ofLatest);
  counted += 1;
  return true;
}

/** The thread is not inside of the call any more whose first half was passed over. */
function leaveCall(maker: usize): void {
  const place = load<i32>(maker, ofOpenPlace);
  openCount -= 1;
  const last = load<usize>(openThreads + (openCount << 2));
  store<usize>(openThreads + (place << 2), last);
  store<i32>(last, place, ofOpenPlace);
  store<usize>(maker, 0, ofOpen);
}

// The inspected arguments of the call that was read last, and where its entry would stand.
let argsFrom: usize = 0;
let argsLength: u32 = 0;
let freeSlot: usize = 0;

/** What counts the call that was read last, if a thread of the group made it; 0: nothing does. `freeSlot` is 0 where nothing can. */
function entryOf(group: i32): usize {
  freeSlot = 0;
  const outcome = outcomeOf();
  if (outcome < 0) return 0;
  let sum = <u32>group * 0x9e3779b1 ^ <u32>name * 0x85ebca6b ^ <u32>outcome * 0xc2b2ae35;
  argsLength = 0;
  const which = load<u8>(inspected + name);
  if (which != 0) {
    if (!isWhole || !findInspected((which >> 4) & 7, which & 15)) return 0;
    for (let index: u32 = 0; index < argsLength; index += 1) sum = (sum ^ load<u8>(argsFrom + index)) * 0x01000193;
  }
  let slot = (sum ^ (sum >> 15)) & entryMask;
  for (let found = load<usize>(entrySlots + (slot << 2)); found != 0; found = load<usize>(entrySlots + (slot << 2))) {
    if (load<i32>(found) == group && load<i32>(found, ofName) == name && load<i32>(found, ofOutcome) == outcome && load<u32>(found, ofLength) == argsLength && isSame(found + ofArgs, argsFrom, argsLength)) return found;
    slot = (slot + 1) & entryMask;
  }
  freeSlot = entrySlots + (slot << 2);
  return 0;
}

/** The same for all calls that say the same of their results but for the value; -1: there may be more to say. */
function outcomeOf(): i32 {
  if (result < 0) return load<u8>(resultFrom) == minus || isInjected(resultFrom, resultEnd) ? -1 : 0;
  return result < firstFailure || result >= otherValues ? 0 : result;
}

/** The text from the first inspected argument to the last, where that and all before it is words, numbers, flags and comments on them; false: it is not, or is too long. */
function findInspected(first: i32, last: i32): bool {
  const start = headArgs == 0 ? args : headArgs;
  const end = headArgs == 0 ? argsEnd : headArgsEnd;
  let index = 0;
  let at = start;
  argsFrom = first == 0 ? start : 0;
  for (; at < end; at += 1) {
    const byte = load<u8>(at);
    if (byte == comma) {
      if (index == last) break;
      index += 1;
      if (index == first) argsFrom = at + 1;
    } else if (byte == slash) {
      at = commentEnd(at, end);
      if (at == 0) return false;
    } else if (!is(byte, inSimple)) return false;
  }
  // An argument at the end of a first half goes on in the second, unless that begins with what ends it.
  if (index != last || (at == end && (start == end || (headArgs != 0 && args != argsEnd && load<u8>(args) != comma)))) return false;
  argsLength = <u32>(at - argsFrom);
  return argsLength <= longestArgs;
}

/** Where the `/` of a comment's end stands, in which nothing separates or nests; 0: nowhere. */
function commentEnd(start: usize, end: usize): usize {
  if (start + 4 > end || load<u8>(start + 1) != asterisk) return 0;
  for (let at = start + 2; at + 1 < end; at += 1) {
    const byte = load<u8>(at);
    if (byte == asterisk) return load<u8>(at + 1) == slash ? at + 1 : 0;
    if (!is(byte, inSimple)) return 0;
  }
  return 0;
}

/**
 * From now on calls like the one that was written down last are only counted, where a thread of the group makes them, to which its thread belongs from now on. `which`: the inspected
 * arguments. Returns the entry's number; -1: this call cannot be told from others; -2: there is no more room (`forget` makes some).
 */
export function countLike(group: i32, which: i32): i32 {
  if (threadCount == mostThreads || entryCount == mostEntries) return -2;
  store<u8>(inspected + name, <u8>which);
  const maker = threadToBe(pid);
  store<i32>(maker, group, ofGroup);
  const known = entryOf(group);
  if (known != 0) return <i32>((known - entries) / entryBytes);
  if (freeSlot == 0) return -1;
  const entry = entries + entryBytes * entryCount;
  store<i32>(entry, group);
  store<i32>(entry, name, ofName);
  store<i32>(entry, outcomeOf(), ofOutcome);
  store<u32>(entry, argsLength, ofLength);
  memory.copy(entry + ofArgs, argsFrom, argsLength);
  store<f64>(entry, 0, ofCalls);
  store<i32>(entry, 0, ofSettled);
  store<usize>(freeSlot, entry);
  entryCount += 1;
  return entryCount - 1;
}

function threadToBe(pid: i32): usize {
  const known = threadOf(pid);
  if (known != 0) return known;
  const key = <u32>(pid + 2);
  let slot = slotOfThread(key);
  while (load<u32>(threads + threadBytes * slot, ofKey) != 0) slot = (slot + 1) & threadMask;
  const maker = threads + threadBytes * slot;
  memory.fill(maker, 0, threadBytes);
  store<u32>(maker, key, ofKey);
  threadCount += 1;
  return maker;
}

/** A thread that is of a group, or was, is of this one from now on; 0: of none. */
export function setGroup(pid: i32, group: i32): void {
  const maker = threadOf(pid);
  if (maker != 0) store<i32>(maker, group, ofGroup);
}

/** The thread is inside of a call that the caller knows of, or not any more. */
export function setOpen(pid: i32, isOpen: bool): void {
  const maker = threadOf(pid);
  if (maker != 0) store<usize>(maker, isOpen ? elsewhere : 0, ofOpen);
}

/** The entry of the call that the thread made last; -1: that was not only counted. It is said once. */
export function takeLatest(pid: i32): i32 {
  const maker = threadOf(pid);
  return maker == 0 ? -1 : takeLatestOf(maker);
}

function takeLatestOf(maker: usize): i32 {
  const entry = load<usize>(maker, ofLatest);
  if (entry == 0) return -1;
  store<usize>(maker, 0, ofLatest);
  return <i32>((entry - entries) / entryBytes);
}

/** The pid of the next thread whose last call was only counted, as long as `takeLatest` is asked for each; -3: there is none. */
export function nextWithLatest(): i32 {
  for (; slotToAsk <= threadMask; slotToAsk += 1) {
    const maker = threads + threadBytes * slotToAsk;
    if (load<usize>(maker, ofLatest) != 0) return <i32>load<u32>(maker, ofKey) - 2;
  }
  slotToAsk = 0;
  return -3;
}

let slotToAsk: u32 = 0;

/** How often the entry's calls were counted since it was asked last. */
export function takeCalls(index: i32): f64 {
  const entry = entries + entryBytes * index;
  const calls = load<f64>(entry, ofCalls);
  store<f64>(entry, 0, ofCalls);
  return calls;
}

/** One of the entry's calls was followed by another of its thread. */
export function isSettled(index: i32): bool {
  return load<i32>(entries + entryBytes * index, ofSettled) != 0;
}

/** Nothing is only counted any more. What was, and which calls were the last of their threads, is to be asked before; no first half may be open. */
export function forget(): void {
  memory.fill(threads, 0, threadBytes * (threadMask + 1));
  memory.fill(entrySlots, 0, 4 * (entryMask + 1));
  threadCount = 0;
  entryCount = 0;
  threadKey = 0;
}

/** Takes out the first half that was passed over first of those whose calls are open: its numbers are in `fieldsOfHead`. */
export function takeFirstHead(): void {
  let first = load<usize>(openThreads);
  for (let place = 1; place < openCount; place += 1) {
    const maker = load<usize>(openThreads + (place << 2));
    if (load<i32>(maker, ofOpenLine) < load<i32>(first, ofOpenLine)) first = maker;
  }
  takeHead(first);
}

/** As `takeFirstHead`, that of the thread, if it is one; false: it is none. */
export function takeHeadOf(pid: i32): bool {
  const maker = threadOf(pid);
  if (maker == 0 || load<usize>(maker, ofOpen) <= elsewhere) return false;
  takeHead(maker);
  return true;
}

function takeHead(first: usize): void {
  store<i32>(fieldsOfHead, <i32>(load<usize>(first, ofOpen) - origin), atStart);
  store<i32>(fieldsOfHead, head, atKind);
  store<i32>(fieldsOfHead, load<i32>(first, ofOpenName), atName);
  store<i32>(fieldsOfHead, <i32>load<u32>(first, ofKey) - 2, atPid);
  store<i32>(fieldsOfHead, load<i32>(first, ofOpenNumber), atNumber);
  store<i32>(fieldsOfHead, <i32>(load<usize>(first, ofOpenEvent) - origin), atEvent);
  store<i32>(fieldsOfHead, <i32>(load<usize>(first, ofOpenArgs) - origin), atArgs);
  store<i32>(fieldsOfHead, <i32>(load<usize>(first, ofOpenArgsEnd) - origin), atArgsEnd);
  store<i32>(fieldsOfHead, load<i32>(first, ofOpenLine), atLine);
  leaveCall(first);
}
