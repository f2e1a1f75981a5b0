import { unescapeText } from "./argument.ts";
import type { Tracee } from "./types.ts";

/** What stands before the event of a line: pid, time, number of the call, instruction pointer. */
export interface Prefix {
  readonly tracee: Tracee;
  /** `-n`: the syscall's number. */
  readonly number: number | undefined;
  /** Where the event begins. */
  readonly end: number;
}

const noTracee: Tracee = { pid: undefined, comm: undefined };
const nothing: Prefix = { tracee: noTracee, number: undefined, end: 0 };

const pid = /(?:\[pid +(\d+)(?:<((?:[^<>\\]|\\.)*)>)?\] |(\d+)(?:<((?:[^<>\\]|\\.)*)>)? +)/y;
const context = /\[[A-Za-z_][\w.,:+-]*\] /y;
const time = /(?:\d{1,2}:\d{2}:\d{2}(?:\.\d+)?|\d{8,}(?:\.\d+)?) +/y;
const delta = / *(?:\(\+ *\d+(?:\.\d+)?\)|\d+\.\d+) +/y;
/** An instruction pointer has 8 or 16 digits, a number never (strace syscall.c prints `%4u`, x32's with bit 30 has 10). */
const pointer = /\[(?:[0-9a-f]{16}|[0-9a-f]{8}|\?{16}|\?{8})\] +/y;
const callNumber = /\[(?: *(\d{1,10})|\?{3})\] +/y;

/** The kernel's PID_MAX_LIMIT (linux/threads.h); a greater number in the first column is a time (-ttt without fraction). */
const maxPid = 4 * 1024 * 1024;

/** Reads the columns that -f, -Y, --secontext, -t…, -r, -n and -i print, in strace's order (strace.c, `printleader`). */
export function readPrefix(line: string): Prefix {
  const first = line.charCodeAt(0);
  if (isEvent(first)) return nothing;
  const plain = plainPid(line);
  if (plain !== undefined) return plain;
  let end = 0;
  let tracee = noTracee;
  pid.lastIndex = 0;
  const found = pid.exec(line);
  if (found !== null && Number(found[1] ?? found[3]) <= maxPid) {
    end = pid.lastIndex;
    const comm = found[2] ?? found[4];
    tracee = { pid: Number(found[1] ?? found[3]), comm: comm === undefined ? undefined : Buffer.from(unescapeText(comm)).toString("utf8") };
  }
  for (const column of [context, time, delta]) {
    column.lastIndex = end;
    if (column.test(line)) end = column.lastIndex;
  }
  let number: number | undefined;
  pointer.lastIndex = callNumber.lastIndex = end;
  if (!pointer.test(line)) {
    const numbered = callNumber.exec(line);
    if (numbered !== null) {
      end = callNumber.lastIndex;
      number = numbered[1] === undefined ? undefined : Number(numbered[1]);
    }
  }
  pointer.lastIndex = end;
  if (pointer.test(line)) end = pointer.lastIndex;
  return end === 0 && tracee === noTracee ? nothing : { tracee, number, end };
}

const tracees = new Map<number, Tracee>();

/** Most lines: the thread, perhaps the number of the call, and the event. */
function plainPid(line: string): Prefix | undefined {
  let at = 0;
  let value = 0;
  for (let code = line.charCodeAt(at); code >= 0x30 && code <= 0x39; code = line.charCodeAt((at += 1))) value = value * 10 + code - 0x30;
  if (at === 0 || at > 7 || value > maxPid || line.charCodeAt(at) !== 0x20) return undefined;
  at = afterBlanks(line, at);
  if (isEvent(line.charCodeAt(at))) return { tracee: traceeOf(value), number: undefined, end: at };
  if (line.charCodeAt(at) !== 0x5b) return undefined;
  // [ 123] of -n
  at = afterBlanks(line, at + 1);
  const digits = at;
  let number = 0;
  for (let code = line.charCodeAt(at); code >= 0x30 && code <= 0x39; code = line.charCodeAt((at += 1))) number = number * 10 + code - 0x30;
  if (at === digits || at - digits > 4 || line.charCodeAt(at) !== 0x5d) return undefined;
  at = afterBlanks(line, at + 1);
  return isEvent(line.charCodeAt(at)) ? { tracee: traceeOf(value), number, end: at } : undefined;
}

function afterBlanks(line: string, start: number): number {
  let at = start;
  while (line.charCodeAt(at) === 0x20) at += 1;
  return at;
}

/** A letter, or the beginning of `---`, `+++`, `<...`. */
function isEvent(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || code === 0x2d || code === 0x2b || code === 0x3c;
}

/** One object per thread, not per line. */
function traceeOf(value: number): Tracee {
  const known = tracees.get(value);
  if (known !== undefined) return known;
  if (tracees.size > 10_000) tracees.clear();
  const made: Tracee = { pid: value, comm: undefined };
  tracees.set(value, made);
  return made;
}
