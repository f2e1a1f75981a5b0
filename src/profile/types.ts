import type { ScmpArch } from "../tables/types.ts";

/** What a DockerProfile is resolved against. Always a parameter, never read inside. */
export interface HostContext {
  readonly arch: ScmpArch;
  /** The container's bounding set (`CAP_SYS_ADMIN`, …). */
  readonly capabilities: ReadonlySet<string>;
  /** Kernel version, e.g. "6.18". Undefined: new enough for everything. */
  readonly kernel: string | undefined;
  readonly runtime: "runc" | "crun";
  /** Docker before 23 ignores `defaultErrnoRet`. False: as Docker 23 and later, podman. */
  readonly ignoresDefaultErrnoRet?: boolean;
}

/** An argument test as the JSON has it; for SCMP_CMP_MASKED_EQ `value` is the mask and `valueTwo` the datum (OCI runtime-spec). */
export interface DockerArg {
  readonly index: number;
  readonly value: bigint;
  readonly valueTwo?: bigint;
  readonly op: string;
}

/** `includes` / `excludes` (moby/profiles/seccomp). Arches are libseccomp's short names: amd64, x86, x32, arm64, … */
export interface DockerCondition {
  readonly caps?: readonly string[];
  readonly arches?: readonly string[];
  readonly minKernel?: string;
}

export interface DockerSyscallGroup {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly DockerArg[];
  readonly comment?: string;
  readonly includes?: DockerCondition;
  readonly excludes?: DockerCondition;
}

/** Docker's seccomp profile document, old formats already brought to the current one. */
export interface DockerProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly archMap?: readonly { readonly architecture: string; readonly subArchitectures: readonly string[] }[];
  readonly syscalls: readonly DockerSyscallGroup[];
}
