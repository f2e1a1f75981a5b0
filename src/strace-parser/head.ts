import { copyOf, endsWith, join, latin1 } from "./bytes.ts";
import type { CallContext, CallStart } from "./call.ts";

/** A call, or the first half of one that ends in another line. */
export interface Head extends CallStart, CallContext {
  /** The chunk's bytes while the chunk is read, then a copy of the head alone. */
  bytes: Uint8Array;
  start: number;
  end: number;
  /** True while its thread is inside the call. */
  isOpen: boolean;
}

/** The head with memory of its own, because the next line may stand in another chunk. */
export function copyOfHead(head: Head): Head {
  const { bytes, start, end } = head;
  return { ...head, bytes: copyOf(bytes, start, end), start: 0, end: end - start, isOpen: false };
}

/** The head with the other half of its call. */
export function joinHalves(head: Head, rest: Uint8Array, restStart: number, restEnd: number): Head {
  const whole = join(head.bytes, head.start, head.end, rest, restStart, restEnd);
  return { ...head, bytes: whole, start: 0, end: whole.length, isOpen: false };
}

/** May a second half of this name belong to the head? strace may learn the name only when the call ends. */
export function isHeadOf(head: Head | undefined, name: string): boolean {
  return head !== undefined && (head.name === name || head.name.startsWith("???"));
}

export function isExecve(name: string): boolean {
  return name === "execve" || name === "execveat";
}

const greater = 0x3e;

/** strace's marks at the end of a first half. */
const halfMark = new RegExp(
  " ?<(?:(unfinished|detached|pid changed to \\d+) \\.\\.\\." +
    "|Cannot restart pid \\d+ with ptrace\\([^()<>]*\\): [^<>]*" +
    "|ptrace\\([^()<>]*\\):[^<>]*)>$",
);

/**
 * The call without strace's mark, for a call that strace could not finish on its line. `released`: strace let go of the
 * thread, or the thread's log goes on in another file (-ff). `undefined` if there is no mark.
 *
 *     8 read(3,  <unfinished ...>
 *               ^^^^^^^^^^^^^^^^^
 *     8 read(3, <detached ...>
 *              ^^^^^^^^^^^^^^^
 */
export function firstHalf(head: Head): { readonly head: Head; readonly released: boolean } | undefined {
  const { bytes, start, end } = head;
  if (bytes[end - 1] !== greater) return undefined;
  const from = Math.max(start, end - (endsWith(bytes, start, end, " ...>") ? 40 : 200));
  const mark = halfMark.exec(latin1(bytes, from, end));
  if (mark === null) return undefined;
  return {
    head: { ...head, end: from + mark.index, isOpen: false },
    released: mark[1] !== undefined && mark[1] !== "unfinished",
  };
}
