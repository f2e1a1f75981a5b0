import { loadReference, recordingOf } from "../project/index.ts";
import type { ProfileComparison } from "../core/diff/index.ts";
import { explain, type Explanation } from "../core/explain/index.ts";
import { ineffectiveFor } from "../core/lint/index.ts";
import { ceilingFor, type DockerProfile, type HostContext } from "../core/profile/index.ts";
import { diffPage } from "../words/index.ts";
import type { Filter } from "../core/seccomp/index.ts";
import type { ScmpArch } from "../core/tables/index.ts";

interface Side {
  readonly name: string;
  readonly profile: DockerProfile;
  readonly filters: ReadonlyMap<ScmpArch, Filter>;
}

/**
 * A comparison as one HTML page that explains each call before and after. `after` is the profile's file. Its recording
 * may lie beside it.
 */
export async function comparedPage({
  diff,
  hosts,
  after,
  sides: [before, later],
}: {
  readonly diff: ProfileComparison;
  readonly hosts: readonly HostContext[];
  readonly after: string;
  readonly sides: readonly [Side, Side];
}): Promise<string> {
  const docker = await loadReference(undefined);
  const recording = await recordingOf(after, undefined);
  const explained = ({ name, profile, filters }: Side): Explanation =>
    explain({
      profile: name,
      filters,
      ceiling: ceilingFor(docker.profile, hosts, filters.keys()),
      ceilingName: docker.name,
      findings: ineffectiveFor(profile, hosts),
      capabilities: hosts[0]?.capabilities ?? new Set(),
      runs: recording?.runs ?? [],
      recorded: recording?.syscalls ?? {},
      code: recording?.code,
    });
  return diffPage({ diff, before: explained(before), after: explained(later) });
}
