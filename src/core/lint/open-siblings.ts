import {
  groupApplies,
  toAction,
  type DockerArg,
  type DockerProfile,
  type DockerSyscallGroup,
  type HostContext,
} from "../profile/index.ts";
import {
  allowsSome,
  enosys,
  evaluate,
  isAllowing,
  partition,
  ruleMatches,
  type ArgIndex,
  type Filter,
  type Rule,
} from "../seccomp/index.ts";
import { cloneFlagsIndex, spellingsOf, syscallNumber } from "../tables/index.ts";
import { argumentSiblings, siblingRows } from "./siblings.ts";
import type { Finding, Witness } from "./types.ts";

/**
 * Denied calls although the profile allows another call that does the same. Groups that answer ENOSYS are left out,
 * because they send programs to the other call on purpose.
 */
export function openSiblings(profile: DockerProfile, host: HostContext, filter: Filter): readonly Finding[] {
  return profile.syscalls.flatMap((group, at) => {
    const action = toAction(group.action, group.errnoRet, host.arch);
    const isFallback = action.action === "SCMP_ACT_ERRNO" && action.errnoRet === enosys;
    if (isAllowing(action) || isFallback || !groupApplies(group, host)) return [];
    const pointer = `/syscalls/${at}`;
    return [...wholeCalls(filter, pointer, group), ...sameArguments(filter, pointer, group)];
  });
}

function wholeCalls(filter: Filter, pointer: string, { names, args }: DockerSyscallGroup): readonly Finding[] {
  if (args !== undefined) return [];
  return siblingRows.flatMap(({ names: row, alsoOpen = [], does }): readonly Finding[] => {
    const calls = row.flatMap(spellingsOf).filter((name) => syscallNumber(filter.arch, name) !== undefined);
    const denied = calls.filter((name) => names.includes(name) && !allowsSome(filter, name));
    if (denied.length === 0) return [];
    const siblings = [...calls, ...alsoOpen].flatMap((name) => allowed(filter, name, { conditions: [] }));
    return siblings.length === 0
      ? []
      : [{ kind: "open-sibling", severity: "warning", pointer, names: denied, does, siblings }];
  });
}

/**
 * The same for arguments. For example, the profile denies `clone` with CLONE_NEWUSER, but `unshare` or `clone3` can
 * make the same namespace.
 */
function sameArguments(filter: Filter, pointer: string, { names, args = [] }: DockerSyscallGroup): readonly Finding[] {
  return args.flatMap((arg) => {
    const meant = maskOf(arg);
    if (meant === undefined) return [];
    const within = (index: ArgIndex | undefined): Rule => ({
      conditions: index === undefined ? [] : [{ index, op: "SCMP_CMP_MASKED_EQ", ...meant }],
    });
    return argumentSiblings.flatMap(({ calls: row, bits, does }): readonly Finding[] => {
      if (bits !== undefined && (meant.datum === 0n || (meant.datum & ~bits) !== 0n)) return [];
      const calls = row
        .filter(([name]) => syscallNumber(filter.arch, name) !== undefined)
        .map(([name, index]) => ({ name, index: index === "clone flags" ? cloneFlagsIndex(filter.arch) : index }));
      const denied = calls
        .filter(({ name, index }) => index === arg.index && names.includes(name))
        .filter(({ name, index }) => !allowsSome(filter, name, within(index)))
        .map(({ name }) => name);
      if (denied.length === 0) return [];
      const siblings = calls.flatMap(({ name, index }) => allowed(filter, name, within(index)));
      return siblings.length === 0
        ? []
        : [{ kind: "open-sibling", severity: "warning", pointer, names: denied, does, siblings }];
    });
  });
}

/** The values that a condition names: one value, or those with some bits set. `undefined` for ranges. */
function maskOf({
  op,
  value,
  valueTwo = 0n,
}: DockerArg): { readonly mask: bigint; readonly datum: bigint } | undefined {
  if (op === "SCMP_CMP_EQ") return { mask: 0xffff_ffff_ffff_ffffn, datum: value };
  if (op !== "SCMP_CMP_MASKED_EQ") return undefined;
  const datum = value & valueTwo;
  if ((value & 0xffff_ffffn) === 0xffff_ffffn) return { mask: value, datum };
  return datum === 0n ? undefined : { mask: datum, datum };
}

/** A call that `within` matches and the filter allows. Empty if there is none. */
function allowed(filter: Filter, name: string, within: Rule): readonly Witness[] {
  const nr = syscallNumber(filter.arch, name);
  for (const args of partition([
    { ask: "answer", filter, name },
    { ask: "match", rule: within },
  ])) {
    const call = { arch: filter.arch, name, nr, args };
    const answer = evaluate(filter, call);
    if (ruleMatches(within, args) && isAllowing(answer)) return [{ call, answer }];
  }
  return [];
}
