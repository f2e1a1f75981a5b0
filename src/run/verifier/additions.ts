import { mergeAll, type Recording, type Run, type SyscallRecord } from "../../core/recording/index.ts";
import { buildPolicy } from "../../core/policy/index.ts";
import { withAllowed, type DockerProfile } from "../../core/profile/index.ts";
import { callArgs, evaluate, isAllowing, type Filter, type Rule } from "../../core/seccomp/index.ts";
import { syscallNames, syscallNumber, type ScmpArch } from "../../core/tables/index.ts";

/** A call that a profile could allow in addition. */
export interface Addition {
  readonly arch: ScmpArch;
  readonly syscall: string;
  /** The trace's record of it, or a placeholder if the call is only tried. */
  readonly record: SyscallRecord;
}

/** Is the call only tried, because no trace saw it? */
export function isUnseen({ record }: Addition): boolean {
  return record.processes.length === 0;
}

/** A call that no trace saw. It is tried because the profile denies it and Docker's default does not. */
export function unseen(arch: ScmpArch, syscall: string): Addition {
  return { arch, syscall, record: { calls: 1, results: ["?"], processes: [] } };
}

/** Makes a recording of the additions alone. */
export function recordingOf(name: string, run: Run, additions: readonly Addition[]): Recording {
  const empty: Recording = { version: 1, name, runs: [run], syscalls: {} };
  return (
    mergeAll([
      empty,
      ...additions.map(({ arch, syscall, record }): Recording => ({
        ...empty,
        syscalls: { [arch]: { [syscall]: record } },
      })),
    ]) ?? empty
  );
}

/**
 * The rules with which the policy would allow an addition. They are pinned as in a generated profile, and never go
 * beyond Docker's default. The list is empty if the addition is beyond that default.
 */
export function rulesOf(
  { arch, syscall, record }: Addition,
  run: Run,
  ceiling: ReadonlyMap<ScmpArch, Filter>,
): readonly Rule[] {
  const policy = buildPolicy(recordingOf("addition", run, [{ arch, syscall, record }]), {
    args: "standard",
    exact: true,
    reach: false,
    floor: "any",
    allow: [],
    deny: [],
    ceiling,
    ceilingName: "",
  });
  return (policy.filters.find((filter) => filter.arch === arch)?.syscalls.get(syscall) ?? [])
    .filter(({ action, because }) => isAllowing(action) && because.type === "observed")
    .map(({ rule }) => rule);
}

/**
 * The profile with the additions allowed. If it lacks an addition's architecture, the result has that architecture too.
 */
export function extend(
  profile: DockerProfile,
  additions: readonly Addition[],
  filters: ReadonlyMap<ScmpArch, Filter>,
  rules: (addition: Addition) => readonly Rule[],
): DockerProfile {
  const byName = new Map<string, Rule[]>();
  for (const addition of additions)
    byName.set(addition.syscall, [...(byName.get(addition.syscall) ?? []), ...rules(addition)]);
  const strangers = [...new Set(additions.map(({ arch }) => arch).filter((arch) => !filters.has(arch)))];
  return withArchitectures(withAllowed(profile, byName), [...filters.keys()], strangers);
}

function withArchitectures(
  profile: DockerProfile,
  known: readonly ScmpArch[],
  more: readonly ScmpArch[],
): DockerProfile {
  if (more.length === 0) return profile;
  if (profile.archMap === undefined)
    return { ...profile, architectures: [...new Set([...(profile.architectures ?? []), ...known, ...more])] };
  return {
    ...profile,
    archMap: profile.archMap.map((entry) =>
      entry.architecture === known[0] ? { ...entry, subArchitectures: [...entry.subArchitectures, ...more] } : entry,
    ),
  };
}

/** Every call that the ceiling allows in some way and the profile does not allow in every way. */
export function deniedBeside(ceiling: Filter | undefined, filter: Filter): readonly Addition[] {
  if (ceiling === undefined) return [];
  return syscallNames(filter.arch)
    .filter((name) => allowsAny(ceiling, name) && !allowsWhole(filter, name))
    .map((name) => unseen(filter.arch, name));
}

function allowsAny(filter: Filter, name: string): boolean {
  return (
    (filter.syscalls.get(name) ?? []).some(({ action }) => isAllowing(action)) ||
    isAllowing(evaluate(filter, { arch: filter.arch, name, nr: syscallNumber(filter.arch, name), args: callArgs() }))
  );
}

function allowsWhole(filter: Filter, name: string): boolean {
  const rules = filter.syscalls.get(name);
  return rules === undefined
    ? allowsAny(filter, name)
    : rules.some(({ action, rule }) => isAllowing(action) && rule.conditions.length === 0);
}
