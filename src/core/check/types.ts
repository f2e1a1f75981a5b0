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
  /** The sets of values that were recorded, where every one is denied alike. */
  readonly seen: readonly (readonly { readonly index: number; readonly value: bigint }[])[];
  /** It only ever failed where it was recorded, with the very error that the profile answers. */
  readonly alreadyFailed: boolean;
  /** What the program would get. */
  readonly answer: Action;
}
