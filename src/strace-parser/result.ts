import { afterDigits, decimal, isDigit, isWord, Kept, latin1, startsWith } from "./bytes.ts";
import type { SyscallResult } from "./types.ts";

/** A result, and what strace says about it. */
export interface ReadResult {
  readonly result: SyscallResult;
  readonly injected: boolean;
}

const restarts = new Set(["ERESTARTSYS", "ERESTARTNOINTR", "ERESTARTNOHAND", "ERESTART_RESTARTBLOCK"]);

/** Numbers of at most 64 bits have at most this many digits. A longer number is no result. */
const maxDecimal = 23;
const maxHex = 16;

/** A value that is read when a reader asks for it. Most values are addresses that no reader wants. */
class LazyValue {
  readonly type = "value";
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  get value(): bigint {
    const text = latin1(this.#bytes, this.#start, this.#end);
    const negative = text.startsWith("-");
    const digits = negative ? text.slice(1) : text;
    const magnitude = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
    return negative ? -magnitude : magnitude;
  }
}

const small: readonly ReadResult[] = Array.from({ length: 4096 }, (_, value) => ({
  result: { type: "value", value: BigInt(value) },
  injected: false,
}));
const none: SyscallResult = { type: "none" };
export const noResult: ReadResult = { result: none, injected: false };

/** The result of each errno, made once. */
const errors = new Kept<ReadResult>((bytes, start, end) => errorOf(latin1(bytes, start, end).replace("=", " ")), 512);

function errorOf(errno: string): ReadResult {
  return { result: restarts.has(errno) ? { type: "restart", errno } : { type: "error", errno }, injected: false };
}

/**
 * Reads what stands after `= `: `3</path>`, `-1 ENOENT (No such file or directory)`, `? ERESTARTSYS
 * (To be restarted)`, `?`. `undefined` if it is none of these.
 *
 *     openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = -1 EACCES (Permission denied)
 *                                                 ^ start                      ^ end
 */
export function readResult(bytes: Uint8Array, start: number, end: number): ReadResult | undefined {
  if (start >= end) return undefined;
  const plain = smallNumber(bytes, start, end);
  if (plain >= 0) return small[plain];
  if (bytes[start] === 0x3f) return readQuestion(latin1(bytes, start, end));
  if (bytes[start] === 0x2d) return failures.get(bytes, start, end) ?? readNumber(bytes, start, end);
  return readNumber(bytes, start, end);
}

/** Each failure, made once: its words are always the same. `undefined` for a bare `-1`, or another number. */
const failures = new Kept<ReadResult | undefined>((bytes, start, end) => {
  const failed = startsWith(bytes, start, end, "-1 ") ? readErrno(bytes, start + 3, end) : undefined;
  return failed !== undefined && isInjected(bytes, start + 3, end) ? { ...failed, injected: true } : failed;
}, 512);

/** A result that is only one of the numbers which most calls return. -1 for any other result. */
function smallNumber(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 4 || (bytes[start] === 0x30 && end - start > 1)) return -1;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value < small.length ? value : -1;
}

/**
 * The result that a number stands for. assembly/line.ts gives the numbers. Small results stand for themselves. The
 * failures come next, in the order in which they appeared, and then the offsets of bare values. A negative number is
 * minus the offset of any other result. That result goes up to `end`.
 */
export function resultIn(number: number, failures: readonly ReadResult[], bytes: Uint8Array, end: number): ReadResult {
  if (number < 0) return readResult(bytes, -number, end) ?? noResult;
  if (number >= otherValues) return readNumber(bytes, number - otherValues, end) ?? noResult;
  return (number < small.length ? small[number] : failures[number - small.length]) ?? noResult;
}

const otherValues = 8192;

