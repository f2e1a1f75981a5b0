import { dockerArch } from "../tables/index.ts";
import type { DockerSyscallGroup, HostContext } from "./types.ts";

/**
 * Does moby keep the group for this host (moby/profiles seccomp/seccomp_linux.go, setupSeccomp)? One excluded
 * architecture, one excluded capability or a new enough kernel drops it. It needs every included capability.
 */
export function groupApplies({ includes, excludes }: DockerSyscallGroup, host: HostContext): boolean {
  if (host.skips === "conditions") return true;
  const arch = dockerArch(host.arch);
  const listed = (arches: readonly string[] | undefined): boolean => arches?.includes(arch) ?? false;
  if (listed(excludes?.arches)) return false;
  if (excludes?.caps?.some((name) => host.capabilities.has(name)) ?? false) return false;
  const kernels = host.skips !== "kernels";
  const [below, from] = [excludes?.minKernel, includes?.minKernel];
  if (kernels && below !== undefined && kernelAtLeast(host.kernel, below)) return false;
  if ((includes?.arches?.length ?? 0) > 0 && !listed(includes?.arches)) return false;
  if (!(includes?.caps?.every((name) => host.capabilities.has(name)) ?? true)) return false;
  return !kernels || from === undefined || kernelAtLeast(host.kernel, from);
}

/**
 * Compares only version and major revision, as moby does: 4.8.0-rc1 is 4.8. An empty text is 0.0, which every kernel
 * has reached. An unknown kernel is new enough.
 */
function kernelAtLeast(kernel: string | undefined, wanted: string): boolean {
  if (kernel === undefined) return true;
  const [[version = 0, major = 0], [wantedVersion = 0, wantedMajor = 0]] = [numbers(kernel), numbers(wanted)];
  return version > wantedVersion || (version === wantedVersion && major >= wantedMajor);
}

function numbers(version: string): readonly number[] {
  return (/^(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);
}
