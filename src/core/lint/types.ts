import type { Elsewhere } from "../diff/index.ts";
import type { NoFilter } from "../profile/index.ts";
import type { Action, ArgCondition, PassedCall, SeccompData } from "../seccomp/index.ts";
import type { ScmpArch } from "../tables/index.ts";

/**
 * The weight of a finding. `error`: the container does not start, or the profile does not do what it says. `warning`: a
 * risk. `note`: worth knowing.
 */
export type Severity = "error" | "warning" | "note";

/** The data of each kind of finding, beside its names. Its words are in words/lint-words.ts. */
interface FindingData {
  readonly "no-filter": { readonly noFilter: NoFilter };
  readonly denylist: object;
  readonly "false-success": object;
  /** `meant`: the known name that is nearest to it. */
  readonly "unknown-syscall": { readonly meant: string | undefined };
  readonly "more-unknown-syscalls": { readonly count: number };
  readonly "unknown-member": { readonly meant: string | undefined };
  readonly "unknown-architecture": object;
  readonly "base-profile": object;
  readonly conflict: { readonly arch: ScmpArch };
  readonly refused: { readonly reason: string };
  /** `across`: the conditions stand in several groups, and every value meets one of them. */
  readonly "or-not-and": { readonly index: number; readonly across?: true };
  /**
   * `bits`: the number of bits that the kernel looks at. `passed`: calls that the filter denies, but allows if a bit
   * above those bits is set.
   */
  readonly "wide-comparison": { readonly bits: 16 | 32; readonly passed: readonly PassedCall[] };
  readonly "void-deny": { readonly why: VoidCause; readonly passes: Witness; readonly by: string | undefined };
  /** A rule that allows calls has no effect, because a denying rule answers them. */
  readonly "void-exception": { readonly why: VoidCause; readonly denied: Witness; readonly by: string | undefined };
  /**
   * A mask without the value that its bits must have: the rule means the calls without the flags. `meant`: what
   * valueTwo was meant to be.
   */
  readonly "inverted-mask": {
    readonly action: "allow" | "deny";
    readonly index: number;
    readonly mask: bigint;
    readonly meant: bigint;
    readonly passes: Witness;
    readonly denied: Witness;
  };
  /** A rule that denies namespaces, but only in calls that ask for all of them at once. */
  readonly "mask-of-all": { readonly index: number; readonly mask: bigint; readonly passes: Witness };
  /** The condition compares an address. `apart` has two addresses that get different answers, if there are such. */
  readonly "pointer-condition": { readonly index: number; readonly apart: readonly Witness[] };
  /**
   * No value meets the condition, or every value does. `ints`: this is so only among the values that the kernel looks
   * at.
   */
  readonly "dead-condition": {
    readonly index: number;
    readonly holds: "never" | "always";
    readonly ints: boolean;
    readonly condition: ArgCondition;
  };
  /** `includes`: the group never applies. `excludes`: the exception never holds. */
  readonly "never-applies": { readonly side: "includes" | "excludes"; readonly cause: NeverCause };
  /** `does`: what all of these calls do. */
  readonly "open-sibling": { readonly does: string; readonly siblings: readonly Witness[] };
  /** `ignored`: the bits of the value that lie outside the mask. */
  readonly "ignored-bits": { readonly index: number; readonly mask: bigint; readonly ignored: bigint };
  readonly "beyond-docker": { readonly arches: readonly ScmpArch[]; readonly ceiling: string };
  readonly "beyond-elsewhere": { readonly elsewhere: Elsewhere; readonly ceiling: string };
  /** `exposes`: what the calls reach (tables/exposures.ts). */
  readonly "dangerous-call": { readonly exposes: string };
  /**
   * `starts`: when the container starts: never, not under runc, sometimes, or only with no-new-privileges. `needed`:
   * the names without which it never starts there. `privileged`: the names that are needed only without
   * no-new-privileges.
   */
  readonly "missing-floor": {
    readonly starts: "never" | "not-runc" | "some" | "no-new-privileges";
    readonly needed: readonly string[];
    readonly privileged: readonly string[];
  };
  /** `enosys`: ENOSYS as the architecture numbers it. */
  readonly "enosys-trap": { readonly enosys: number };
  /** `number`: ENOSYS on most architectures. `enosys`: as this one numbers it. */
  readonly "foreign-errno": { readonly arch: ScmpArch; readonly number: number; readonly enosys: number };
  readonly "socketcall-open": { readonly arch: ScmpArch };
  readonly "compat-architecture": object;
  /** `listener`: the socket at which an agent listens, according to the profile. */
  readonly "agent-needed": { readonly action: Action["action"]; readonly listener: string | undefined };
  /** crun takes this many conditions of a group and drops the others. */
  readonly "cut-conditions": { readonly taken: number; readonly given: number };
  readonly "shadowed-rule": object;
  readonly "old-format": object;
  readonly "missing-architectures": object;
  /** `sure`: the profile is too large even if the estimate is as wrong as it may be. */
  readonly "huge-profile": { readonly instructions: number; readonly sure: boolean };
}

/** A call, and the filter's answer according to `evaluate`. */
export interface Witness {
  readonly call: SeccompData;
  readonly answer: Action;
}

/**
 * Why a rule has no effect. `dropped`: it answers as the default does, so the runtimes leave it out. `swallowed`:
 * libseccomp reaches another rule first.
 */
export type VoidCause = "dropped" | "swallowed";

/** Why a condition on hosts can never hold. */
export type NeverCause =
  | { readonly type: "unknown-name"; readonly of: "caps" | "arches"; readonly name: string; readonly meant?: string }
  | { readonly type: "contradiction"; readonly of: "caps" | "arches" | "minKernel"; readonly name: string }
  /** Excludes that hold on every kernel. */
  | { readonly type: "every-kernel"; readonly of: "minKernel"; readonly name: string };

/** What can be wrong with a profile. */
export type FindingKind = keyof FindingData;

interface FindingPlace<Kind extends FindingKind> {
  readonly kind: Kind;
  readonly severity: Severity;
  /** JSON pointer of the place. Empty for the whole document. */
  readonly pointer: string;
  /** The syscalls or names that the finding is about. */
  readonly names: readonly string[];
  /** Set if only another machine of the profile has the finding: that machine. `undefined` for the judged machine. */
  readonly machine?: ScmpArch;
}

/** A finding of one kind, or of any of several. */
export type FindingOf<Kind extends FindingKind> = { [Each in Kind]: FindingPlace<Each> & FindingData[Each] }[Kind];

/** One thing about a profile that its author should know. */
export type Finding = FindingOf<FindingKind>;

/** What a correction does. */
export type FixKind = "new-spelling" | "masked-equality";

/** One correction, and where. */
export interface Fix {
  readonly pointer: string;
  readonly kind: FixKind;
}
