import type { Aggregator, SoughtTracer } from "../../core/recording/index.ts";

const consequences: { readonly [By in SoughtTracer["by"]]: string } = {
  ptrace:
    "traces processes itself (ptrace). It cannot do so while it is recorded, because a process has " +
    "only one tracer. Calls may be missing; add --allow ptrace if it traces in production",
  status:
    "read /proc/self/status, which shows whether a process is traced. A program that looks for " +
    "debuggers may behave differently when it is not traced. verify runs it untraced",
};

/** Warnings about programs that may have noticed the recording. */
export function soughtTracer(aggregators: readonly Aggregator[]): readonly string[] {
  return (["ptrace", "status"] as const).flatMap((by) => {
    const programs = aggregators
      .flatMap((aggregator) => aggregator.sought().filter((sought) => sought.by === by))
      .flatMap((sought) => [...sought.programs]);
    return programs.length === 0 ? [] : [`${[...new Set(programs)].sort().join(", ")}: ${consequences[by]}`];
  });
}
