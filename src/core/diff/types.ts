import type { Action, ActionRule, SeccompData } from "../seccomp/index.ts";
import type { HostContext, NoFilter } from "../profile/index.ts";
import type { ScmpArch } from "../tables/index.ts";

/** What became of a syscall from one profile to another. */
export type ChangeKind =
  | "newly-allowed"
  | "no-longer-allowed"
  /** Allowed before under conditions, now under wider ones. */
  | "widened"
  | "narrowed"
  /** Allowed sometimes before and after, wider in one place and narrower in another. */
  | "changed"
  /** Denied before and after with another answer (EPERM ↔ ENOSYS ↔ kill). */
  | "denied-differently";

/** One syscall on which two filters differ. */
export interface SyscallChange {
  readonly arch: ScmpArch;
  readonly syscall: string;
  readonly kind: ChangeKind;
  /** Empty: the default action decides. */
  readonly before: readonly ActionRule[];
  readonly after: readonly ActionRule[];
  /** A concrete call on which evaluate() gives `was` before and `is` after. */
  readonly witness: SeccompData;
  readonly was: Action;
  readonly is: Action;
  /** Operations with a history of vulnerabilities that the call may newly be used for: their ids. */
  readonly opened: readonly string[];
}

/** A call that is possible on another host than the profiles were compared for. */
export interface Elsewhere {
  readonly syscall: string;
  /** The architecture that the call enters the kernel by. */
  readonly arch: ScmpArch;
  /** A host on which it is possible: what differs from the one compared for. */
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

/** Members of a profile that are no rules, and change what the filter does all the same. */
export type ProfileMember = "flags" | "listenerPath" | "listenerMetadata" | "baseProfileName";

/** Whole-profile changes, told once instead of once per syscall. */
export type ProfileChange =
  /** The engines run a container without any filter under this side. */
  | { readonly kind: "no-filter"; readonly side: "before" | "after"; readonly noFilter: NoFilter }
  | {
      readonly kind: "member-changed";
      readonly member: ProfileMember;
      readonly was: string | undefined;
      readonly is: string | undefined;
    }
  /** On machines of `arch`, calls of other architectures are served that were not. */
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

/** What `diffFilters` tells of two profiles. */
export interface ProfileDiff extends AllowedCounts {
  readonly profile: readonly ProfileChange[];
  readonly syscalls: readonly SyscallChange[];
}
