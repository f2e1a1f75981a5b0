import type { Aggregator } from "../aggregator/index.ts";

/** Between two progress lines: quick at first, then seldom, and only when something new was seen. */
const intervalMs = 2_000;

/**
 * Shows how a recording goes: calls, distinct syscalls, what was new last. A plain line each time, for the workload's own
 * output shares the terminal. Returns the function that ends it.
 */
export function showProgress(aggregators: readonly Aggregator[], note: (line: string) => void): () => void {
  let shown = -1;
  const timer = setInterval(() => {
    const counts = aggregators.map((aggregator) => aggregator.counts());
    const distinct = counts.reduce((sum, count) => sum + count.distinct, 0);
    if (distinct === shown) return;
    shown = distinct;
    const calls = counts.reduce((sum, count) => sum + count.calls, 0);
    const newest = counts.map((count) => count.newest).findLast((name) => name !== undefined);
    note(`recording: ${calls.toLocaleString("en")} calls, ${distinct} distinct syscalls${newest === undefined ? "" : `, new: ${newest}`}`);
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
