import type { ArgCondition, ArgIndex, CompareOp, Rule } from "../seccomp/index.ts";
import type { DockerArg } from "./types.ts";

/**
 * The rules that a group's `args` become. It is one and-bound rule, unless two conditions are on the same argument.
 * Then every condition becomes a rule of its own, also those on other arguments, and the rules are or-bound (runc
 * matchCall(), crun libcrun_generate_seccomp()).
 */
export function toRules(args: readonly DockerArg[] | undefined): readonly Rule[] {
  const conditions = (args ?? []).map(toCondition);
  const indexes = new Set(conditions.map(({ index }) => index));
  return indexes.size === conditions.length
    ? [{ conditions }]
    : conditions.map((condition) => ({ conditions: [condition] }));
}

function toCondition({ index, op, value, valueTwo }: DockerArg): ArgCondition {
  // The schema limits the index.
  const at = index as ArgIndex;
  if (op === "SCMP_CMP_MASKED_EQ") return { index: at, op, mask: value, datum: (valueTwo ?? 0n) & value };
  return { index: at, op: op as CompareOp, datum: value };
}
