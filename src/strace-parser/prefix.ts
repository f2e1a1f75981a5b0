import { unescapeBytes } from "./argument.ts";
import { afterBlanks, afterDigits, decimal, isDigit, isWord, startsWith } from "./bytes.ts";
import type { Tracee } from "./types.ts";

/**
 * The columns before the event of a line: pid, time, number of the call, instruction pointer. Each is a number; -1
 * means that there is none.
 */
export interface Prefix {
  pid: number;
  /** The thread's name (-Y), with its brackets, stands from `comm` up to `commEnd`. */
  comm: number;
  commEnd: number;
  /** `-n`: the syscall's number. */
  number: number;
  /** Where the event begins. */
  event: number;
}

/** No column has been read. */
export function noPrefix(): Prefix {
  return { pid: -1, comm: -1, commEnd: -1, number: -1, event: 0 };
}

const open = 0x5b;
const close = 0x5d;
const blank = 0x20;
const dot = 0x2e;
const colon = 0x3a;
const question = 0x3f;

/**
 * The kernel's PID_MAX_LIMIT (linux/threads.h). A greater number in the first column is a time (-ttt without a
 * fraction).
 */
const maxPid = 4 * 1024 * 1024;

/** Longer than any context: a profile's name is at most a path. */
const maxContext = 8192;

/** A thread's name has at most 63 bytes (strace's PROC_COMM_LEN), and strace writes each in at most four characters. */
const maxComm = 252;

/** The greatest syscall number that a program can ask for has this many digits. */
const maxNumber = 20;

/**
 * Reads the columns that -f, -Y, --secontext, -t…, -r, -n and -i print, in strace's order
 * (strace.c, `printleader`), into `prefix`.
 *
 *     6999<bash> 12:34:56.123456 [  39] [00007f0b8197e000] getpid() = 6999
 *     ^^^^ pid                      ^^ number              ^ event
 */
export function readPrefix(bytes: Uint8Array, start: number, end: number, prefix: Prefix): void {
  prefix.pid = -1;
  prefix.comm = -1;
  prefix.number = -1;
  let at = start;
  if (isDigit(bytes[at])) {
    if (readPid(bytes, start, end, prefix)) return;
    const digits = afterDigits(bytes, at, end);
    const column = pidColumn(bytes, at, digits, end, prefix);
    if (column >= 0) at = afterBlanks(bytes, column, end);
  } else if (bytes[at] === open) {
    const column = bracketedPid(bytes, at, end, prefix);
    if (column >= 0) at = column;
  }
  prefix.event = isEvent(bytes[at]) ? at : afterColumns(bytes, at, end, prefix);
}

/**
 * Reads a line whose only columns are the pid, or the pid and the call's number. `record` asks strace for these. False
 * if the line has more or fewer columns.
 */
function readPid(bytes: Uint8Array, start: number, end: number, prefix: Prefix): boolean {
  const limit = Math.min(end, start + 6);
  let pid = 0;
  let at = start;
  for (; at < limit; at += 1) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) break;
    pid = pid * 10 + digit;
  }
  if (at >= end || bytes[at] !== blank) return false;
  at = afterBlanks(bytes, at + 1, end);
  let number = -1;
  if (bytes[at] === open) {
    const digits = afterBlanks(bytes, at + 1, end);
    const after = afterDigits(bytes, digits, end);
    if (after === digits || after - digits > 7 || bytes[after] !== close || bytes[after + 1] !== blank) return false;
    number = decimal(bytes, digits, after);
    at = after + 2;
  }
  if (at >= end || !isEvent(bytes[at])) return false;
  prefix.pid = pid;
  prefix.number = number;
  prefix.event = at;
  return true;
}

/** The offset after all columns between the pid and the event. */
function afterColumns(bytes: Uint8Array, start: number, end: number, prefix: Prefix): number {
  let at = afterContext(bytes, start, end);
  at = afterTime(bytes, at, end);
  at = afterDelta(bytes, at, end);
  if (bytes[at] === open) {
    const digits = afterBlanks(bytes, at + 1, end);
    const after =
      bytes[digits] === question ? afterRun(bytes, digits, end, isQuestion, 3) : afterDigits(bytes, digits, end);
    const known = bytes[digits] !== question;
    const isOne =
      after - digits > 0 &&
      after - digits <= maxNumber &&
      (known || (after - digits === 3 && digits === at + 1)) &&
      bytes[after] === close &&
      bytes[after + 1] === blank &&
      after + 1 < end;
    if (isOne && (afterPointer(bytes, at, end) === at || isNumber(bytes, digits, after, end))) {
      const number = known ? decimal(bytes, digits, after) : -1;
      prefix.number = Number.isSafeInteger(number) ? number : -1;
      at = afterBlanks(bytes, after + 1, end);
    }
  }
  return afterPointer(bytes, at, end);
}

