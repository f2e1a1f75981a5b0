import type { Aggregator, SoughtTracer } from "../../core/recording/index.ts";

const consequences: { readonly [By in SoughtTracer["by"]]: string } = {
  ptrace:
    "traces processes itself (ptrace), which it cannot while it is recorded: a process has one " +
    "tracer only. Calls may be missing; --allow ptrace if it must be able to in production",
  status:
    "read /proc/self/status, which names a tracer: if it looks for debuggers, it may do something " +
    "else when nobody traces it. verify runs it untraced",
};

/** Warnings about programs that may have noticed that they were recorded. */
export function soughtTracer(aggregators: readonly Aggregator[]): readonly string[] {
  return (["ptrace", "status"] as const).flatMap((by) => {
    const programs = aggregators
      .flatMap((aggregator) => aggregator.sought().filter((sought) => sought.by === by))
      .flatMap((sought) => [...sought.programs]);
    return programs.length === 0 ? [] : [`${[...new Set(programs)].sort().join(", ")}: ${consequences[by]}`];
  });
}
