/** Classes of characters, and tests of sixteen bytes at once. */

export const blank: u8 = 0x20;
export const quote: u8 = 0x22;
export const hash: u8 = 0x23;
export const opening: u8 = 0x28;
export const closing: u8 = 0x29;
const plus: u8 = 0x2b;
export const minus: u8 = 0x2d;
export const dot: u8 = 0x2e;
export const zero: u8 = 0x30;
export const colon: u8 = 0x3a;
export const question: u8 = 0x3f;
export const less: u8 = 0x3c;
export const equals: u8 = 0x3d;
export const greater: u8 = 0x3e;
export const bracket: u8 = 0x5b;
export const closingBracket: u8 = 0x5d;
export const asterisk: u8 = 0x2a;
export const comma: u8 = 0x2c;
export const slash: u8 = 0x2f;
export const newline: u8 = 0x0a;
export const carriageReturn: u8 = 0x0d;
export const escape: u8 = 0x1b;

/** The classes that a byte may belong to. */
export const inName: u8 = 1;
export const inErrno: u8 = 2;
export const inEvent: u8 = 4;
const inNested: u8 = 8;
export const inWord: u8 = 16;
export const inSimple: u8 = 32;
const classes: usize = memory.data(256);

function classify(first: u8, last: u8, what: u8): void {
  for (let byte: u32 = first; byte <= <u32>last; byte += 1) store<u8>(classes + byte, load<u8>(classes + byte) | what);
}

classify(zero, 0x39, inName | inErrno | inWord | inSimple);
classify(0x41 /* A */, 0x5a /* Z */, inName | inErrno | inWord | inSimple);
classify(0x61 /* a */, 0x7a /* z */, inName | inEvent | inWord | inSimple);
classify(0x5f /* _ */, 0x5f, inName | inErrno | inSimple);
classify(hash, hash, inName);
classify(plus, plus, inEvent);
classify(minus, minus, inEvent | inSimple);
classify(less, less, inEvent | inNested);
classify(equals, greater, inNested);
classify(quote, quote, inNested);
classify(blank, blank, inSimple);
classify(0x7c /* | */, 0x7c, inSimple);

// @ts-ignore: a decorator of AssemblyScript
@inline
export function is(byte: u8, what: u8): bool {
  return (load<u8>(classes + byte) & what) != 0;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
export function isDigit(byte: u8): bool {
  return <u32>byte - zero <= 9;
}

/** Sixteen bytes of ones, then sixteen of zeros. */
const masks: usize = memory.data(32);
memory.fill(masks, 0xff, 16);

/** Keeps the first bytes of sixteen and clears the others. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function firstOf(bytes: v128, length: u32): v128 {
  return v128.and(bytes, v128.load(masks + 16 - length));
}

/** Sets all bits of each byte that is one of the `many` consecutive characters from `first` on. Clears other bytes. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function among(bytes: v128, first: u8, many: u8): v128 {
  return i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(first)), i8x16.splat(many));
}

/** The number of digits that the sixteen bytes at `at` begin with. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function digitsAt(at: usize): u32 {
  return ctz(~i8x16.bitmask(among(v128.load(at), zero, 10)));
}

/** The number that the digits at `start` stand for. There are at most eight. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function decimal(start: usize, digits: u32): i32 {
  // The last digit moves to the top, and zeros stand before the first one. Then three steps join pairs of digits, pairs
  // of pairs, and both halves.
  const bytes = (load<u64>(start) - 0x3030303030303030) << (<u64>(64 - (digits << 3)));
  const pairs = bytes * 10 + (bytes >> 8);
  return <i32>(
    (((pairs & 0x000000ff000000ff) * 0x000f424000000064 +
      ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >>
      32)
  );
}

/** Reads up to a few bytes beyond the end of both. */
export function isSame(a: usize, b: usize, length: u32): bool {
  let at: u32 = 0;
  for (; at + 16 <= length; at += 16) if (!i8x16.all_true(i8x16.eq(v128.load(a + at), v128.load(b + at)))) return false;
  return i8x16.all_true(i8x16.eq(firstOf(v128.load(a + at), length - at), firstOf(v128.load(b + at), length - at)));
}
