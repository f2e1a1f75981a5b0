import { CallReader } from "./call-reader.ts";
import { LineReader } from "./line-reader.ts";
import { asBuffer, CutLine, newlineFrom } from "./lines.ts";
import { OpenCalls } from "./open-calls.ts";
import { OtherLines } from "./other-lines.ts";
import { Outlet, type Visitor } from "./outlet.ts";
import { PlainCalls } from "./plain-calls.ts";
import { PlainRun } from "./plain-run.ts";
import type { Tally } from "./tally.ts";
import type { StraceEvent } from "./types.ts";
import { WovenText } from "./woven-text.ts";

export interface ParserOptions {
  /** What to call the log in events' `source`. */
  readonly file?: string | undefined;
}

/** The push core: feed bytes, get events. `end` gives what was still open. */
export interface StraceParser {
  /**
   * Events read from the chunk when the caller uses them: do not write to it while you keep them.
   * The parser itself keeps nothing of it.
   */
  push(chunk: Uint8Array | string): StraceEvent[];
  /**
   * As `push`, but hands each event over as soon as it is read and collects none: the event of a
   * call is the same object each time, to be read before `visit` returns. What `visit` throws ends
   * the log. With a tally, always the same one for a log, calls may be counted there instead.
   */
  each<Kind>(chunk: Uint8Array | string, visit: Visitor, tally?: Tally<Kind>): void;
  end(): StraceEvent[];
  /**
   * Lines read so far, how many of them began with what the program wrote and went on with strace's
   * words (two events), and how many went on with what an earlier one began (none): the others are
   * one event each.
   */
  counts(): { readonly lines: number; readonly shared: number; readonly continuations: number };
}

/**
 * A parser of one log (strace -o FILE, or strace's standard error). Total: no bytes make it throw.
 *
 *     chunk → CutLine → PlainRun ─┬─ plain lines ─▶ PlainCalls ─────────────────┬─▶ Outlet → events
 *                                 └─ other lines ─▶ LineReader ─┬─▶ CallReader ─┤
 *                                                               └─▶ OtherLines ─┘
 *
 * OpenCalls knows which calls threads are inside of, WovenText the call that the program's output
 * cut in two.
 */
export function createStraceParser({ file }: ParserOptions = {}): StraceParser {
  const outlet = new Outlet();
  const open = new OpenCalls(outlet);
  const calls = new CallReader(outlet, open);
  const woven = new WovenText(outlet, calls);
  const closely = new LineReader({ file, outlet, calls, woven, others: new OtherLines(outlet, open) });
  const run = new PlainRun({ outlet, open, calls: new PlainCalls(file, outlet, open, woven), closely });
  const cutLine = new CutLine();

  const read = (chunk: Uint8Array | string): void => {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, "utf8") : asBuffer(chunk);
    let start = 0;
    if (!cutLine.isEmpty) {
      start = newlineFrom(bytes, 0) + 1;
      if (start === 0) return cutLine.hold(bytes, 0, bytes.length);
      run.read(cutLine.take(bytes.subarray(0, start)), 0);
    }
    cutLine.hold(bytes, run.read(bytes, start), bytes.length);
  };

  const visiting = (visit: Visitor, reuses: boolean, work: () => void): void => {
    try {
      outlet.while(visit, reuses, work);
    } finally {
      open.letGoOfChunk();
    }
  };

  const collecting = (work: () => void): StraceEvent[] => {
    const events: StraceEvent[] = [];
    visiting((event) => events.push(event), false, work);
    return events;
  };

  return {
    each(chunk, visit, tally) {
      open.tally ??= tally as Tally<unknown> | undefined;
      visiting(visit, true, () => read(chunk));
    },
    push: (chunk) => collecting(() => read(chunk)),
    end: () =>
      collecting(() => {
        if (!cutLine.isEmpty) run.readLast(cutLine.take(new Uint8Array()));
        woven.giveUp();
        open.dropAll();
      }),
    // Every line is one event, unless it goes on with, or is gone on with by, another, or two share
    // it.
    counts: () => ({
      lines: run.line,
      shared: closely.shared,
      continuations: run.line + closely.shared - outlet.given,
    }),
  };
}
