import type { Filter } from "../seccomp/index.ts";
import { engineArches, hostArch, isScmpArch, type ScmpArch } from "../tables/index.ts";
import { resolve } from "./resolve.ts";
import type { DockerProfile, HostContext } from "./types.ts";

/**
 * A profile's filters by architecture, resolved for the given hosts. If several hosts serve an architecture, its own
 * machine's filter counts.
 */
export function resolveFor(profile: DockerProfile, hosts: readonly HostContext[]): ReadonlyMap<ScmpArch, Filter> {
  return new Map(
    hosts.flatMap((host) =>
      [...resolve(profile, host).filters].filter(([arch]) => {
        const machine = machineOf(arch, hosts);
        return machine === undefined || machine.arch === host.arch;
      }),
    ),
  );
}

/** The host that runs the calls of an architecture. `undefined` if none of them does. */
export function machineOf(arch: ScmpArch, hosts: readonly HostContext[]): HostContext | undefined {
  const machine = hostArch(
    arch,
    hosts.map((host) => host.arch),
  );
  return hosts.find((host) => host.arch === machine);
}

/**
 * The given host, and one for each other machine whose architectures a profile also lists. An x86 machine never runs
 * Arm's calls. A profile's rules for Arm are therefore judged on an Arm machine.
 */
export function listedHosts(host: HostContext, profiles: readonly DockerProfile[]): readonly HostContext[] {
  const listed = profiles
    .flatMap(({ architectures = [] }) => architectures.filter(isScmpArch))
    .filter((arch) => arch !== host.arch);
  const machines = new Set([host.arch, ...listed.map((arch) => hostArch(arch, engineArches))]);
  return [...machines].map((arch) => ({ ...host, arch }));
}
