import { endsWith, latin1, startsWith } from "./bytes.ts";
import { readStart } from "./call.ts";
import type { CallReader } from "./call-reader.ts";
import { copyOfHead, joinHalves, type Head } from "./head.ts";
import { asBuffer } from "./lines.ts";
import type { Outlet } from "./outlet.ts";
import { noPrefix, readPrefix, type Prefix } from "./prefix.ts";
import { sourceOf, unparsed } from "./unparsed.ts";

const closing = 0x29;

/** Why the beginning of a call is not read: the log does not have the call's end. */
export const brokenText = "a call without its end";

/**
 * The calls that print. On a shared terminal, the printed text follows the call's arguments. It may have many lines.
 * The call's result stands after the text, or somewhere in it.
 *
 *     write(1, "a\nb\nc\n", 6a
 *     b
 *     c
 *     ) = 6
 */
const printing: ReadonlySet<string> = new Set(["write", "writev"]);
const unknown = Buffer.from(") = ?", "latin1");

/** A call that broke off at the end of its line. */
interface CutCall extends Head {
  /** True if a message of strace broke it off, false if the program's output did. */
  readonly byMessage: boolean;
}

/** Joins calls that other text cut in two. A program that shares standard error with strace writes into its lines. */
export class WovenText {
  readonly #outlet: Outlet;
  readonly #calls: CallReader;
  #cut: CutCall | undefined;

  constructor(outlet: Outlet, calls: CallReader) {
    this.#outlet = outlet;
    this.#calls = calls;
  }

  /** True if a call has broken off. The next line without a leader may continue it. */
  get isWaiting(): boolean {
    return this.#cut !== undefined;
  }

  /** Remembers the call that breaks off at the end of the head. */
  breakOff(head: Head, byMessage: boolean): void {
    this.giveUp();
    this.#cut = { ...copyOfHead(head), byMessage };
  }

  /** Stops waiting for the other half of the call that broke off. */
  giveUp(): void {
    const cut = this.#cut;
    if (cut === undefined) return;
    this.#cut = undefined;
    if (
      !cut.byMessage &&
      printing.has(cut.name) &&
      this.#calls.begin(joinHalves(cut, unknown, 0, unknown.length), true)
    )
      return;
    const text = `${cut.name}(${latin1(cut.bytes, cut.start, cut.end)}`;
    this.#outlet.give(unparsed(brokenText, text, cut.tracee, sourceOf(cut)));
  }

