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
const width: usize = 40;

// Kinds of lines: fields.ts.
const other: i32 = 0;
const call: i32 = 1;
const head: i32 = 2;
const tail: i32 = 3;

// What a result's number stands for: result.ts, `resultIn`.
const firstFailure: i32 = 4096;
const otherValues: i32 = 8192;

/** So much text is looked at at a time, and so many lines of it: little enough to stay in the processor's cache. */
export const inputBytes: i32 = 65536;
export const mostLines: i32 = 2048;
/** Where the caller puts the text; what is compared in words may look a few bytes beyond its end. */
export const input: usize = memory.data(65536 + 16);
/** Where it finds the numbers. */
export const fields: usize = memory.data(40 * 2048);

/** Where the next line begins, as an offset into `input`. */
export let next: i32 = 0;

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
const nameSlots: usize = memory.data(4 * 8192);
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
const less: u8 = 0x3c;
const equals: u8 = 0x3d;
const greater: u8 = 0x3e;
const bracket: u8 = 0x5b;
const closingBracket: u8 = 0x5d;
const newline: u8 = 0x0a;
const carriageReturn: u8 = 0x0d;
const escape: u8 = 0x1b;

/** What a byte may be part of. */
const inName: u8 = 1;
const inErrno: u8 = 2;
const inEvent: u8 = 4;
const inNested: u8 = 8;
const inWord: u8 = 16;
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

/**
 * Takes apart the lines that end in the first `length` bytes of `input`, so many of them at most (and `mostLines`), and returns how many; `base` is what the first byte is
 * called in the fields. `coloured`: there is an escape character somewhere.
 */
export function readLines(length: i32, base: i32, most: i32, coloured: bool): i32 {
  const limit = input + length;
  const origin = input - base;
  let start = input;
  let field = fields;
  let lines = 0;
  while (lines < most) {
    const last = newlineFrom(start, limit);
    if (last == 0) break;
    store<i32>(field, <i32>(start - origin), atStart);
    store<i32>(field, <i32>(last - origin), atLast);
    store<i32>(field, isOdd(start, last, coloured) ? other : readLine(start, last, origin, field), atKind);
    field += width;
    lines += 1;
    start = last + 1;
  }
  next = <i32>(start - input);
  return lines;
}

/** 0: there is none. */
function newlineFrom(start: usize, end: usize): usize {
  const newlines = i8x16.splat(newline);
  let at = start;
  for (; at + 16 <= end; at += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), newlines));
    if (found != 0) return at + ctz(found);
  }
  for (; at < end; at += 1) if (load<u8>(at) == newline) return at;
  return 0;
}

/** A line with colours, NULs or a carriage return, which strace writes none of as data (lines.ts). */
function isOdd(start: usize, end: usize, coloured: bool): bool {
  if (start == end) return false;
  if (load<u8>(end - 1) == carriageReturn || load<u8>(start) == 0) return true;
  if (coloured) for (let at = start; at < end; at += 1) if (load<u8>(at) == escape) return true;
  return false;
}

// The columns of the line that was read last.
let pid: i32 = -1;
let number: i32 = -1;
let event: usize = 0;

function readLine(start: usize, end: usize, origin: usize, field: usize): i32 {
  readColumns(start, end);
  let last = end;
  while (last > event && load<u8>(last - 1) == blank) last -= 1;
  const isTail = last - event > 5 && load<u32>(event) == 0x2e2e2e3c /* <... */ && load<u8>(event + 4) == blank;
  const name = isTail ? event + 5 : event;
  if (name >= last || isDigit(load<u8>(name)) || load<u8>(name) == hash) return other;
  let sum: u32 = 0;
  let at = name;
  for (; at < last; at += 1) {
    const byte = load<u8>(at);
    if (!is(byte, inName)) break;
    sum = sum * 31 + byte;
  }
  if (at == name || at >= last) return other;
  if (isTail ? at + 9 > last || load<u64>(at) != 0x64656d7573657220 /* " resumed" */ || load<u8>(at + 8) != greater : load<u8>(at) != opening) return other;
  const known = nameNumber(name, at, sum);
  if (known < 0) return other;
  const args = isTail ? at + 9 : at + 1;
  let kind = isTail ? tail : call;
  let argsEnd: usize = 0;
  let result: i32 = 0;
  const ending = load<u8>(last - 1);
  if (ending == greater && last - args >= 5 && load<u32>(last - 4) == 0x3e2e2e2e /* ...> */ && load<u8>(last - 5) == blank) {
    if (isTail || !isUnfinished(args, last)) return other;
    kind = head;
    argsEnd = last - 16;
    if (argsEnd > args && load<u8>(argsEnd - 1) == blank) argsEnd -= 1;
  } else {
    if (ending == 0x64 /* d */ || ending == 0x73 /* s */) return other; // strace: Process 7 attached, in 2 threads
    const resultEnd = beforeDuration(args, last);
    argsEnd = beforePlainResult(args, resultEnd);
    if (argsEnd == 0 || isUnfinished(args, argsEnd)) return other;
    if (isTail && load<u8>(argsEnd - 1) == greater && argsEnd > args && argsEnd - args <= 16) return other; // a mark may begin in the first half
    at = argsEnd + 1;
    while (load<u8>(at) == blank) at += 1;
    at += 2;
    result = smallNumber(at, resultEnd);
    if (result < 0) result = failureNumber(at, resultEnd);
    if (result < 0) {
      const after = numberEnd(at, resultEnd);
      if (after == 0) return other;
      result = after == resultEnd && load<u8>(at) != minus ? otherValues + <i32>(at - origin) : -<i32>(at - origin);
    }
  }
  store<i32>(field, <i32>(last - origin), atLast);
  store<i32>(field, known, atName);
  store<i32>(field, pid, atPid);
  store<i32>(field, number, atNumber);
  store<i32>(field, <i32>(event - origin), atEvent);
  store<i32>(field, <i32>(args - origin), atArgs);
  store<i32>(field, <i32>(argsEnd - origin), atArgsEnd);
  store<i32>(field, result, atResult);
  return kind;
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
  if (isDigit(load<u8>(at))) {
    const digits = afterDigits(at, end);
    if (digits - at <= 7 && load<u8>(digits) == blank) {
      const value = decimal(at, digits);
      if (value <= 4194304 /* the kernel's PID_MAX_LIMIT */) {
        pid = value;
        at = afterBlanks(digits, end);
      }
    }
  } else if (load<u32>(at) == 0x6469705b /* [pid */ && load<u8>(at + 4) == blank) {
    const digits = afterBlanks(at + 4, end);
    const after = afterDigits(digits, end);
    if (after > digits && after - digits <= 7 && load<u8>(after) == closingBracket && load<u8>(after + 1) == blank) {
      pid = decimal(digits, after);
      at = after + 2;
    }
  }
  event = is(load<u8>(at), inEvent) ? at : afterColumns(at, end);
}

