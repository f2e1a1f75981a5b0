import type { DockerProfile } from "../profile/index.ts";
import { hostArch, isScmpArch, type ScmpArch } from "../tables/index.ts";
import type { ProfileChange, ProfileMember } from "./types.ts";

/**
 * Finds changes outside the rules: no filter at all, the filter's flags, and the agent that answers notifications. It
 * also finds changed architectures on machines other than those of `judged`.
 */
export function profileChanges(
  before: DockerProfile,
  after: DockerProfile,
  judged: readonly ScmpArch[],
): readonly ProfileChange[] {
  return [
    ...(["after", "before"] as const).flatMap((side): ProfileChange[] => {
      const { noFilter } = side === "after" ? after : before;
      return noFilter === undefined ? [] : [{ kind: "no-filter", side, noFilter }];
    }),
    ...members.flatMap((member): ProfileChange[] => {
      const [was, is] = [memberText(before, member), memberText(after, member)];
      return was === is ? [] : [{ kind: "member-changed", member, was, is }];
    }),
    ...subArchitectures(before, after, judged),
  ];
}

const members: readonly ProfileMember[] = ["flags", "listenerPath", "listenerMetadata", "baseProfileName"];

function memberText(profile: DockerProfile, member: ProfileMember): string | undefined {
  const value = profile[member];
  if (typeof value === "object") return value.length === 0 ? undefined : [...value].sort().join(", ");
  return value === "" ? undefined : value;
}

function subArchitectures(
  before: DockerProfile,
  after: DockerProfile,
  judged: readonly ScmpArch[],
): readonly ProfileChange[] {
  const natives = new Set(
    [before, after].flatMap(({ archMap = [] }) => archMap.map(({ architecture }) => architecture)),
  );
  return [...natives].sort().flatMap((arch): ProfileChange[] => {
    if (!isScmpArch(arch) || judged.includes(arch)) return [];
    const [was, is] = [servedOn(before, arch), servedOn(after, arch)];
    const added = [...is].filter((other) => !was.has(other));
    const removed = [...was].filter((other) => !is.has(other));
    return added.length + removed.length === 0 ? [] : [{ kind: "sub-architectures", arch, added, removed }];
  });
}

/**
 * The served architectures that a machine can run beside its own. libseccomp always serves the machine's own. No
 * processor makes the calls of another machine's architecture.
 */
function servedOn({ architectures = [], archMap = [] }: DockerProfile, native: ScmpArch): ReadonlySet<ScmpArch> {
  const entry = archMap.find(({ architecture }) => architecture === native);
  const listed = [...architectures, ...(entry?.subArchitectures ?? [])].filter(isScmpArch);
  return new Set(listed.filter((arch) => arch !== native && hostArch(arch, [native]) === native));
}
