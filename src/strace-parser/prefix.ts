import type { Tracee } from "./types.ts";

/** What stands before the event of a line: pid, time, number of the call, instruction pointer. */
export interface Prefix {
  readonly tracee: Tracee;
  /** `-n`: the syscall's number. */
  readonly number: number | undefined;
  /** Where the event begins. */
  readonly end: number;
}

const pid = /(?:\[pid +(\d+)(?:<((?:[^>\\]|\\.)*)>)?\] |(\d+)(?:<((?:[^>\\]|\\.)*)>)? +)/y;
const time = / *(?:\d{1,2}:\d{2}:\d{2}(?:\.\d+)?|\d{4}-\d{2}-\d{2}T\S+|\d{8,}(?:\.\d+)?) +/y;
const relative = / *(?:\(\+ *\d+(?:\.\d+)?\)|\d+\.\d+) +/y;
const bracketed = /\[ *(\d*)\] +(?=\S)|\[([0-9a-f]{8,}|\?{4,})\] +/y;

/** strace's largest pid is the kernel's PID_MAX_LIMIT (linux/threads.h); a greater number in the first column is a time (-ttt without fraction). */
const maxPid = 4 * 1024 * 1024;

/** Reads the columns that -f, -t…, -r, -n and -i print, in strace's order (strace.c, `printleader`). */
export function readPrefix(line: string): Prefix {
  let end = 0;
  let tracee: Tracee = noTracee;
  pid.lastIndex = 0;
  const process = pid.exec(line);
  if (process !== null && Number(process[1] ?? process[3]) <= maxPid) {
    end = pid.lastIndex;
    tracee = { pid: Number(process[1] ?? process[3]), comm: process[2] ?? process[4] };
  }
  for (const column of [time, relative]) {
    column.lastIndex = end;
    if (column.test(line)) end = column.lastIndex;
  }
  let number: number | undefined;
  for (let columns = 0; columns < 2; columns += 1) {
    bracketed.lastIndex = end;
    const found = bracketed.exec(line);
    if (found === null) break;
    if (found[1] !== undefined && found[1] !== "") number = Number(found[1]);
    end = bracketed.lastIndex;
  }
  return { tracee, number, end };
}

const noTracee: Tracee = { pid: undefined, comm: undefined };
