import type { Aggregator } from "../../core/recording/index.ts";

/** Says that a program created a process that no tracer can follow. `undefined` if none did. */
export function untracedIn(aggregators: readonly Aggregator[]): string | undefined {
  return aggregators.some((aggregator) => aggregator.facts().unseen.has("untraced"))
    ? "a program made a process that strace cannot see (CLONE_UNTRACED)"
    : undefined;
}
