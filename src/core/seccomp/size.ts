import { formatAction } from "./action.ts";
import { hasWideArguments } from "./args.ts";
import { ruleKey } from "./rule.ts";
import { buildTree, type Node } from "./tree.ts";
import type { Filter } from "./types.ts";

/**
 * About how many instructions libseccomp makes from the filters (src/gen_bpf.c). The estimate counts one comparison for
 * each call's number, and the comparisons of the call's rules. It adds a load whenever another half of an argument is
 * needed, and one instruction for each mask. SEMANTICS.md says how near the estimate is to libseccomp's own result.
 */
export function estimateInstructions(filters: Iterable<Filter>): number {
  let sum = 0;
  for (const { arch, syscalls } of filters) {
    sum += perArchitecture + syscalls.size;
    // A part that several calls share occurs once.
    const blocks = new Set<string>();
    for (const rules of syscalls.values()) {
      const first = rules.some(({ rule }) => rule.conditions.length > 0)
        ? buildTree(rules, hasWideArguments(arch)).tree?.first
        : undefined;
      const block =
        first === undefined
          ? ""
          : rules.map(({ rule, action }) => `${formatAction(action)} ${ruleKey(rule)}`).join("\n");
      if (first === undefined || blocks.has(block)) continue;
      blocks.add(block);
      sum += instructionsOf(first.level);
    }
  }
  return sum;
}

/** The checks of architecture and x32, their two loads, and the answers. */
const perArchitecture = 6;

function instructionsOf(level: readonly Node[]): number {
  let loaded = "";
  let sum = 0;
  for (const { arg, high, mask, ways } of level) {
    const masked = mask >>> 0 !== 0xffff_ffff;
    const half = `${arg} ${high}`;
    sum += (half === loaded ? 0 : 1) + (masked ? 1 : 0) + 1;
    const inner = [ways.true.next, ways.false.next].filter((next) => next !== undefined);
    for (const next of inner) sum += instructionsOf(next.level);
    // A mask changes the loaded value, so the next comparison must load it again.
    loaded = masked || inner.length > 0 ? "" : half;
  }
  return sum;
}
