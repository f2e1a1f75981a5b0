import { loadReference, resolveFor } from "../derivation/reference.ts";
import type { ProfileDiff } from "../diff/types.ts";
import { explain } from "../explain/index.ts";
import type { Explanation } from "../explain/types.ts";
import type { HostContext } from "../profile/types.ts";
import { recordingOf } from "../project/beside.ts";
import { diffPage } from "../review/index.ts";
import type { Filter } from "../seccomp/types.ts";
import type { ScmpArch } from "../tables/types.ts";

interface Side {
  readonly name: string;
  readonly filters: ReadonlyMap<ScmpArch, Filter>;
}

/** A comparison as one HTML page, with the story of each call before and after. `after`: the profile's file, beside which a recording may be. */
export async function comparedPage({ diff, host, after, sides: [before, later] }: { readonly diff: ProfileDiff; readonly host: HostContext; readonly after: string; readonly sides: readonly [Side, Side] }): Promise<string> {
  const docker = await loadReference(undefined);
  const recording = await recordingOf(after, undefined);
  const explained = ({ name, filters }: Side): Explanation =>
    explain({ profile: name, filters, ceiling: resolveFor(docker.profile, [host]), ceilingName: docker.name, capabilities: host.capabilities, runs: recording?.runs ?? [], recorded: recording?.syscalls ?? {} });
  return diffPage({ diff, before: explained(before), after: explained(later) });
}
