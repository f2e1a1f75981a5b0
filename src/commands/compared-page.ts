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
  host,
  after,
  sides: [before, later],
}: {
  readonly diff: ProfileComparison;
  readonly host: HostContext;
  readonly after: string;
  readonly sides: readonly [Side, Side];
}): Promise<string> {
  const docker = await loadReference(undefined);
  const recording = await recordingOf(after, undefined);
  const explained = ({ name, profile, filters }: Side): Explanation =>
    explain({
      profile: name,
      filters,
      ceiling: ceilingFor(docker.profile, [host], filters.keys()),
      ceilingName: docker.name,
      findings: ineffectiveFor(profile, [host]),
      capabilities: host.capabilities,
      runs: recording?.runs ?? [],
      recorded: recording?.syscalls ?? {},
      code: recording?.code,
    });
  return diffPage({ diff, before: explained(before), after: explained(later) });
}
