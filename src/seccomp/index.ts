/** The algebra of filters: actions, conditions, rules, what implies what, and what the kernel answers. SEMANTICS.md has the law. */
export { allowsSome } from "./allows-some.ts";
export { badArchAction, defaultErrno, enosys, formatAction, isAllowing, sameAction } from "./action.ts";
export { argIndexes, callArgs, hasWideArguments } from "./args.ts";
export { compileFilters, maxInstructions, opcodes, runOn } from "./compile.ts";
export type { Instruction } from "./compile.ts";
export { conditionMatches, maxValue } from "./condition.ts";
export { TooManyWays } from "./diagram.ts";
export { decide, decidingRule, evaluate, refusedRule, soleAnswer } from "./evaluate.ts";
export type { Decision } from "./evaluate.ts";
export { impliedByAny } from "./implies.ts";
export { answersOf, partition, sameAnswers } from "./partition.ts";
export { comparisonWords, formatCondition, formatRule, ruleKey, ruleMatches } from "./rule.ts";
export type { DescribeValue } from "./rule.ts";
export { exceptionsOf, without } from "./without.ts";
export { estimateInstructions } from "./size.ts";
export { passedByUpperBits } from "./upper-bits.ts";
export type { PassedValues } from "./upper-bits.ts";
export type * from "./types.ts";
