import type { DockerProfile } from "../core/profile/index.ts";
import { formatAction, ruleKey, sameAnswers, type ActionRule, type Filter } from "../core/seccomp/index.ts";
import { dockerArch, type ScmpArch } from "../core/tables/index.ts";
import { rulesText } from "./diff.ts";
import { escapeLine } from "../core/text/index.ts";

/**
 * What a profile means, one call on a line, sorted. Two texts differ if and only if the meanings do. The groups that
 * apply only on some hosts come last, each with its condition.
 */
export function renderMeaning(profile: DockerProfile, filters: ReadonlyMap<ScmpArch, Filter>): string {
  const lines = [...filters.values()].flatMap((filter) => [
    `${dockerArch(filter.arch)}: everything else: ${formatAction(filter.defaultAction)}`,
    ...[...filter.syscalls]
      .map(
        ([name, rules]) =>
          `${dockerArch(filter.arch)}: ${name}: ${rulesText(name, inOneOrder(filter, name, rules), filter.arch)}`,
      )
      .sort(),
  ]);
  const conditional = profile.syscalls.flatMap(({ names, action, includes, excludes }) =>
    includes === undefined && excludes === undefined
      ? []
      : [
          `only for some hosts: ${[...names].sort().join(", ")}: ${action}, includes ` +
            `${JSON.stringify(includes ?? {})}, excludes ${JSON.stringify(excludes ?? {})}`,
        ],
  );
  return [...lines, ...conditional.sort()].map((line) => `${escapeLine(line)}\n`).join("");
}

/** The rules of a call. They are sorted if their order decides nothing. */
function inOneOrder(filter: Filter, name: string, rules: readonly ActionRule[]): readonly ActionRule[] {
  const key = ({ action, rule }: ActionRule): string => `${action.action} ${formatAction(action)} ${ruleKey(rule)}`;
  const sorted = [...rules].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return sameAnswers(filter, { ...filter, syscalls: new Map([[name, sorted]]) }, name) ? sorted : rules;
}