function afterColumns(start: usize, end: usize): usize {
  let at = afterDelta(afterTime(start, end), end);
  if (load<u8>(at) == bracket) {
    const digits = afterBlanks(at + 1, end);
    const after = afterDigits(digits, end);
    // An instruction pointer has 8 or 16 digits: it is left to closer reading.
    if (after > digits && after - digits <= 7 && load<u8>(after) == closingBracket && load<u8>(after + 1) == blank && after + 1 < end) {
      number = decimal(digits, after);
      at = afterBlanks(after + 1, end);
    }
  }
  return at;
}

/** `12:34:56`, `12:34:56.123456`, `1700000000.123456`, and the blanks after it. */
function afterTime(start: usize, end: usize): usize {
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

function decimal(start: usize, end: usize): i32 {
  let value = 0;
  for (let at = start; at < end; at += 1) value = value * 10 + load<u8>(at) - zero;
  return value;
}

/** Before ` <0.000012>` (-T); `end` where there is none. */
function beforeDuration(start: usize, end: usize): usize {
  if (load<u8>(end - 1) != greater) return end;
  let at = end - 2;
  while (at > start && (isDigit(load<u8>(at)) || load<u8>(at) == dot)) at -= 1;
  return at > start && load<u8>(at) == less && load<u8>(at - 1) == blank && at < end - 2 ? at - 1 : end;
}

/** Where the `)` stands that `= result` follows, up to the end and without anything that nests (but one annotation of -y); 0: nowhere. */
function beforePlainResult(start: usize, end: usize): usize {
  let at = beforeAnnotation(start, end) - 1;
  while (at > start && !is(load<u8>(at), inNested)) at -= 1;
  if (at <= start || load<u8>(at) != equals || load<u8>(at + 1) != blank) return 0;
  at -= 1;
  while (at > start && load<u8>(at) == blank) at -= 1;
  return load<u8>(at) == closing ? at : 0;
}

/** Before the `</path>` of `3</path>` (call.ts). */
function beforeAnnotation(start: usize, end: usize): usize {
  if (load<u8>(end - 1) != greater) return end;
  let at = end - 2;
  while (at > start && load<u8>(at) != less && load<u8>(at) != greater && load<u8>(at) != quote) at -= 1;
  return at > start && load<u8>(at) == less && isDigit(load<u8>(at - 1)) ? at : end;
}

/** A result that is one of the numbers below `firstFailure`, and nothing else; -1: another. */
function smallNumber(start: usize, end: usize): i32 {
  if (start >= end || end - start > 4 || (load<u8>(start) == zero && end - start > 1) || afterDigits(start, end) != end) return -1;
  const value = decimal(start, end);
  return value < firstFailure ? value : -1;
}

/** `firstFailure` and the number of a failure (`-1 ENOENT`) that nothing but the words for it follows; -1: it is none, or there is more to say. */
function failureNumber(start: usize, end: usize): i32 {
  if (end - start < 5 || load<u32>(start) != 0x4520312d /* -1 E */) return -1;
  let sum: u32 = 0;
  let at = start + 4;
  for (; at < end && is(load<u8>(at), inErrno); at += 1) sum = sum * 31 + load<u8>(at);
  if (at == start + 4 || (at < end && (load<u8>(at) != blank || load<u8>(at + 1) != opening)) || isInjected(at, end)) return -1;
  const known = numberIn(failures, failureSlots, failureCount, start, at, sum);
  if (known < 0) return -1;
  if (known == failureCount) failureCount += 1;
  return firstFailure + known;
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

function nameNumber(start: usize, end: usize, sum: u32): i32 {
  const known = numberIn(names, nameSlots, nameCount, start, end, sum);
  if (known == nameCount) nameCount += 1;
  return known;
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

function isSame(a: usize, b: usize, length: u32): bool {
  for (let at: u32 = 0; at < length; at += 1) if (load<u8>(a + at) != load<u8>(b + at)) return false;
  return true;
}
