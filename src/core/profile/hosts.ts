import { TooManyWays } from "../seccomp/index.ts";
import { allCapabilities, engineArches, hostArch, isScmpArch, multiplexerOf, type ScmpArch } from "../tables/index.ts";
import { groupApplies } from "./applies.ts";
import type { DockerProfile, DockerSyscallGroup, HostContext } from "./types.ts";

/** The most capabilities that the groups of one call may name. Each capability doubles the number of hosts to try. */
const maxCapabilities = 12;

/**
 * A profile's groups, by the calls on which they decide. A group decides on the calls that it names. It also decides on
 * socketcall or ipc, if one of these calls can enter the kernel through them.
 */
export function groupsByCall(profile: DockerProfile): ReadonlyMap<string, readonly DockerSyscallGroup[]> {
  const found = new Map<string, DockerSyscallGroup[]>();
  for (const group of profile.syscalls) {
    const byCall = new Map<string, string[]>();
    for (const name of new Set(group.names)) {
      const entered = multiplexers.flatMap((arch) => multiplexerOf(arch, name) ?? []);
      for (const call of new Set([name, ...entered])) {
        const names = byCall.get(call);
        if (names === undefined) byCall.set(call, [name]);
        else names.push(name);
      }
    }
    for (const [call, names] of byCall) {
      const list = found.get(call);
      if (list === undefined) found.set(call, [{ ...group, names }]);
      else list.push({ ...group, names });
    }
  }
  return found;
}

/** Architectures with socketcall or ipc. */
const multiplexers: readonly ScmpArch[] = ["SCMP_ARCH_X86", "SCMP_ARCH_S390"];

/** The machines whose architectures a profile lists. All machines if it lists none. */
export function machinesOf({ architectures = [], archMap = [] }: DockerProfile): readonly ScmpArch[] {
  const listed = [...architectures, ...archMap.map(({ architecture }) => architecture)].filter(isScmpArch);
  return listed.length === 0 ? engineArches : listed.filter((arch) => hostArch(arch, listed) === arch);
}

/**
 * Lists enough hosts to show every effect that these groups of one call can have. The hosts cover each given
 * architecture and every set of the named capabilities. They also cover the kernels between the named versions, and
 * engines that ignore conditions. If the same groups apply on several hosts, only one is listed. Throws TooManyWays.
 */
export function hostsOfCall(
  name: string,
  groups: readonly DockerSyscallGroup[],
  arches: readonly ScmpArch[],
  base: HostContext,
): readonly HostContext[] {
  const conditions = groups.flatMap(({ includes, excludes }) =>
    [includes, excludes].filter((condition) => condition !== undefined),
  );
  if (conditions.length === 0) return arches.map((arch) => ({ ...base, arch }));
  const versions = conditions.flatMap(({ minKernel }) => (minKernel === undefined ? [] : [minKernel || "0.0"]));
  // The given kernel comes first, so that the listed host differs as little as possible.
  const kernels = versions.length === 0 ? [base.kernel] : [...new Set([base.kernel, "0.0", ...versions])];
  const capabilities = [...new Set(conditions.flatMap(({ caps = [] }) => caps))].filter((capability) =>
    allCapabilities.includes(capability),
  );
  if (capabilities.length > maxCapabilities)
    throw new TooManyWays(`the groups of ${name} name more than ${maxCapabilities} capabilities`);
  const others = [...base.capabilities].filter((capability) => !capabilities.includes(capability));
  const hosts = new Map<string, HostContext>();
  const podman: HostContext[] = [];
  const ask = (host: HostContext): void => {
    const applying = groups.map((group) => (groupApplies(group, host) ? "1" : "0")).join("");
    const key = `${host.arch} ${applying}`;
    if (!hosts.has(key)) hosts.set(key, host);
  };
  for (const arch of arches)
    for (const kernel of kernels)
      for (let set = 0; set < 2 ** capabilities.length; set += 1) {
        const held = new Set([...others, ...capabilities.filter((_, bit) => (set & (1 << bit)) !== 0)]);
        ask({ ...base, arch, kernel, capabilities: held });
        if (versions.length > 0) podman.push({ ...base, arch, capabilities: held, skips: "kernels" });
      }
  for (const host of podman) ask(host);
  for (const arch of arches) ask({ ...base, arch, skips: "conditions" });
  return [...hosts.values()];
}