/**
 * Is it a syscall number, though it has as many digits as a pointer? A number does not begin with a zero, as pointers
 * of 64-bit programs do. A number of 8 digits needs more proof: a pointer follows it, or the call's name says the same
 * number.
 */
function isNumber(bytes: Uint8Array, digits: number, after: number, end: number): boolean {
  if (bytes[digits] === 0x30) return false;
  const next = afterBlanks(bytes, after + 1, end);
  return (
    after - digits === 16 ||
    afterPointer(bytes, next, end) > next ||
    startsWith(bytes, next, end, `syscall_0x${decimal(bytes, digits, after).toString(16)}(`)
  );
}

/**
 * The offset after `7` or `7<comm>`. -1 if it is no column of pids.
 *
 *     6999<bash> 12:34:56.123456 getpid() = 6999
 *               ^
 */
function pidColumn(bytes: Uint8Array, start: number, digits: number, end: number, prefix: Prefix): number {
  if (digits - start > 7 || digits >= end) return -1;
  const pid = decimal(bytes, start, digits);
  if (pid > maxPid) return -1;
  const comm = bytes[digits] === blank ? digits : commEnd(bytes, digits, end);
  if (comm >= end || bytes[comm] !== blank || (comm === digits && bytes[digits] !== blank)) return -1;
  foundPid(prefix, pid, digits, comm);
  return comm;
}

/**
 * The offset after `[pid 7] ` or `[pid 7<comm>] `. -1 if it is no column of pids.
 *
 *     [pid  7860] getpid() = 7860
 *                 ^
 */
function bracketedPid(bytes: Uint8Array, start: number, end: number, prefix: Prefix): number {
  if (bytes[start + 1] !== 0x70 || bytes[start + 2] !== 0x69 || bytes[start + 3] !== 0x64 || bytes[start + 4] !== blank)
    return -1;
  const digits = afterBlanks(bytes, start + 4, end);
  const after = afterDigits(bytes, digits, end);
  if (after === digits || after - digits > 7) return -1;
  const pid = decimal(bytes, digits, after);
  const comm = commEnd(bytes, after, end);
  if (pid > maxPid || bytes[comm] !== close || bytes[comm + 1] !== blank || comm + 1 >= end) return -1;
  foundPid(prefix, pid, after, comm);
  return comm + 2;
}

function foundPid(prefix: Prefix, pid: number, comm: number, end: number): void {
  prefix.pid = pid;
  if (end === comm) return;
  prefix.comm = comm;
  prefix.commEnd = end;
}

/**
 * The offset after `<comm>`. `start` if there is none.
 *
 *     6999<bash> getpid() = 6999
 *               ^
 */
function commEnd(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] !== 0x3c) return start;
  const limit = Math.min(end, start + maxComm + 2);
  for (let at = start + 1; at < limit; at += 1) {
    if (bytes[at] === 0x3e) return at + 1;
    if (bytes[at] === 0x3c) return start;
    if (bytes[at] === 0x5c) at += 1;
  }
  return start;
}

/**
 * The offset after `[unconfined_u:unconfined_r:unconfined_t:s0] ` (--secontext), or after `[/usr/bin/man (enforce)] `
 * if the kernel has AppArmor. strace escapes brackets in the context.
 */
function afterContext(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start + 1];
  if (bytes[start] !== open || isDigit(first) || (!isWord(first) && first !== 0x2f && first !== 0x5c)) return start;
  const after = afterRun(bytes, start + 1, end, isContext, maxContext);
  return after + 1 < end && bytes[after] === close && bytes[after + 1] === blank ? after + 2 : start;
}

/**
 * The offset after `12:34:56`, `12:34:56.123456` or `1700000000.123456`, and after the blanks that follow.
 *
 *     12:34:56.123456 getpid() = 6999
 *                     ^
 */
function afterTime(bytes: Uint8Array, start: number, end: number): number {
  const first = afterDigits(bytes, start, end);
  let at = first;
  if (bytes[at] === colon && first > start && first - start <= 2) {
    for (let part = 0; part < 2; part += 1) {
      const digits = at + 1;
      at = afterDigits(bytes, digits, end);
      if (at - digits !== 2 || (part === 0 && bytes[at] !== colon)) return start;
    }
  } else if (first - start < 8) return start;
  at = afterFraction(bytes, at, end);
  return at < end && bytes[at] === blank ? afterBlanks(bytes, at, end) : start;
}

