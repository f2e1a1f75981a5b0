import {
  groupsByCall,
  hostsOfCall,
  machinesOf,
  resolve,
  resolveFor,
  toAction,
  type DockerProfile,
  type DockerSyscallGroup,
  type HostContext,
} from "../profile/index.ts";
import { isAllowing, type Filter } from "../seccomp/index.ts";
import { engineArches, hostArch, isSyscallName, multiplexerOf, syscallNumber, type ScmpArch } from "../tables/index.ts";
import { newlyPossible } from "./change.ts";
import type { Elsewhere } from "./types.ts";

type Filters = ReadonlyMap<ScmpArch, Filter>;

/** What a comparison on other hosts needs to know. */
export interface ElsewhereContext {
  /** The hosts for which the profiles are compared anyway. */
  readonly hosts: readonly HostContext[];
  /** The profile that nothing may exceed. `undefined` to skip that question. */
  readonly ceiling?: DockerProfile;
  /**
   * True if `before` and `after` are two states of one profile. A call that both allow on the given hosts may still be
   * new on another host.
   */
  readonly sameProfile?: boolean;
}

/**
 * Calls that `after` allows and `before` denies on some host, unless the given hosts already show them. The search is
 * complete over architectures, kernels, capabilities and engines. Throws TooManyWays, also if the groups of one call
 * name more capabilities than can be searched.
 */
export function openedElsewhere(
  before: DockerProfile,
  after: DockerProfile,
  { hosts, ceiling, sameProfile = false }: ElsewhereContext,
): readonly Elsewhere[] {
  const [base] = hosts;
  if (base === undefined) return [];
  const [formerHere, here] = [resolveFor(before, hosts), resolveFor(after, hosts)];
  const [old, next, limit] = [before, after, ceiling].map((profile) =>
    profile === undefined ? undefined : groupsByCall(profile),
  );
  const sameDefault = before.defaultAction === after.defaultAction;
  const opensAll = allowsUnnamed(after, base) && !allowsUnnamed(before, base);
  const found: Elsewhere[] = [];
  for (const syscall of new Set([...(old?.keys() ?? []), ...(next?.keys() ?? [])])) {
    if (!isSyscallName(syscall)) continue;
    const [former, groups] = [old?.get(syscall) ?? [], next?.get(syscall) ?? []];
    // Only `before` names the call, so the call is one of those that the new default allows.
    if (opensAll && groups.length === 0) continue;
    const judged = hosts.some(({ arch }) => exists(arch, syscall));
    // Groups without conditions answer alike on every host that has the call.
    if (judged && ![...groups, ...former].some(isConditional)) continue;
    if (sameDefault && groupsText(groups) === groupsText(former)) continue;
    const isShown =
      !sameProfile ||
      [...here].some(([arch, filter]) => newlyPossible(formerHere.get(arch), filter, undefined, syscall) !== undefined);
    const asked = [...groups, ...former, ...(limit?.get(syscall) ?? [])];
    const arches = new Set(hosts.map(({ arch }) => arch));
    if (groups.some(namesArches)) for (const arch of engineArches) arches.add(arch);
    else if (!judged || former.some(namesArches)) for (const arch of machinesOf(after)) arches.add(arch);
    // No machine that the profile is meant for has the call. Another machine still obeys the profile.
    const isStray = ![...arches, ...here.keys()].some((arch) => exists(arch, syscall));
    // Here the profile names only sub-calls, which lead to socketcall or ipc on such a machine.
    if (isStray && ceiling === undefined && !groups.some(({ names }) => names.includes(syscall))) continue;
    if (isStray) for (const arch of engineArches) arches.add(arch);
    // Without runc's stub: it answers only calls that no group names.
    for (const host of hostsOfCall(syscall, asked, [...arches], { ...base, runtime: "crun" })) {
      const [was, is] = [only(before, former, host), only(after, groups, host)];
      const opened = [...is].find(
        ([arch, filter]) =>
          // A machine makes no calls of another architecture, and no calls that its own architecture lacks.
          hostArch(arch, [host.arch]) === host.arch &&
          exists(arch, syscall) &&
          newlyPossible(was.get(arch), filter, isShown ? here.get(arch) : undefined, syscall) !== undefined,
      );
      if (opened === undefined) continue;
      const [arch, filter] = opened;
      const most = ceiling === undefined ? undefined : only(ceiling, limit?.get(syscall) ?? [], host).get(arch);
      const beyond = ceiling !== undefined && newlyPossible(most, filter, was.get(arch), syscall) !== undefined;
      if (isStray && ceiling !== undefined && !beyond) continue;
      found.push({ syscall, arch, host: conditionsOf(host, base), beyondCeiling: beyond });
      break;
    }
  }
  return found.sort((a, b) => (a.syscall < b.syscall ? -1 : 1));
}

function allowsUnnamed({ defaultAction, defaultErrnoRet }: DockerProfile, { arch }: HostContext): boolean {
  return isAllowing(toAction(defaultAction, defaultErrnoRet, arch));
}

function groupsText(groups: readonly DockerSyscallGroup[]): string {
  return JSON.stringify(groups, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

function exists(arch: ScmpArch, syscall: string): boolean {
  return syscallNumber(arch, syscall) !== undefined || multiplexerOf(arch, syscall) !== undefined;
}

function namesArches({ includes, excludes }: DockerSyscallGroup): boolean {
  return [includes, excludes].some((condition) => (condition?.arches?.length ?? 0) > 0);
}

function isConditional({ includes, excludes }: DockerSyscallGroup): boolean {
  return includes !== undefined || excludes !== undefined;
}

function only(profile: DockerProfile, syscalls: readonly DockerSyscallGroup[], host: HostContext): Filters {
  return resolve({ ...profile, syscalls }, host).filters;
}

/** What is different on that host. */
function conditionsOf(host: HostContext, base: HostContext): Elsewhere["host"] {
  return {
    arch: host.arch,
    ...(host.skips === undefined ? {} : { skips: host.skips }),
    ...(host.kernel === base.kernel || host.kernel === undefined ? {} : { kernel: host.kernel }),
    added: [...host.capabilities].filter((name) => !base.capabilities.has(name)).sort(),
    dropped: [...base.capabilities].filter((name) => !host.capabilities.has(name)).sort(),
  };
}