function readNumber(bytes: Uint8Array, start: number, end: number): ReadResult | undefined {
  const after = numberEnd(bytes, start, end);
  if (after < 0) return undefined;
  const injected = after < end && isInjected(bytes, after, end);
  const short =
    after - start <= 4 &&
    bytes[start] !== 0x2d &&
    (after - start === 1 || (bytes[start] !== 0x30 && bytes[start + 1] !== 0x78))
      ? small[decimal(bytes, start, after)]
      : undefined;
  if (short !== undefined && !injected) return short;
  return { result: new LazyValue(bytes, start, after), injected };
}

/**
 * `ENOENT (…)`, `errno 530`, `(errno 530)`, `errno=530`, `530 (…)`
 *
 *     close(9) = -1 EBADF (Bad file descriptor)
 *                   ^^^^^
 */
function readErrno(bytes: Uint8Array, start: number, end: number): ReadResult | undefined {
  if (bytes[start] === 0x45 /* E */) {
    let after = start + 1;
    while (after < end && isWord(bytes[after]) && !(bytes[after] !== undefined && (bytes[after] ?? 0) >= 0x61))
      after += 1;
    return after > start + 1 ? errors.get(bytes, start, after) : undefined;
  }
  // `-1 530 (Unknown error 530)`: strace before 4.23
  if (isDigit(bytes[start])) {
    const after = afterDigits(bytes, start, end);
    return startsWith(bytes, after, end, " (") && bytes[after + 2] !== 0x49 /* (INJECTED) */
      ? errorOf(`errno ${latin1(bytes, start, after)}`)
      : undefined;
  }
  const bracket = bytes[start] === 0x28 ? 1 : 0;
  // with `=`: qemu -strace
  if (!["errno ", "errno="].some((text) => startsWith(bytes, start + bracket, end, text))) return undefined;
  const digits = start + bracket + "errno ".length;
  let after = digits;
  while (after < end && isDigit(bytes[after])) after += 1;
  if (after === digits || (bracket === 1 && (after >= end || bytes[after] !== 0x29))) return undefined;
  return errors.get(bytes, start + bracket, after);
}

/**
 * The position after a number that no letter or digit follows. -1 if there is none.
 *
 *     openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3</etc/passwd>
 *                                                  ^
 */
function numberEnd(bytes: Uint8Array, start: number, end: number): number {
  const digits = start < end && bytes[start] === 0x2d ? start + 1 : start;
  const hex = bytes[digits] === 0x30 && bytes[digits + 1] === 0x78 && digits + 1 < end;
  const first = hex ? digits + 2 : digits;
  let after = first;
  while (after < end && (hex ? isHex(bytes[after]) : isDigit(bytes[after]))) after += 1;
  if (after === first || after - first > (hex ? maxHex : maxDecimal)) return -1;
  return after < end && isWord(bytes[after]) && bytes[after] !== 0x5f ? -1 : after;
}

function isHex(byte: number | undefined): boolean {
  return byte !== undefined && (isDigit(byte) || (byte >= 0x61 && byte <= 0x66) || (byte >= 0x41 && byte <= 0x46));
}

/**
 * strace's mark of a result that -e inject made: `(INJECTED)`, `(INJECTED: retval)`. It comes last.
 *
 *     getpid() = 7 (INJECTED)
 *                  ^
 */
function isInjected(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1)
    if (bytes[at] === 0x28 && bytes[at + 1] === 0x49 && startsWith(bytes, at, end, "(INJECTED")) return true;
  return false;
}

const question = /^\?(?: ([A-Z][A-Z0-9_]*| <unavailable>)| *(?:$|[(<]))/;

function readQuestion(text: string): ReadResult | undefined {
  const errno = question.exec(text);
  if (errno === null && !text.startsWith("? ")) return undefined;
  const injected = text.includes("(INJECTED");
  const name = errno?.[1];
  if (name === undefined || name.startsWith(" ")) return { result: none, injected };
  return { result: restarts.has(name) ? { type: "restart", errno: name } : { type: "error", errno: name }, injected };
}
