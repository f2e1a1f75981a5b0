import type { ArgIndex, Because, Filter } from "../seccomp/types.ts";
import type { KnownArguments } from "../aggregator/index.ts";

const because: Because = { type: "fallback", reason: "a further recording would tell nothing new of it", source: "the recording" };

/** Which calls need not be traced again, by their arguments: filters that allow them; every other call is to be traced. */
export function letThrough(known: KnownArguments): readonly Filter[] {
  return [...known].map(([arch, calls]) => ({
    arch,
    defaultAction: { action: "SCMP_ACT_TRACE", errnoRet: 0 },
    enosysAbove: undefined,
    syscalls: new Map(
      [...calls].map(([name, { indices, values }]) => [
        name,
        values.map((tuple) => ({
          action: { action: "SCMP_ACT_ALLOW" } as const,
          rule: { conditions: tuple.map((datum, at) => ({ index: (indices[at] ?? 0) as ArgIndex, op: "SCMP_CMP_EQ" as const, datum })) },
          because,
        })),
      ]),
    ),
  }));
}
