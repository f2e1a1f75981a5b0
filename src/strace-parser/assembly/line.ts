import {
  among, blank, bracket, carriageReturn, closing, closingBracket, colon, decimal, digitsAt, dot,
  equals, escape, firstOf, greater, hash, inErrno, inEvent, inName, inWord, is, isDigit, isSame,
  less, minus, newline, opening, question, quote, zero,
} from "./bytes";
import { call, firstFailure, head, news, other, otherValues, tail } from "./layout";

/** Takes one line apart. All positions are addresses. */

// The parts of the line that was read last.
export let pid: i32 = -1;
export let number: i32 = -1;
export let event: usize = 0;
export let name: i32 = 0;
export let args: usize = 0;
export let argsEnd: usize = 0;
export let result: i32 = 0;
export let resultFrom: usize = 0;
export let resultEnd: usize = 0;

/** The end of the line, without the blanks there. */
export let lineEnd: usize = 0;

/** The address of the caller's offset 0. The caller's offsets are addresses less this one. */
export let origin: usize = 0;

export function setOrigin(address: usize): void {
  origin = address;
}

/**
 * Each different text, numbered in the order in which the texts appear. A text gets no number if it is too long or the
 * table is full. Its line is then read closely.
 */
const mostTexts: i32 = 4096; // the number of a result has room for no more
const longestText: u32 = 64;
const textBytes: usize = 68;
const slotMask: u32 = 8191;
/** Each entry is the text's length in four bytes, then the text. */
export const names: usize = memory.data(68 * 4096);
export let nameCount: i32 = 0;
/** `-1 ENOENT`, without its explanation. */
export const failures: usize = memory.data(68 * 4096);
export let failureCount: i32 = 0;
/** The explanation that followed each failure: ` (No such file or directory)`. */
const explanations: usize = memory.data(68 * 4096);
const nameSlots: usize = memory.data(4 * 8192);
const shortNameSlots: usize = memory.data(4 * 8192);
const failureSlots: usize = memory.data(4 * 8192);

/**
 * Where the line that begins at `start` ends. 0 if it does not end before `end`. `sawEscape` is true if an escape
 * character stands in the line or shortly after it.
 */
export function newlineFrom(start: usize, end: usize): usize {
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

/** A line with colours, NULs or a carriage return. strace writes none of these as data (lines.ts). */
export function isOdd(start: usize, end: usize): bool {
  if (start == end) return false;
  if (load<u8>(end - 1) == carriageReturn || load<u8>(start) == 0) return true;
  if (sawEscape) for (let at = start; at < end; at += 1) if (load<u8>(at) == escape) return true;
  return false;
}

/** Reads a line and returns its kind. */
export function readLine(start: usize, end: usize): i32 {
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
  if (
    isTail
      ? nameEnd + 9 > last ||
        load<u64>(nameEnd) != 0x64656d7573657220 /* " resumed" */ ||
        load<u8>(nameEnd + 8) != greater
      : load<u8>(nameEnd) != opening
  )
    return other;
  args = isTail ? nameEnd + 9 : nameEnd + 1;
  result = 0;
  const ending = load<u8>(last - 1);
  if (
    ending == greater &&
    last - args >= 5 &&
    load<u32>(last - 4) == 0x3e2e2e2e /* ...> */ &&
    load<u8>(last - 5) == blank
  ) {
    if (isTail || !isUnfinished(args, last)) return other;
    argsEnd = last - 16;
    if (argsEnd > args && load<u8>(argsEnd - 1) == blank) argsEnd -= 1;
    return head;
  }
  // Messages of strace end so: Process 7 attached, in 2 threads, … is not supported, … enabled.
  if (ending == 0x64 /* d */ || ending == 0x73 /* s */ || ending == dot) return other;
  resultEnd = beforeDuration(args, last);
  argsEnd = beforePlainResult(args, resultEnd);
  if (argsEnd == 0 || isUnfinished(args, argsEnd)) return other;
  // a mark may begin in the first half
  if (isTail && load<u8>(argsEnd - 1) == greater && argsEnd > args && argsEnd - args <= 16) return other;
  return readResult() ? (isTail ? tail : call) : other;
}

/** Does the line tell only of a thread: its end, or a signal? */
function isNews(text: u64): bool {
  return (
    (text & 0x00ffffffffffffff) == 0x474953202d2d2d /* --- SIG */ ||
    text == 0x74697865202b2b2b /* +++ exit */ ||
    text == 0x6c6c696b202b2b2b /* +++ kill */
  );
}

/** Reads the result from `resultFrom` up to `resultEnd`. False if there is no result. */
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
  result =
    after == resultEnd && load<u8>(resultFrom) != minus
      ? otherValues + <i32>(resultFrom - origin)
      : -<i32>(resultFrom - origin);
  return after != 0;
}

