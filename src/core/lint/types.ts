/**
 * How much a finding weighs: `error`: the container does not start, or the profile does not do what
 * it says; `warning`: a risk; `note`: worth knowing.
 */
export type Severity = "error" | "warning" | "note";

/** What can be wrong with a profile; `findingKinds` says of each what it means. */
export type FindingKind =
  | "denylist"
  | "unknown-syscall"
  | "unknown-member"
  | "unknown-architecture"
  | "conflict"
  | "refused"
  | "or-not-and"
  | "wide-comparison"
  | "ignored-bits"
  | "beyond-docker"
  | "dangerous-call"
  | "missing-floor"
  | "enosys-trap"
  | "socketcall-open"
  | "compat-architecture"
  | "agent-needed"
  | "shadowed-rule"
  | "old-format"
  | "missing-architectures"
  | "huge-profile";

/** One thing about a profile that its author should know. */
export interface Finding {
  readonly kind: FindingKind;
  readonly severity: Severity;
  /** JSON pointer of the place; empty: the document. */
  readonly pointer: string;
  /** The syscalls or names it is about. */
  readonly names: readonly string[];
  /** What is so, in words. */
  readonly what: string;
}
