import {
  groupApplies,
  toAction,
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
  type Filter,
  type Rule,
} from "../seccomp/index.ts";
import { cloneFlagsIndex, spellingsOf, syscallNumber, type ScmpArch } from "../tables/index.ts";
import { siblingRows } from "./siblings.ts";
import type { Finding, Witness } from "./types.ts";

/**
 * Denies beside which another call does the same. ENOSYS is left out: it sends programs to the
 * sibling, and is meant to.
 */
export function openSiblings(profile: DockerProfile, host: HostContext, filter: Filter): readonly Finding[] {
  return profile.syscalls.flatMap((group, at) => {
    const action = toAction(group.action, group.errnoRet, host.arch);
    const isFallback = action.action === "SCMP_ACT_ERRNO" && action.errnoRet === enosys;
    if (isAllowing(action) || isFallback || !groupApplies(group, host)) return [];
    const pointer = `/syscalls/${at}`;
    return [...wholeCalls(filter, pointer, group), ...namespaces(filter, pointer, group)];
  });
}

function wholeCalls(filter: Filter, pointer: string, { names, args }: DockerSyscallGroup): readonly Finding[] {
  if (args !== undefined) return [];
  return siblingRows.flatMap(({ names: row, does }): readonly Finding[] => {
    const calls = row.flatMap(spellingsOf).filter((name) => syscallNumber(filter.arch, name) !== undefined);
    const denied = calls.filter((name) => names.includes(name) && !allowsSome(filter, name));
    if (denied.length === 0) return [];
    const siblings = calls.flatMap((name) => allowed(filter, name, { conditions: [] }));
    return siblings.length === 0
      ? []
      : [{ kind: "open-sibling", severity: "warning", pointer, names: denied, does, siblings }];
  });
}

/** Calls that make namespaces, with the argument that says which; clone3's flags are in memory. */
function namespaceCalls(arch: ScmpArch): readonly { readonly name: string; readonly index: number | undefined }[] {
  return [
    { name: "clone", index: cloneFlagsIndex(arch) },
    { name: "unshare", index: 0 },
    { name: "clone3", index: undefined },
  ];
}

const namespaceFlags = 0x7e02_0080n;

/** `clone` with CLONE_NEWUSER is denied, and `unshare` or `clone3` makes the same namespace. */
function namespaces(filter: Filter, pointer: string, { names, args = [] }: DockerSyscallGroup): readonly Finding[] {
  const calls = namespaceCalls(filter.arch).filter(({ name }) => syscallNumber(filter.arch, name) !== undefined);
  const with_ = (index: number | undefined, flags: bigint): Rule => ({
    conditions:
      index === undefined ? [] : [{ index: index as 0 | 1, op: "SCMP_CMP_MASKED_EQ", mask: flags, datum: flags }],
  });
  return args.flatMap((arg): readonly Finding[] => {
    const flags = arg.op === "SCMP_CMP_MASKED_EQ" ? (arg.valueTwo ?? 0n) & arg.value : arg.value;
    if (arg.op !== "SCMP_CMP_MASKED_EQ" && arg.op !== "SCMP_CMP_EQ") return [];
    if (flags === 0n || (flags & ~namespaceFlags) !== 0n) return [];
    const denied = calls.filter(
      ({ name, index }) =>
        index === arg.index && names.includes(name) && !allowsSome(filter, name, with_(index, flags)),
    );
    if (denied.length === 0) return [];
    const siblings = calls.flatMap(({ name, index }) => allowed(filter, name, with_(index, flags)));
    return siblings.length === 0
      ? []
      : [
          {
            kind: "open-sibling",
            severity: "warning",
            pointer,
            names: denied.map(({ name }) => name),
            does: "make the same namespaces",
            siblings,
          },
        ];
  });
}

/** A call that matches and is allowed, if there is one. */
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
