import {
  enosys,
  hasWideArguments,
  isAllowing,
  refusedRule,
  sameAction,
  type Action,
  type ActionRule,
  type Filter,
} from "../seccomp/index.ts";
import { errnoFrom, isScmpArch, isSyscallName, multiplexerOf, syscallNumber, type ScmpArch } from "../tables/index.ts";
import { toAction } from "./action.ts";
import { groupApplies } from "./applies.ts";
import { multiplexedRule } from "./multiplexer.ts";
import { refusals } from "./refusals.ts";
import { toRules } from "./rules.ts";
import type { DockerProfile, DockerSyscallGroup, HostContext, Resolution, ResolutionProblem } from "./types.ts";

interface Group {
  readonly pointer: string;
  readonly group: DockerSyscallGroup;
  readonly action: Action;
  /** The rule answers as the default does, so the runtimes leave it out. */
  readonly skipped: boolean;
}

/**
 * The filters that a host's engine and runtime make from a profile, one for each architecture that the kernel will ask
 * about. It follows moby (includes, excludes, archMap), runc or crun (skipped rules that equal the default, or-bound
 * conditions, the ENOSYS stub) and libseccomp (unknown names, multiplexed socket and ipc calls).
 */
export function resolve(profile: DockerProfile, host: HostContext): Resolution {
  const defaultAction = toAction(
    profile.defaultAction,
    host.ignoresDefaultErrnoRet === true ? undefined : profile.defaultErrnoRet,
    host.arch,
  );
  const groups = profile.syscalls.flatMap((group, index): Group[] => {
    const action = toAction(group.action, group.errnoRet, host.arch);
    return groupApplies(group, host)
      ? [{ pointer: `/syscalls/${index}`, group, action, skipped: sameAction(action, defaultAction) }]
      : [];
  });
  const { arches, unknown } = architecturesOf(profile, host.arch);
  const filters = new Map(arches.map((arch) => [arch, filterOf(arch, groups, defaultAction, profile, host)]));
  // The names are checked only on demand, because some callers need only the filters.
  const strangersOf = (): readonly ResolutionProblem[] =>
    groups.flatMap(({ group, pointer }) =>
      group.names.flatMap((name, index): ResolutionProblem[] =>
        isSyscallName(name) ? [] : [{ kind: "unknown-syscall", name, pointer: `${pointer}/names/${index}` }],
      ),
    );
  return {
    filters,
    get dropped() {
      return [
        ...new Set(strangersOf().flatMap((problem) => (problem.kind === "unknown-syscall" ? [problem.name] : []))),
      ].sort();
    },
    get problems() {
      return [
        ...unknown.map((name): ResolutionProblem => ({ kind: "unknown-architecture", name })),
        ...strangersOf(),
        ...refusals(profile, groups, defaultAction, arches, host).map((refusal): ResolutionProblem => ({
          kind: "refused",
          ...refusal,
        })),
        ...conflicts(filters),
      ];
    },
  };
}

/** Rules that libseccomp refuses. One is enough to keep the container from starting, whatever its architecture. */
function conflicts(filters: ReadonlyMap<ScmpArch, Filter>): readonly ResolutionProblem[] {
  return [...filters.values()].flatMap(({ arch, syscalls }) =>
    [...syscalls].flatMap(([syscall, rules]): ResolutionProblem[] => {
      if (rules.length === 1) return [];
      const refused = refusedRule(rules, hasWideArguments(arch));
      if (refused === undefined) return [];
      return [
        {
          kind: "conflict",
          arch,
          syscall,
          rule: refused.rule,
          pointer: refused.because.type === "profile" ? refused.because.pointer : "",
        },
      ];
    }),
  );
}

/** The host's own architecture comes first. libseccomp always has it, whatever the profile lists. */
function architecturesOf(
  profile: DockerProfile,
  native: ScmpArch,
): { readonly arches: readonly ScmpArch[]; readonly unknown: readonly string[] } {
  const entry = profile.archMap?.find(({ architecture }) => architecture === native);
  const listed = [
    ...(profile.architectures ?? []),
    ...(entry === undefined ? [] : [entry.architecture, ...entry.subArchitectures]),
  ];
  return {
    arches: [...new Set([native, ...listed.filter(isScmpArch)])],
    unknown: listed.filter((name) => !isScmpArch(name)),
  };
}

function filterOf(
  arch: ScmpArch,
  groups: readonly Group[],
  defaultAction: Action,
  profile: DockerProfile,
  host: HostContext,
): Filter {
  const syscalls = new Map<string, readonly ActionRule[]>();
  const add = (name: string, more: readonly ActionRule[]): void => {
    const rules = syscalls.get(name);
    syscalls.set(name, rules === undefined ? more : [...rules, ...more]);
  };
  for (const { pointer, group, action, skipped } of groups) {
    if (skipped) continue;
    const because = { type: "profile", pointer, comment: group.comment } as const;
    // All names of a group share one list. crun keeps six conditions of a group (`arg_cmp[6]` in its
    // src/libcrun/seccomp.c).
    const args = host.runtime === "crun" ? group.args?.slice(0, 6) : group.args;
    const rules = toRules(args).map((rule): ActionRule => ({ action, rule, because }));
    for (const name of group.names) {
      const multiplexer = multiplexerOf(arch, name);
      if (multiplexer !== undefined)
        add(
          multiplexer,
          rules.map(({ rule }) => ({ action, rule: multiplexedRule(name, rule), because })),
        );
      if (syscallNumber(arch, name) !== undefined) add(name, rules);
    }
  }
  return { arch, defaultAction, syscalls, enosysAbove: stubNumber(arch, groups, defaultAction, profile, host) };
}

/**
 * runc puts a stub before the filter. The stub answers ENOSYS above the highest number that the profile names. There is
 * none if the default allows calls or the profile itself chose ENOSYS (runc libcontainer/seccomp/patchbpf,
 * generatePatch() and findLastSyscalls()). Multiplexed names do not count: libseccomp resolves them to pseudo numbers
 * below zero.
 */
function stubNumber(
  arch: ScmpArch,
  groups: readonly Group[],
  defaultAction: Action,
  profile: DockerProfile,
  host: HostContext,
): number | undefined {
  if (host.runtime !== "runc") return undefined;
  if (isAllowing(defaultAction) && defaultAction.action !== "SCMP_ACT_NOTIFY") return undefined;
  const { defaultErrnoRet = 0 } = profile;
  if (errnoFrom(host.arch, defaultErrnoRet) === enosys && host.ignoresDefaultErrnoRet !== true) return undefined;
  let highest = 0;
  for (const { group } of groups) {
    for (const name of group.names)
      if (multiplexerOf(arch, name) === undefined) highest = Math.max(highest, syscallNumber(arch, name) ?? 0);
  }
  return highest === 0 ? undefined : highest;
}
