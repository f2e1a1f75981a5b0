import type { Action, ActionRule, SeccompData } from "../seccomp/index.ts";
import type { HostContext, NoFilter } from "../profile/index.ts";
import type { ScmpArch } from "../tables/index.ts";

/** How a syscall changed from one profile to another. */
export type ChangeKind =
  | "newly-allowed"
  | "no-longer-allowed"
  /** Allowed under conditions before, and under wider ones now. */
  | "widened"
  | "narrowed"
  /** Allowed in some cases before and after. Some cases are new, and others are gone. */
  | "changed"
  /** Denied before and after with another answer (EPERM ↔ ENOSYS ↔ kill). */
  | "denied-differently";

/** One syscall on which two filters differ. */
export interface SyscallChange {
  readonly arch: ScmpArch;
  readonly syscall: string;
  readonly kind: ChangeKind;
  /** Empty if the default action decides. */
  readonly before: readonly ActionRule[];
  readonly after: readonly ActionRule[];
  /** A call for which evaluate() gives `was` before and `is` after. */
  readonly witness: SeccompData;
  readonly was: Action;
  readonly is: Action;
  /** The ids of operations with a history of vulnerabilities that the call may newly be used for. */
  readonly opened: readonly string[];
}

/** A call that is possible on a host for which the profiles were not compared. */
export interface Elsewhere {
  readonly syscall: string;
  /** The architecture through which the call enters the kernel. */
  readonly arch: ScmpArch;
  /** A host on which it is possible, described by how it differs from the host that was compared. */
  readonly host: {
    readonly arch: ScmpArch;
    readonly skips?: HostContext["skips"];
    readonly kernel?: string;
    readonly added: readonly string[];
    readonly dropped: readonly string[];
  };
  /** Docker's default denies it there. */
  readonly beyondCeiling: boolean;
}

/** Members of a profile that are not rules, but change what the filter does. */
export type ProfileMember = "flags" | "listenerPath" | "listenerMetadata" | "baseProfileName";

/** Changes of the whole profile. Each is listed once, not once for each syscall. */
export type ProfileChange =
  /** Engines run a container without any filter under this side. */
  | { readonly kind: "no-filter"; readonly side: "before" | "after"; readonly noFilter: NoFilter }
  | {
      readonly kind: "member-changed";
      readonly member: ProfileMember;
      readonly was: string | undefined;
      readonly is: string | undefined;
    }
  /** Machines of `arch` now serve calls of architectures that they did not serve. */
  | {
      readonly kind: "sub-architectures";
      readonly arch: ScmpArch;
      readonly added: readonly ScmpArch[];
      readonly removed: readonly ScmpArch[];
    }
  | { readonly kind: "architecture-added" | "architecture-removed"; readonly arch: ScmpArch }
  | { readonly kind: "default-changed"; readonly arch: ScmpArch; readonly was: Action; readonly is: Action };

/** How much each of two profiles allows. */
export interface AllowedCounts {
  /** Syscalls (of the architecture's table) allowed at least under some conditions. */
  readonly allowedBefore: { readonly [arch in ScmpArch]?: number };
  readonly allowedAfter: { readonly [arch in ScmpArch]?: number };
}

/** What `diffFilters` says about two profiles. */
export interface ProfileDiff extends AllowedCounts {
  readonly profile: readonly ProfileChange[];
  readonly syscalls: readonly SyscallChange[];
}
