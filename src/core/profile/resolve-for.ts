import type { Filter } from "../seccomp/index.ts";
import { engineArches, hostArch, isScmpArch, type ScmpArch } from "../tables/index.ts";
import { resolve } from "./resolve.ts";
import type { DockerProfile, HostContext } from "./types.ts";

/**
 * A profile as each host resolves it, by architecture. An architecture that several hosts serve is
 * resolved as its own machine does.
 */
export function resolveFor(profile: DockerProfile, hosts: readonly HostContext[]): ReadonlyMap<ScmpArch, Filter> {
  const machines = hosts.map(({ arch }) => arch);
  return new Map(
    hosts.flatMap((host) =>
      [...resolve(profile, host).filters].filter(([arch]) => {
        const machine = hostArch(arch, machines);
        return machine === host.arch || !machines.includes(machine);
      }),
    ),
  );
}

/**
 * The given host, and one for each other machine whose architectures a profile also lists. An
 * x86 machine never runs Arm's calls, so what a profile says of them is judged on an Arm machine.
 */
export function listedHosts(host: HostContext, profiles: readonly DockerProfile[]): readonly HostContext[] {
  const listed = profiles
    .flatMap(({ architectures = [] }) => architectures.filter(isScmpArch))
    .filter((arch) => arch !== host.arch);
  const machines = new Set([host.arch, ...listed.map((arch) => hostArch(arch, engineArches))]);
  return [...machines].map((arch) => ({ ...host, arch }));
}
