import type { Elsewhere } from "../diff/index.ts";
import type { NoFilter } from "../profile/index.ts";
import type { Action, ArgIndex } from "../seccomp/index.ts";
import type { ScmpArch } from "../tables/index.ts";

/**
 * How much a finding weighs: `error`: the container does not start, or the profile does not do what
 * it says; `warning`: a risk; `note`: worth knowing.
 */
export type Severity = "error" | "warning" | "note";

/** What each kind of finding knows beside its names. Its words are in words/lint-words.ts. */
interface FindingData {
  readonly "no-filter": { readonly noFilter: NoFilter };
  readonly denylist: object;
  readonly "false-success": object;
  /** `meant`: the known name that is most like it. */
  readonly "unknown-syscall": { readonly meant: string | undefined };
  readonly "more-unknown-syscalls": { readonly count: number };
  readonly "unknown-member": { readonly meant: string | undefined };
  readonly "unknown-architecture": object;
  readonly conflict: { readonly arch: ScmpArch };
  readonly refused: { readonly reason: string };
  readonly "or-not-and": { readonly index: number };
  /** `passed`: what the filter denies, and lets through with an upper bit set. */
  readonly "wide-comparison": { readonly passed: readonly PassedCall[] };
  /** `ignored`: the bits of the value that lie outside of the mask. */
  readonly "ignored-bits": { readonly index: number; readonly mask: bigint; readonly ignored: bigint };
  readonly "beyond-docker": { readonly arches: readonly ScmpArch[]; readonly ceiling: string };
  readonly "beyond-elsewhere": { readonly elsewhere: Elsewhere; readonly ceiling: string };
  /** `exposes`: what the calls reach (tables/exposures.ts). */
  readonly "dangerous-call": { readonly exposes: string };
  /** `privileged`: only a container without no-new-privileges needs the calls. */
  readonly "missing-floor": { readonly when: "always" | "privileged" };
  readonly "enosys-trap": object;
  readonly "socketcall-open": { readonly arch: ScmpArch };
  readonly "compat-architecture": object;
  readonly "agent-needed": { readonly action: Action["action"] };
  readonly "shadowed-rule": object;
  readonly "old-format": object;
  readonly "missing-architectures": object;
  /** `sure`: it is too large even if the estimate is as wrong as it may be. */
  readonly "huge-profile": { readonly instructions: number; readonly sure: boolean };
}

/** What can be wrong with a profile. */
export type FindingKind = keyof FindingData;

/** A call with one value of one argument. */
export interface PassedCall {
  readonly syscall: string;
  readonly index: ArgIndex;
  readonly value: bigint;
}

interface FindingPlace<Kind extends FindingKind> {
  readonly kind: Kind;
  readonly severity: Severity;
  /** JSON pointer of the place; empty: the document. */
  readonly pointer: string;
  /** The syscalls or names it is about. */
  readonly names: readonly string[];
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
