import type { Aggregator } from "../aggregator/index.ts";
import { escapeTerminal } from "../escape.ts";
import { unseenShare, unseenText } from "./completeness.ts";
import type { Terminal } from "./terminal.ts";

/** Between two progress lines: quick at first, then seldom, and only when something new was seen. */
const intervalMs = 2_000;

/** Without anything new, a line comes after this long, then after twice as long, and so on. */
const firstWordMs = 15_000;

/**
 * Shows how a recording goes: calls, distinct syscalls, what was new last. A plain line each time, for the workload's own
 * output shares the terminal. Returns the function that ends it.
 */
export function showProgress(aggregators: readonly Aggregator[], note: (line: string) => void): () => void {
  let shown = -1;
  let nextWord = firstWordMs;
  let newAt = performance.now();
  const timer = setInterval(() => {
    const counts = aggregators.map((aggregator) => aggregator.counts());
    const distinct = counts.reduce((sum, count) => sum + count.distinct, 0);
    const quiet = performance.now() - newAt;
    const same = distinct === shown;
    if (same && quiet < nextWord) return;
    if (same) nextWord *= 2;
    else [newAt, nextWord, shown] = [performance.now(), firstWordMs, distinct];
    const calls = counts.reduce((sum, count) => sum + count.calls, 0);
    const newest = counts.map((count) => count.newest).findLast((name) => name !== undefined);
    const share = unseenShare(calls, counts.reduce((sum, count) => sum + count.seenOnce, 0));
    const news = same ? `, last new one ${Math.round(quiet / 1000)} s ago` : newest === undefined ? "" : `, new: ${newest}`;
    note(`recording: ${calls.toLocaleString("en")} calls, ${distinct} distinct syscalls${news}${same && share !== undefined ? `; ${unseenText(share)}` : ""}`);
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** A file that is read faster than this shows nothing. */
const patienceMs = 500;

/** Shows how the reading of a long file goes, in one line of the terminal that is written over: bytes, rate, time left. Nothing where stderr is no terminal. */
export function showReading(label: string, terminal: Pick<Terminal, "status">): { readonly read: (done: number, total: number | undefined) => void; readonly end: () => void } {
  const { status } = terminal;
  if (status === undefined) return { read: () => undefined, end: () => undefined };
  const begun = performance.now();
  let next = begun + patienceMs;
  let shown = false;
  return {
    read(done, total) {
      const now = performance.now();
      if (now < next) return;
      next = now + 200;
      shown = true;
      status(readingLine(escapeTerminal(label), done, total, (now - begun) / 1000));
    },
    end() {
      if (shown) status("");
    },
  };
}

/** `app.log: 120 of 480 MB, 60 MB/s, 6 s left` */
export function readingLine(label: string, done: number, total: number | undefined, seconds: number): string {
  const rate = done / seconds;
  const size = total === undefined ? `${megabytes(done)} MB` : `${megabytes(done)} of ${megabytes(total)} MB`;
  const left = total === undefined ? "" : `, ${Math.ceil(Math.max(0, total - done) / rate)} s left`;
  return `${label}: ${size}, ${megabytes(rate)} MB/s${left}`;
}

function megabytes(bytes: number): string {
  return Math.round(bytes / 1e6).toLocaleString("en");
}
