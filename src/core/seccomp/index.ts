/**
 * The algebra of filters: actions, conditions, rules, implication, and the kernel's answers. SEMANTICS.md has the law.
 */
export { allowsSome } from "./allows-some.ts";
export { badArchAction, defaultErrno, enosys, formatAction, isAllowing, sameAction } from "./action.ts";
export { argIndexes, callArgs, hasWideArguments } from "./args.ts";
export { compileFilters, maxInstructions, opcodes, type Instruction } from "./compile.ts";
export { conditionMatches, fewValues, maxValue } from "./condition.ts";
export { TooManyWays } from "./diagram.ts";
export { decide, evaluate, refusedRule, soleAnswer, type Decision } from "./evaluate.ts";
export { impliedByAny } from "./implies.ts";
export { answersOf, callsOf, partition, sameAnswers } from "./partition.ts";
export {
  argumentName,
  argumentWords,
  callWords,
  conditionWords,
  formatRule,
  limitWords,
  valueWords,
} from "./condition-words.ts";
export { ruleKey, ruleMatches } from "./rule.ts";
export { exceptionsOf, without } from "./without.ts";
export { estimateInstructions } from "./size.ts";
export { allowsOperation, callsOfOperation } from "./operations.ts";
export { passedByUpperBits, type PassedCall } from "./upper-bits.ts";
export type * from "./types.ts";
