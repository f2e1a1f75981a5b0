import type { Filter, Rule } from "../seccomp/index.ts";
import type { ScmpArch } from "../tables/index.ts";

/**
 * The host for which a DockerProfile is resolved. Functions always get it as a parameter, and never read it from this
 * machine.
 */
export interface HostContext {
  readonly arch: ScmpArch;
  /** The container's bounding set (`CAP_SYS_ADMIN`, …). */
  readonly capabilities: ReadonlySet<string>;
  /** Kernel version, such as "6.18". `undefined` if it is new enough for everything. */
  readonly kernel: string | undefined;
  readonly runtime: "runc" | "crun";
  /**
   * What the engine ignores in `includes` and `excludes`. `conditions`: containerd ignores both members (measured on
   * 1.6.20). `kernels`: podman before containers-common 0.51 ignores minKernel (measured on 4.3.1).
   */
  readonly skips?: "conditions" | "kernels";
  /** True for Docker before 23, which ignores `defaultErrnoRet`. False for Docker from 23 on, and for podman. */
  readonly ignoresDefaultErrnoRet?: boolean;
  /** runc before 1.0.2 refuses rules that answer as the default does. Later versions leave them out. */
  readonly refusesDefaultsAnswer?: boolean;
}

/**
 * An argument test as the JSON has it. For SCMP_CMP_MASKED_EQ, `value` is the mask and `valueTwo` the datum (OCI
 * runtime-spec).
 */
export interface DockerArg {
  readonly index: number;
  readonly value: bigint;
  readonly valueTwo?: bigint;
  readonly op: string;
}

/** `includes` / `excludes` (moby/profiles/seccomp). `arches` has libseccomp's short names: amd64, x86, x32, arm64, … */
export interface DockerCondition {
  readonly caps?: readonly string[];
  readonly arches?: readonly string[];
  readonly minKernel?: string;
}

/** Some calls with one answer, for some arguments and on some hosts. */
export interface DockerSyscallGroup {
  /** True if it has the old spelling `name` for one call (Docker before 1.13). */
  readonly oldSpelling?: true;
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly DockerArg[];
  readonly comment?: string;
  readonly includes?: DockerCondition;
  readonly excludes?: DockerCondition;
}

/** An unknown member of the document, and the known member that its author probably meant. */
export interface UnknownMember {
  readonly pointer: string;
  readonly name: string;
  readonly meant: string | undefined;
}

/**
 * Why engines run a container without any filter under a document. The document is `null` or `{}`. Or the profile
 * stands further inside (`wrapped`, at `pointer`). Or the document has neither a default action nor groups
 * (`no-rules`). Or it has no default action, and each group applies only on some hosts (`conditional`).
 */
export interface NoFilter {
  readonly kind: "null" | "empty" | "wrapped" | "no-rules" | "conditional";
  readonly pointer: string;
}

/** Docker's seccomp profile document. Old formats are already in the current form. */
export interface DockerProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  /** The socket of the agent behind SCMP_ACT_NOTIFY (OCI runtime-spec). */
  readonly listenerPath?: string;
  /** What the agent at that socket gets together with the call (OCI runtime-spec). */
  readonly listenerMetadata?: string;
  /** SECCOMP_FILTER_FLAG_* (seccomp(2)). */
  readonly flags?: readonly string[];
  /** A SeccompProfile of the security-profiles-operator whose rules are added. It stands in another file. */
  readonly baseProfileName?: string;
  /** Members that no engine reads, so that they have no effect. */
  readonly unknownMembers?: readonly UnknownMember[];
  readonly architectures?: readonly string[];
  readonly archMap?: readonly { readonly architecture: string; readonly subArchitectures: readonly string[] }[];
  readonly syscalls: readonly DockerSyscallGroup[];
  /** The engines switch seccomp off: everything is allowed, on every architecture. */
  readonly noFilter?: NoFilter;
}

/** What resolving a profile found that the filters do not show. */
export type ResolutionProblem =
  /** libseccomp does not know the syscall, so engines drop the name. */
  | { readonly kind: "unknown-syscall"; readonly name: string; readonly pointer: string }
  /** libseccomp does not know the architecture, so the container does not start. */
  | { readonly kind: "unknown-architecture"; readonly name: string }
  /**
   * libseccomp refuses the rule because an earlier one has another answer for the same calls. The container does not
   * start.
   */
  | {
      readonly kind: "conflict";
      readonly arch: ScmpArch;
      readonly syscall: string;
      readonly rule: Rule;
      readonly pointer: string;
    }
  /** The runtime refuses it, so the container does not start. */
  | { readonly kind: "refused"; readonly pointer: string; readonly reason: string };

/** A profile as one host's runtime understands it. */
export interface Resolution {
  /** The host's own architecture first, then the others the profile names. */
  readonly filters: ReadonlyMap<ScmpArch, Filter>;
  /** Unknown syscall names, sorted. */
  readonly dropped: readonly string[];
  readonly problems: readonly ResolutionProblem[];
}

/**
 * A JSON value. Integers beyond 2^53 are bigint. Members that are null are left out, because Go's decoder skips them.
 */
export type Json = string | number | bigint | boolean | undefined | readonly Json[] | { readonly [name: string]: Json };
