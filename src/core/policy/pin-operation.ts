import { callArgs, ruleMatches, type ArgIndex, type Rule } from "../seccomp/index.ts";
import { describeValue } from "../tables/index.ts";
import { joined, sizeOf } from "./joined-rules.ts";
import { ascending, equals32, type PinContext, type Pinner } from "./pin.ts";

/** Operations that a pin allows as well, whichever operation was seen. */
export interface Standing {
  readonly values: readonly bigint[];
  readonly reason: string;
  readonly source: string;
}

export const runtimesOwn = (values: readonly bigint[]): Standing => ({
  values,
  reason: "what the container runtime calls it for",
  source: "strace of the runtimes",
});

export function pinOperation(index: ArgIndex, always: (context: PinContext) => readonly Standing[] = () => []): Pinner {
  return (values, context, syscall) => {
    const seen = new Set(values.map(([value]) => (value ?? 0n) & 0xffff_ffffn));
    const toRule = (value: bigint): Rule => ({ conditions: [equals32(index, value)] });
    return {
      allow: [...seen].sort(ascending).map(toRule),
      also: always(context).flatMap(({ values: standing, reason, source }) => {
        const matched = (rule: Rule): readonly bigint[] =>
          standing.filter((value) => ruleMatches(rule, callArgs({ [index]: value })));
        return joined(
          standing.filter((value) => !seen.has(value)).map(toRule),
          (rule) => matched(rule).length === sizeOf(rule),
        ).map((rule) => ({
          rule,
          reason,
          source,
          words: matched(rule)
            .map((value) => describeValue(syscall, index, value) ?? value.toString())
            .join(" or "),
        }));
      }),
      answers: [],
    };
  };
}

/**
 * Pins of personality compare the whole value, because Docker's default does. The value 0xffffffff only asks for the
 * present one.
 */
export const pinPersonality: Pinner = (values) => ({
  allow: [...new Set([0n, 0xffff_ffffn, ...values.map(([value]) => value ?? 0n)])]
    .sort(ascending)
    .map((datum) => ({ conditions: [{ index: 0, op: "SCMP_CMP_EQ", datum }] })),
  answers: [],
});
