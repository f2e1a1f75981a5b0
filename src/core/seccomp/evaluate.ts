import { badArchAction, enosys } from "./action.ts";
import { buildTree, walk, type RuleTree } from "./tree.ts";
import { hasWideArguments } from "./args.ts";
import { isS390, x32Bit, type ScmpArch } from "../tables/index.ts";
import type { Action, ActionRule, Filter, SeccompData } from "./types.ts";

/** A filter's answer, and the part of the filter that gave it. */
export type Decision =
  | { readonly action: Action; readonly by: "rule"; readonly rule: ActionRule }
  | { readonly action: Action; readonly by: "default" | "enosys-stub" | "bad-architecture" };

/** The oracle: the kernel's answer to this call under this filter. */
export function evaluate(filter: Filter, call: SeccompData): Action {
  return decide(filter, call).action;
}

/** The kernel's answer to this call, and the rule that gave it. */
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

/** The kernel's answer to this syscall with any arguments. `undefined` if it depends on them. */
export function soleAnswer(filter: Filter, name: string, nr: number | undefined): Action | undefined {
  const [rule] = filter.syscalls.get(name) ?? [];
  // A rule without conditions answers before all later rules.
  if (rule !== undefined && rule.rule.conditions.length > 0) return undefined;
  return answeredBefore(filter, nr)?.action ?? rule?.action ?? filter.defaultAction;
}

/** The answer that comes before any rule. `undefined` if the rules decide. */
export function answeredBefore(filter: Filter, nr: number | undefined): Decision | undefined {
  // The stub comes before libseccomp's own checks.
  if (filter.enosysAbove !== undefined && nr !== undefined && stubAnswers(filter.arch, nr, filter.enosysAbove))
    return stub;
  return isForeignNumber(filter, nr) ? badArchitecture : undefined;
}

const stub: Decision = { action: { action: "SCMP_ACT_ERRNO", errnoRet: enosys }, by: "enosys-stub" };

const badArchitecture: Decision = { action: badArchAction, by: "bad-architecture" };

/**
 * x32 calls have bit 30 and x86_64's audit number. libseccomp tells the two apart by that bit. It leaves -1 to the
 * default action.
 */
function isForeignNumber({ arch }: Filter, nr: number | undefined): boolean {
  if (nr === undefined || nr === 0xffff_ffff) return false;
  return (arch === "SCMP_ARCH_X86_64" && nr >= x32Bit) || (arch === "SCMP_ARCH_X32" && nr < x32Bit);
}

/**
 * Does runc's stub answer? It answers numbers above the highest one that the profile names. On s390 it also answers
 * setup(2), which stands for every number that the kernel does not know.
 */
function stubAnswers(arch: ScmpArch, nr: number, above: number): boolean {
  // On x86_64 the stub looks at bit 30 first. Numbers with that bit belong to x32. The stub compares them with x32's
  // highest number, or not at all.
  if (arch === "SCMP_ARCH_X86_64" && (nr & x32Bit) !== 0) return false;
  if (arch === "SCMP_ARCH_X32" && (nr & x32Bit) === 0) return false;
  return nr > above || (nr === 0 && isS390(arch));
}

/**
 * The rule of a syscall that decides a call with these arguments. `undefined` if none matches. `wide`: arguments have
 * 64 bits. If libseccomp would refuse a rule, the filter cannot be installed at all. Here the rules before the refused
 * one answer then.
 */
export function decidingRule(
  rules: readonly ActionRule[],
  args: SeccompData["args"],
  wide: boolean,
): ActionRule | undefined {
  return walk(treeOf(rules, wide), args);
}

/** The comparisons of a syscall's rules, up to a rule that libseccomp refuses. */
export function treeOf(rules: readonly ActionRule[], wide: boolean): RuleTree {
  const trees = wide ? wideTrees : narrowTrees;
  let tree = trees.get(rules);
  if (tree === undefined) trees.set(rules, (tree = installable(rules, wide)));
  return tree;
}

/**
 * The first rule that libseccomp refuses because of earlier ones (the container does not start). `undefined` if all fit
 * together.
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
