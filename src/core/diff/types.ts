import type { Action, ActionRule, SeccompData } from "../seccomp/index.ts";
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
}

/** Whole-profile changes, told once instead of once per syscall. */
export type ProfileChange =
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