  /**
   * Reads the other half of the call that broke off. False if the line is not that half.
   *
   *     read(3, strace: Process 9 attached
   *     "ab", 9) = 2
   *     ^           ^ start, end
   */
  goesOn(bytes: Uint8Array, start: number, end: number, complete = true): boolean {
    const cut = this.#cut;
    if (cut === undefined) return false;
    if (!cut.byMessage && bytes[start] !== closing && !startsWith(bytes, start, end, unfinished)) return false;
    this.#cut = undefined;
    if (this.#calls.begin(joinHalves(cut, bytes, start, end), complete)) return true;
    this.#cut = cut;
    return false;
  }
}

const unfinished = " <unfinished ...>";

/** The longest message of strace within a line: a path and some words. */
export const maxMessage = 4500;

/** What strace says of threads. Before 4.11, it does so without its name (strace.c of 4.5 to 4.10). */
const ofThreads =
  String.raw`Process \d+ (?:attached(?: with \d+ threads)?(?: \(waiting for parent\))?(?: - interrupt to quit)?` +
  String.raw`|detached|suspended|resumed(?: \(parent \d+ ready\))?)`;

/** A line of strace before 4.11 that is only a message. */
export const oldMessage = new RegExp(
  String.raw`^(?:${ofThreads}|detach: .*|u(?:moven|peek|poke)\w*: .*|ptrace: umoven: .*|PANIC: .*)$`,
);

/** What strace says in the middle of a line. Its name comes first, except before words about threads. */
const words = new RegExp(
  String.raw`(?:(?<threads>${ofThreads})|Exit of unknown pid \d+ ignored` +
    String.raw`|\[ Process PID=\d+ runs in (?:64 bit|32 bit|x32) mode\. \]` +
    String.raw`|WARNING: Proper structure decoding for this personality is not supported[^:]*)$`,
);
const wovenEnds = [
  "tached",
  " threads",
  " ignored",
  " mode. ]",
  " enabled.",
  " parent)",
  " to quit",
  " suspended",
  " resumed",
  " ready)",
];

/**
 * Where a message of strace at the end of a call's line begins. `undefined` if there is none. The line may begin at
 * `start`. `args` is after the `(`.
 *
 *     read(3, strace: Process 9 attached
 *             ^^^^^^^^^^^^^^^^^^^^^^^^^^
 */
export function messageWithin(
  bytes: Uint8Array,
  start: number,
  args: number,
  end: number,
): { readonly at: number; readonly words: string } | undefined {
  if (!wovenEnds.some((words) => endsWith(bytes, start, end, words))) return undefined;
  const from = Math.max(args, end - maxMessage);
  const text = latin1(bytes, from, end);
  const found = words.exec(text);
  if (found === null) return undefined;
  const named = text.startsWith(": ", found.index - 2) ? callerBefore(text, found.index - 2) : undefined;
  if (named === undefined && found.groups?.["threads"] === undefined) return undefined;
  const at = named ?? found.index;
  return { at: from + at, words: text.slice(at) };
}

/**
 * Where strace's name begins, as the user wrote it. The name ends at `end`. `undefined` if something else ends there.
 * Three walks to the left find the beginning, so the time is linear.
 *
 *     clone(child_stack=NULL, flags=CLONE_VM../bin/strace: Process 9 attached
 *                                           ^           ^
 */
function callerBefore(text: string, end: number): number | undefined {
  const path = runBefore(text, end, inPath);
  const slash = text.indexOf("/", path);
  const hasSlash = slash >= 0 && slash < end;
  const name = runBefore(text, end, inName);
  const strace = text.indexOf("strace", name);
  if (strace >= 0 && strace < end) {
    if (!hasSlash) return strace;
    return Math.min(dotsBefore(text, path, slash), relativeBefore(text, name, strace) ?? slash);
  }
  if (!hasSlash) return undefined;
  // The user may have renamed strace. Then the name is the last path that has no colon and is more than a slash.
  const plain = text.indexOf("/", Math.max(path, text.lastIndexOf(":", end - 1) + 1));
  return plain >= 0 && plain < end - 1 ? dotsBefore(text, path, plain) : undefined;
}

/**
 * Where a relative path to strace begins. It begins at a letter that cannot belong to the text before it. A symbol has
 * only capitals, but a number may have small letters.
 */
function relativeBefore(text: string, name: number, strace: number): number | undefined {
  if (name !== strace || text[name - 1] !== "/") return undefined;
  const folders = Math.max(runBefore(text, name, inFolders), text.lastIndexOf("//", name - 1) + 1);
  const first = text.indexOf("/", folders);
  for (let at = folders; at < first; at += 1)
    if (/[a-z]/.test(text[at] ?? "") && /[A-Z_)}\]"(, |]/.test(text[at - 1] ?? "")) return at;
  return undefined;
}

const inPath = /[^\s"<>,]/;
const inName = /[\w.-]/;
const inFolders = /[\w./-]/;

/** Where a run of characters of this kind begins, if the run ends at `end`. */
function runBefore(text: string, end: number, kind: RegExp): number {
  let at = end;
  while (at > 0 && kind.test(text[at - 1] ?? "")) at -= 1;
  return at;
}

/** Where `../` or `./` begins, if the slash belongs to one. */
function dotsBefore(text: string, from: number, slash: number): number {
  let at = slash;
  while (at > from && slash - at < 2 && text[at - 1] === ".") at -= 1;
  return at;
}

/**
 * Where strace's line begins in a line that the program began on a shared standard error. It begins at a `[pid N] ` and
 * an event. With one tracee there is no such mark. -1 if strace's line begins nowhere.
 *
 *     text of the program[pid 12] read(3, "ab", 9) = 2
 *                        ^
 */
export function leaderWithin(bytes: Uint8Array, start: number, end: number): number {
  const text = asBuffer(bytes).subarray(0, end);
  let inner: Prefix | undefined;
  for (let at = text.indexOf("[pid ", start, "latin1"); at >= 0; at = text.indexOf("[pid ", at + 1, "latin1")) {
    inner ??= noPrefix();
    readPrefix(bytes, at, end, inner);
    if (inner.pid >= 0 && isEventAt(bytes, inner.event, end)) return at;
  }
  return -1;
}

/** Does a line of strace begin here, with or without columns? */
export function beginsLine(bytes: Uint8Array, at: number, end: number): boolean {
  const columns = noPrefix();
  readPrefix(bytes, at, end, columns);
  return isEventAt(bytes, columns.event, end);
}

function isEventAt(bytes: Uint8Array, at: number, end: number): boolean {
  return (
    readStart(bytes, at, end) !== undefined ||
    ["<... ", "--- ", "+++ "].some((mark) => startsWith(bytes, at, end, mark))
  );
}
