import type { ScmpArch } from "../tables/index.ts";
import type { Action } from "../seccomp/index.ts";

/** A recorded call that a profile does not allow, or may not allow. */
export interface CheckFinding {
  /**
   * `denied`: the profile denies the call with these arguments, whatever its other arguments are. `undecided`: the
   * profile compares arguments that the recording does not have.
   */
  readonly kind: "denied" | "undecided";
  readonly arch: ScmpArch;
  readonly syscall: string;
  /** The results of the recorded calls (`ok`, errno names). */
  readonly results: readonly string[];
  readonly processes: readonly string[];
  /** The order of magnitude of the recorded calls. */
  readonly calls: number;
  /** The recorded argument values that the finding is about, by index. Empty if the finding is about all values. */
  readonly args: readonly { readonly index: number; readonly value: bigint }[];
  /** All recorded sets of values, if the profile denies each of them in the same way. */
  readonly seen: readonly (readonly { readonly index: number; readonly value: bigint }[])[];
  /** The recorded call only ever failed, with the same error that the profile answers. */
  readonly alreadyFailed: boolean;
  /** The answer that the program would get. */
  readonly answer: Action;
}
