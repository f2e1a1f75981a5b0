import { beforeBlanks, latin1, startsWith } from "./bytes.ts";
import { readStart, type CallContext, type CallStart } from "./call.ts";
import type { CallReader } from "./call-reader.ts";
import type { Head } from "./head.ts";
import { isOdd, maxLine } from "./lines.ts";
import type { OtherLines } from "./other-lines.ts";
import type { Outlet } from "./outlet.ts";
import { noPrefix, readPrefix, traceeIn } from "./prefix.ts";
import { maxShown, sourceOf, unparsed } from "./unparsed.ts";
import { leaderWithin, messageWithin, type WovenText } from "./woven-text.ts";

const less = 0x3c;

/** A line of the log, without its newline. */
export interface LogLine {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** True if a newline ends it. */
  readonly complete: boolean;
  /** Counted from 1. */
  readonly line: number;
}

/** The parts that read lines closely. */
export interface LineReaderParts {
  readonly file: string | undefined;
  readonly outlet: Outlet;
  readonly calls: CallReader;
  readonly woven: WovenText;
  readonly others: OtherLines;
}

/** Reads lines closely. It knows the lines before them, and takes any content. */
export class LineReader {
  /** The number of lines with two events: one of the program, one of strace. */
  shared = 0;
  readonly #parts: LineReaderParts;
  readonly #columns = noPrefix();

  constructor(parts: LineReaderParts) {
    this.#parts = parts;
  }

  /** An odd line is read without its odd characters. */
  read(line: LogLine): void {
    const { bytes, start, end } = line;
    if (!isOdd(bytes, start, end, true) || end - start > maxLine) return this.#read(line, start);
    const plain = cleaned(latin1(bytes, start, end));
    this.#read({ ...line, bytes: plain, start: 0, end: plain.length }, 0);
  }

  /**
   * The text before `from` belongs to the program.
   *
   *     text of the program[pid 12] read(3, "ab", 9) = 2
   *     ^ start            ^ from   ^ at                ^ end
   */
  #read(logLine: LogLine, from: number): void {
    const { bytes, start, end, complete } = logLine;
    const { outlet, woven, calls } = this.#parts;
    readPrefix(bytes, from, end, this.#columns);
    const { event: at } = this.#columns;
    const context = this.#contextOf(logLine);
    const { tracee } = context;
    if (end - start > maxLine) {
      const begins = latin1(bytes, start, start + maxShown);
      outlet.give(unparsed("a line longer than 16 MiB", begins, tracee, sourceOf(context)));
      return;
    }
    const last = beforeBlanks(bytes, at, end);
    if (tracee.pid === undefined && woven.goesOn(bytes, at, last, complete)) return;
    const call = readStart(bytes, at, last);
    if (call !== undefined) return this.#readCall(call, at, complete, context);
    if (bytes[at] === less && startsWith(bytes, at, last, "<... "))
      return calls.resume(bytes, at, last, complete, context);
    const leader = tracee.pid === undefined ? leaderWithin(bytes, at, last) : -1;
    if (leader <= at) return this.#readOther(logLine, at, last, context);
    this.shared += 1;
    const text = latin1(bytes, start, leader);
    outlet.give(unparsed("of the program, before a line of strace", text, tracee, sourceOf(context)));
    this.#read(logLine, leader);
  }

  #contextOf({ bytes, start, line }: LogLine): CallContext {
    const { event, number } = this.#columns;
    return {
      tracee: traceeIn(bytes, this.#columns),
      number: number < 0 ? undefined : number,
      file: this.#parts.file,
      line,
      column: event - start + 1,
    };
  }

  /**
   *     8 read(3, "ab", 9) = 2
   *       ^ at ^ call.start   ^ call.end
   */
  #readCall(call: CallStart, at: number, complete: boolean, context: CallContext): void {
    const { bytes, end } = call;
    const { outlet, calls, woven, others } = this.#parts;
    const head: Head = { name: call.name, bytes, start: call.start, end, isOpen: false, ...context };
    const message = messageWithin(bytes, at, call.start, end);
    if (message !== undefined) {
      woven.breakOff({ ...head, end: message.at }, true);
      outlet.give(others.read(message.words, "", context));
    } else if (!calls.begin(head, complete)) woven.breakOff(head, false);
  }

  #readOther({ bytes, start, end }: LogLine, at: number, last: number, context: CallContext): void {
    const begins = latin1(bytes, start, Math.min(end, start + 3));
    const event = this.#parts.others.read(latin1(bytes, at, last), begins, context);
    if (event.kind !== "unparsed" || context.tracee.pid !== undefined) return this.#parts.outlet.give(event);
    // The line is not strace's, so what looked like columns belongs to its text.
    const text = latin1(bytes, start, Math.min(last, start + maxShown));
    this.#parts.outlet.give({ ...event, source: { ...event.source, column: 1 }, text });
  }
}

/**
 * The text without colours (color.c), carriage returns and NULs (holes in a file that a program truncated). strace
 * writes none of them as data.
 */
function cleaned(text: string): Uint8Array {
  return Buffer.from(text.replace(odd, ""), "latin1");
}

const odd = new RegExp(String.raw`\x1b\[[0-9;]*m|\0+|\r$`, "g");
