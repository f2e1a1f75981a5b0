import { engineArches, hostArch, type ScmpArch } from "../tables/index.ts";
import type { Filter } from "../seccomp/index.ts";
import { resolve } from "./resolve.ts";
import { resolveFor } from "./resolve-for.ts";
import type { DockerProfile, HostContext } from "./types.ts";

/**
 * The filters that a profile is compared with: `reference`, resolved for these hosts. `served` may also name
 * architectures of other machines. Those are resolved for these other machines. An x86 machine never runs Arm's calls,
 * and an Arm machine has Docker's default for Arm.
 */
export function ceilingFor(
  reference: DockerProfile,
  hosts: readonly HostContext[],
  served: Iterable<ScmpArch>,
): ReadonlyMap<ScmpArch, Filter> {
  const ceiling = new Map(resolveFor(reference, hosts));
  const [base] = hosts;
  for (const arch of base === undefined ? [] : served) {
    const native = hostArch(arch, engineArches);
    if (ceiling.has(arch) || hosts.some((host) => host.arch === native)) continue;
    const filter = resolve(reference, { ...(base as HostContext), arch: native }).filters.get(arch);
    if (filter !== undefined) ceiling.set(arch, filter);
  }
  return ceiling;
}
