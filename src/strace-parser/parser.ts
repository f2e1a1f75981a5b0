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
  /** The log's name in the `source` of events. */
  readonly file?: string | undefined;
}

/** The push interface: feed bytes, get events. `end` gives the events of what was still open. */
export interface StraceParser {
  /**
   * The events read the chunk only when the caller uses them. Do not write to the chunk while you keep the events. The
   * parser itself keeps nothing of the chunk.
   */
  push(chunk: Uint8Array | string): StraceEvent[];
  /**
   * As `push`, but hands each event over as soon as it is read and collects none. Every call is the same object: read
   * it before `visit` returns. If `visit` throws, the log ends. With a tally, calls may be counted there instead. Give
   * the same tally for the whole log.
   */
  each<Kind>(chunk: Uint8Array | string, visit: Visitor, tally?: Tally<Kind>): void;
  end(): StraceEvent[];
  /**
   * `lines` were read so far. Of these, `shared` have two events: the program began the line and strace went on in it.
   * `continuations` go on with an event that an earlier line began, and have none. Each other line is one event.
   */
  counts(): { readonly lines: number; readonly shared: number; readonly continuations: number };
}

/**
 * Parses one log (strace -o FILE, or strace's standard error). No bytes make it throw.
 *
 *     chunk → CutLine → PlainRun ─┬─ plain lines ─▶ PlainCalls ─────────────────┬─▶ Outlet → events
 *                                 └─ other lines ─▶ LineReader ─┬─▶ CallReader ─┤
 *                                                               └─▶ OtherLines ─┘
 *
 * OpenCalls knows which calls threads are inside of. WovenText knows the call that the program's output cut in two.
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
    // Every line is one event, with two exceptions. A line that goes on with an earlier one is none, and a line that
    // strace and the program share is two.
    counts: () => ({
      lines: run.line,
      shared: closely.shared,
      continuations: run.line + closely.shared - outlet.given,
    }),
  };
}
