import type { DockerProfile } from "../profile/types.ts";
import { decidingRule, formatAction, hasWideArguments, partition, ruleKey, sameAction } from "../seccomp/index.ts";
import type { ActionRule, Filter } from "../seccomp/types.ts";
import { dockerArch } from "../tables/index.ts";
import type { ScmpArch } from "../tables/types.ts";
import { rulesText } from "./diff.ts";
import { escapeLine } from "../escape.ts";

/** What a profile means, one line a call, sorted: two texts differ where the meanings do. Groups that some hosts only have are marked by the host's condition. */
export function renderMeaning(profile: DockerProfile, filters: ReadonlyMap<ScmpArch, Filter>): string {
  const lines = [...filters.values()].flatMap(({ arch, defaultAction, syscalls }) => [
    `${dockerArch(arch)}: everything else: ${formatAction(defaultAction)}`,
    ...[...syscalls].map(([name, rules]) => `${dockerArch(arch)}: ${name}: ${rulesText(name, inOneOrder(arch, rules))}`).sort(),
  ]);
  const conditional = profile.syscalls.flatMap(({ names, action, includes, excludes }) =>
    includes === undefined && excludes === undefined ? [] : [`only for some hosts: ${[...names].sort().join(", ")}: ${action}, includes ${JSON.stringify(includes ?? {})}, excludes ${JSON.stringify(excludes ?? {})}`],
  );
  return [...lines, ...conditional.sort()].map((line) => `${escapeLine(line)}\n`).join("");
}

/** Sorted, where their order decides nothing. */
function inOneOrder(arch: ScmpArch, rules: readonly ActionRule[]): readonly ActionRule[] {
  const key = ({ action, rule }: ActionRule): string => `${action.action} ${formatAction(action)} ${ruleKey(rule)}`;
  const sorted = [...rules].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const wide = hasWideArguments(arch);
  for (const args of partition(rules.map(({ rule }) => rule))) {
    const [was, is] = [decidingRule(rules, args, wide), decidingRule(sorted, args, wide)];
    if (was === undefined ? is !== undefined : is === undefined || !sameAction(was.action, is.action)) return rules;
  }
  return sorted;
}
