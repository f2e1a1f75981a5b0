import { badArchAction, enosys } from "./action.ts";
import { buildTree, walk, type RuleTree } from "./tree.ts";
import { hasWideArguments } from "./args.ts";
import { isS390, x32Bit, type ScmpArch } from "../tables/index.ts";
import type { Action, ActionRule, Filter, SeccompData } from "./types.ts";

/** What a filter answers, and which part of it gave the answer. */
export type Decision =
  | { readonly action: Action; readonly by: "rule"; readonly rule: ActionRule }
  | { readonly action: Action; readonly by: "default" | "enosys-stub" | "bad-architecture" };

/** The oracle: what the kernel does with this call under this filter. */
export function evaluate(filter: Filter, call: SeccompData): Action {
  return decide(filter, call).action;
}

/** What the kernel does with this call, and which rule said so. */
export function decide(filter: Filter, call: SeccompData): Decision {
  if (call.arch !== filter.arch) return badArchitecture;
  const before = answeredBefore(filter, call.nr);
  if (before !== undefined) return before;
  const rules = filter.syscalls.get(call.name);
  const rule = rules === undefined ? undefined : decidingRule(rules, call.args, hasWideArguments(filter.arch));
  return rule === undefined
    ? { action: filter.defaultAction, by: "default" }
    : { action: rule.action, by: "rule", rule };
}

/**
 * What the kernel does with this syscall whatever its arguments are. `undefined` if it depends on
 * them.
 */
export function soleAnswer(filter: Filter, name: string, nr: number | undefined): Action | undefined {
  const [rule] = filter.syscalls.get(name) ?? [];
  // A rule without conditions answers before any later one.
  if (rule !== undefined && rule.rule.conditions.length > 0) return undefined;
  return answeredBefore(filter, nr)?.action ?? rule?.action ?? filter.defaultAction;
}

/** The answer that comes before any rule. `undefined` if the rules decide. */
export function answeredBefore(filter: Filter, nr: number | undefined): Decision | undefined {
  // The stub stands before libseccomp's own checks.
  if (filter.enosysAbove !== undefined && nr !== undefined && stubAnswers(filter.arch, nr, filter.enosysAbove))
    return stub;
  return isForeignNumber(filter, nr) ? badArchitecture : undefined;
}

const stub: Decision = { action: { action: "SCMP_ACT_ERRNO", errnoRet: enosys }, by: "enosys-stub" };

const badArchitecture: Decision = { action: badArchAction, by: "bad-architecture" };

/**
 * x32 calls carry bit 30 and come in under x86_64's audit number; libseccomp tells the two apart by
 * it. It leaves -1 to the default.
 */
function isForeignNumber({ arch }: Filter, nr: number | undefined): boolean {
  if (nr === undefined || nr === 0xffff_ffff) return false;
  return (arch === "SCMP_ARCH_X86_64" && nr >= x32Bit) || (arch === "SCMP_ARCH_X32" && nr < x32Bit);
}

/**
 * runc's stub: numbers above the highest one named, and setup(2) on s390, which stands for every
 * number the kernel does not know there.
 */
function stubAnswers(arch: ScmpArch, nr: number, above: number): boolean {
  // On x86_64 it looks at bit 30 first: numbers with it are x32's, and are compared with x32's
  // highest number or not at all.
  if (arch === "SCMP_ARCH_X86_64" && (nr & x32Bit) !== 0) return false;
  if (arch === "SCMP_ARCH_X32" && (nr & x32Bit) === 0) return false;
  return nr > above || (nr === 0 && isS390(arch));
}

/**
 * The rule of a syscall that decides a call with these arguments. `undefined` if none matches.
 * `wide`: 64-bit arguments. Where libseccomp would refuse the rules the filter cannot be installed
 * at all: the rules up to the refused one answer.
 */
export function decidingRule(
  rules: readonly ActionRule[],
  args: SeccompData["args"],
  wide: boolean,
): ActionRule | undefined {
  return walk(treeOf(rules, wide), args);
}

/** The comparisons of a syscall's rules, as far as libseccomp takes them. */
export function treeOf(rules: readonly ActionRule[], wide: boolean): RuleTree {
  const trees = wide ? wideTrees : narrowTrees;
  let tree = trees.get(rules);
  if (tree === undefined) trees.set(rules, (tree = installable(rules, wide)));
  return tree;
}

/**
 * The first rule that libseccomp refuses because of the ones before it (the container does not
 * start). `undefined` if all fit together.
 */
export function refusedRule(rules: readonly ActionRule[], wide: boolean): ActionRule | undefined {
  return buildTree(rules, wide).conflict;
}

const wideTrees = new WeakMap<readonly ActionRule[], RuleTree>();
const narrowTrees = new WeakMap<readonly ActionRule[], RuleTree>();

function installable(rules: readonly ActionRule[], wide: boolean): RuleTree {
  const built = buildTree(rules, wide);
  return built.tree ?? installable(rules.slice(0, rules.indexOf(built.conflict)), wide);
}
