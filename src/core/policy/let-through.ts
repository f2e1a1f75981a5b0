import type { ActionRule, ArgCondition, ArgIndex, Because, Filter } from "../seccomp/index.ts";
import type { KnownArguments } from "../recording/index.ts";
import type { ScmpArch } from "../tables/index.ts";

const because: Because = {
  type: "fallback",
  reason: "another recording would show nothing new about it",
  source: "the recording",
};

/**
 * What need not be traced again, whole calls and calls with known arguments, as filters that allow
 * it; everything else is to be traced. The whole ones stand here although strace's own filter
 * leaves them out: for what a program allows by number alone the kernel runs no filter at all
 * (kernel/seccomp.c, seccomp_cache_check_allow), and strace's is not of that kind.
 */
export function letThrough(whole: ReadonlyMap<ScmpArch, readonly string[]>, known: KnownArguments): readonly Filter[] {
  return [...new Set([...whole.keys(), ...known.keys()])].map((arch) => ({
    arch,
    defaultAction: { action: "SCMP_ACT_TRACE", errnoRet: 0 },
    enosysAbove: undefined,
    syscalls: new Map<string, readonly ActionRule[]>([
      ...[...(known.get(arch) ?? [])].map(
        ([name, { indices, values }]) =>
          [
            name,
            values.map((tuple) =>
              allow(tuple.map((datum, at) => ({ index: (indices[at] ?? 0) as ArgIndex, op: "SCMP_CMP_EQ", datum }))),
            ),
          ] as const,
      ),
      ...(whole.get(arch) ?? []).map((name) => [name, [allow([])]] as const),
    ]),
  }));
}

function allow(conditions: readonly ArgCondition[]): ActionRule {
  return { action: { action: "SCMP_ACT_ALLOW" }, rule: { conditions }, because };
}
