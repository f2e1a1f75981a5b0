import type { ScmpArch } from "../tables/index.ts";
import type { Action } from "../seccomp/index.ts";

/** A recorded call that a profile does not let through, or not surely. */
export interface CheckFinding {
  /**
   * `denied`: with these arguments, whatever the others are. `undecided`: the profile compares
   * arguments that the recording does not hold.
   */
  readonly kind: "denied" | "undecided";
  readonly arch: ScmpArch;
  readonly syscall: string;
  /** What the call got where it was recorded (`ok`, errno names). */
  readonly results: readonly string[];
  readonly processes: readonly string[];
  /** Order of magnitude of the recorded calls. */
  readonly calls: number;
  /** The recorded argument values it is about, by index; empty: any. */
  readonly args: readonly { readonly index: number; readonly value: bigint }[];
  /** What the program would get. */
  readonly answer: Action;
}