/** Does `<unfinished ...>` stand before `end`? */
function isUnfinished(start: usize, end: usize): bool {
  return (
    load<u8>(end - 1) == greater &&
    end - start >= 16 &&
    load<u64>(end - 16) == 0x73696e69666e753c /* <unfinis */ &&
    load<u64>(end - 8) == 0x3e2e2e2e20646568 /* hed ...> */
  );
}

/** The kernel's PID_MAX_LIMIT (prefix.ts). */
const maxPid: i32 = 4194304;

/**
 * Reads the columns of -f, -t…, -r, -n and -i, in strace's order (prefix.ts). If other columns follow these, no event
 * begins at `event`.
 */
function readColumns(start: usize, end: usize): void {
  pid = -1;
  number = -1;
  let at = start;
  const digits = digitsAt(start);
  if (digits > 0) {
    if (digits <= 7 && load<u8>(start + digits) == blank) {
      const value = decimal(start, digits);
      if (value <= maxPid) {
        pid = value;
        at = afterBlanks(start + digits, end);
      }
    }
  } else if (load<u32>(at) == 0x6469705b /* [pid */ && load<u8>(at + 4) == blank) {
    const from = afterBlanks(at + 4, end);
    const many = digitsAt(from);
    if (many > 0 && many <= 7 && load<u8>(from + many) == closingBracket && load<u8>(from + many + 1) == blank) {
      const value = decimal(from, many);
      if (value <= maxPid) {
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
    // An instruction pointer has 8 or 16 digits. The closer reader takes such a line.
    if (many > 0 && many <= 7 && load<u8>(after) == closingBracket && load<u8>(after + 1) == blank && after + 1 < end) {
      number = decimal(from, many);
      at = afterBlanks(after + 1, end);
    }
  }
  return at;
}

/** `12:34:56`, `12:34:56.123456`, `1700000000.123456`, and the blanks after it. */
function afterTime(start: usize, end: usize): usize {
  // One bit for each digit of `12:34:56.123456 `.
  if (
    i8x16.bitmask(among(v128.load(start), zero, 10)) == 0x7edb &&
    load<u8>(start + 2) == colon &&
    load<u8>(start + 5) == colon &&
    load<u8>(start + 8) == dot &&
    load<u8>(start + 15) == blank
  )
    return afterBlanks(start + 15, end);
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

/** Where ` <0.000012>` (-T) begins. `end` if there is none. */
function beforeDuration(start: usize, end: usize): usize {
  if (load<u8>(end - 1) != greater) return end;
  const bytes = v128.load(end - 17);
  const many = clz(~(i8x16.bitmask(v128.or(among(bytes, zero, 10), i8x16.eq(bytes, i8x16.splat(dot)))) << 16));
  let at = end - 2 - many;
  if (at <= start) return end;
  if (many == 16) while (at > start && (isDigit(load<u8>(at)) || load<u8>(at) == dot)) at -= 1;
  return at > start && load<u8>(at) == less && load<u8>(at - 1) == blank && at < end - 2 ? at - 1 : end;
}

/**
 * Where the `)` before `= result` stands. From there to the end nothing may nest, except one annotation of -y. 0 if
 * there is no such place. The result begins at `resultFrom`.
 */
function beforePlainResult(start: usize, end: usize): usize {
  let at = lastNested(start + 1, beforeAnnotation(start, end));
  if (at == 0 || load<u8>(at) != equals || load<u8>(at + 1) != blank) return 0;
  resultFrom = at + 2;
  at -= 1;
  while (at > start && load<u8>(at) == blank) at -= 1;
  return load<u8>(at) == closing ? at : 0;
}

/** The last byte before `end` that may nest, or that stands before a result. 0 if there is none from `start` on. */
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

/** Where the `</path>` of `3</path>` begins (call.ts). */
function beforeAnnotation(start: usize, end: usize): usize {
  if (load<u8>(end - 1) != greater) return end;
  let at = end - 2;
  while (at > start && load<u8>(at) != less && load<u8>(at) != greater && load<u8>(at) != quote) at -= 1;
  return at > start && load<u8>(at) == less && isDigit(load<u8>(at - 1)) ? at : end;
}

/**
 * `firstFailure` plus the number of a failure (`-1 ENOENT`, `?`, `? ERESTARTSYS`). Only its explanation may follow. -1
 * if it is no failure, or more follows.
 */
function failureNumber(start: usize, end: usize): i32 {
  const isUnknown = load<u8>(start) == question;
  let at = isUnknown ? start + 3 : start + 4;
  let sum: u32 = 0;
  if (isUnknown && end - start == 1) at = end;
  else {
    if (
      at >= end ||
      load<u8>(at - 1) != 0x45 /* E */ ||
      (isUnknown ? load<u8>(start + 1) != blank : load<u32>(start) != 0x4520312d /* -1 E */)
    )
      return -1;
    const errno = at;
    for (; at < end && is(load<u8>(at), inErrno); at += 1) sum = sum * 31 + load<u8>(at);
    if (at == errno || (at < end && (load<u8>(at) != blank || load<u8>(at + 1) != opening))) return -1;
  }
  const known = numberIn(failures, failureSlots, failureCount, start, at, sum);
  if (known < 0) return -1;
  // The failure counts whatever follows it. Otherwise the next new failure would get the same number.
  if (known == failureCount) failureCount += 1;
  return isExplained(known, at, end) ? firstFailure + known : -1;
}

/**
 * Is the text the failure's explanation, and no mark of strace? Explanations are kept while there is room, because the
 * same ones appear again and again.
 */
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
export function isInjected(start: usize, end: usize): bool {
  for (let at = start; at + 4 <= end; at += 1) if (load<u32>(at) == 0x4a4e4928 /* (INJ */) return true;
  return false;
}

/** The end of a number of at most 64 bits. No letter or digit may follow it (result.ts). 0 if there is none. */
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

/**
 * Reads the name that begins at `start` into `name` and returns where it ends. 0 if there is no name, or if the name
 * gets no number.
 */
function readName(start: usize): usize {
  const bytes = v128.load(start);
  const letters = among(v128.or(bytes, i8x16.splat(0x20)), 0x61 /* a */, 26);
  const others = v128.or(
    among(bytes, zero, 10),
    v128.or(i8x16.eq(bytes, i8x16.splat(0x5f /* _ */)), i8x16.eq(bytes, i8x16.splat(hash))),
  );
  const length = ctz(~i8x16.bitmask(v128.or(letters, others)));
  if (length >= 16) return readLongName(start);
  if (length == 0) return 0;
  const text = firstOf(bytes, length);
  const sum = (i64x2.extract_lane(text, 0) ^ rotl(i64x2.extract_lane(text, 1), 29)) * 0x9e3779b97f4a7c15;
  let slot = <u32>(<u64>sum >> 51);
  for (
    let known = load<i32>(shortNameSlots + (slot << 2));
    known != 0;
    known = load<i32>(shortNameSlots + (slot << 2))
  ) {
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

/**
 * The number of a text, which is `count` if the text is new. -1 if the text gets no number. `sum` depends on the text
 * alone.
 */
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
