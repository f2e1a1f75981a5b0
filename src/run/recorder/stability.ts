import { setTimeout as delay } from "node:timers/promises";
import { totalOf, type Aggregator } from "../../core/recording/index.ts";

const pauseMs = 100;

/**
 * Resolves once the workload has begun and then made no new syscall for this many seconds. Rejects when `over` is
 * aborted.
 */
export async function untilStable(
  aggregators: readonly Aggregator[],
  seconds: number,
  over: AbortSignal,
): Promise<void> {
  let distinct = 0;
  let newAt = performance.now();
  for (;;) {
    const counts = aggregators.map((aggregator) => aggregator.counts());
    const now = totalOf("distinct", counts);
    if (now !== distinct || !counts.some(({ started }) => started)) [distinct, newAt] = [now, performance.now()];
    if (performance.now() - newAt >= seconds * 1000) return;
    await delay(pauseMs, undefined, { signal: over });
  }
}