/**
 * The offset after ` 0.000123` or `(+ 0.000123)`, and after the blanks that follow. If strace prints whole seconds,
 * there is no fraction.
 *
 *     1700000000.123456 (+     0.000123) getpid() = 7860
 *                                        ^
 */
function afterDelta(bytes: Uint8Array, start: number, end: number): number {
  let at = afterBlanks(bytes, start, end);
  const bracket = bytes[at] === 0x28 && bytes[at + 1] === 0x2b;
  if (bracket) at = afterBlanks(bytes, at + 2, end);
  const digits = at;
  const whole = afterDigits(bytes, digits, end);
  at = afterFraction(bytes, whole, end);
  // A time without a fraction must fill a column of six characters, and a column or an event must follow it. Otherwise
  // the program wrote these digits.
  if (
    whole === digits ||
    (!bracket && at === whole && ((at - start < 6 && bytes[start - 1] !== blank) || !isFollowed(bytes, at, end)))
  )
    return start;
  if (bracket) {
    if (bytes[at] !== 0x29) return start;
    at += 1;
  }
  return at < end && bytes[at] === blank ? afterBlanks(bytes, at, end) : start;
}

/** Does a column, or an event that is more than a word, follow after a blank? */
function isFollowed(bytes: Uint8Array, at: number, end: number): boolean {
  const first = at + 1;
  const after = afterRun(bytes, first, end, (byte) => isWord(byte) || byte === question || byte === 0x23, end);
  return after > first
    ? after < end && bytes[after] === 0x28
    : bytes[first] === open || (isEvent(bytes[first]) && first < end);
}

/**
 * The offset after an instruction pointer, which has 8 or 16 digits. The number of a call never has as many: strace
 * prints `%4u` (syscall.c), and x32's numbers with bit 30 have 10 digits.
 *
 *     [00007f0123456789] getpid() = 6999
 *                        ^
 */
function afterPointer(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] !== open) return start;
  const unknown = bytes[start + 1] === question;
  const after = afterRun(bytes, start + 1, end, unknown ? isQuestion : isLowerHex, 16);
  const length = after - start - 1;
  if ((length !== 8 && length !== 16) || bytes[after] !== close || bytes[after + 1] !== blank || after + 1 >= end)
    return start;
  return afterBlanks(bytes, after + 1, end);
}

function afterFraction(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] !== dot) return start;
  const after = afterDigits(bytes, start + 1, end);
  return after > start + 1 ? after : start;
}

function afterRun(bytes: Uint8Array, start: number, end: number, is: (byte: number) => boolean, most: number): number {
  const limit = Math.min(end, start + most);
  let at = start;
  while (at < limit && is(bytes[at] ?? 0)) at += 1;
  return at;
}

function isQuestion(byte: number): boolean {
  return byte === question;
}

function isLowerHex(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x61 && byte <= 0x66);
}

function isContext(byte: number): boolean {
  return byte >= blank && byte < 0x7f && byte !== open && byte !== close;
}

/** A letter, or the beginning of `---`, `+++`, `<...`. */
function isEvent(byte: number | undefined): boolean {
  return byte !== undefined && eventBytes[byte] === 1;
}

const eventBytes = new Uint8Array(256);
for (const char of "abcdefghijklmnopqrstuvwxyz-+<") eventBytes[char.charCodeAt(0)] = 1;

/** The thread of every line in a log without a pid column. */
export const noTracee: Tracee = { pid: undefined, comm: undefined };

/** The thread that the columns of a line name. */
export function traceeIn(bytes: Uint8Array, { pid, comm, commEnd: end }: Prefix): Tracee {
  return comm < 0
    ? traceeOf(pid)
    : { pid, comm: Buffer.from(unescapeBytes(bytes, comm + 1, end - 1)).toString("utf8") };
}

let latest: Tracee = noTracee;
const tracees = new Map<number, Tracee>();

/** The thread with this pid. One object serves all its lines. `pid` is -1 if there is no column of pids. */
export function traceeOf(pid: number): Tracee {
  if (latest.pid === pid) return latest;
  if (pid < 0) return noTracee;
  let known = tracees.get(pid);
  if (known === undefined) {
    if (tracees.size > 10_000) tracees.clear();
    tracees.set(pid, (known = { pid, comm: undefined }));
  }
  latest = known;
  return known;
}
