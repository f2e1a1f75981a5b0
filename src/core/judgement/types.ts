import type { ProfileChange, ProfileDiff, SyscallChange } from "../diff/index.ts";
import type { ArgIndex, Because } from "../seccomp/index.ts";

/**
 * How closely a reviewer should look, independent of the change's author. `danger`: attackers look
 * for it, or Docker's default denies it; `notable`: arguments that were pinned are wider;
 * `ordinary`: the rest.
 */
export type Level = "danger" | "notable" | "ordinary";

/** Who stands behind something that became possible. */
export type Backing =
  /**
   * The committed recording with the committed options gives it. `fresh`: the former recording did
   * not.
   */
  | { readonly type: "recording"; readonly because: Because; readonly fresh: boolean }
  /**
   * Only because the options beside the recording (policy.json) were changed: the same recording
   * with the former options does not give it.
   */
  | { readonly type: "options"; readonly because: Because }
  /** There is a recording, and it does not give it. `others`: it gives the call with other arguments. */
  | { readonly type: "nothing"; readonly others: boolean }
  | { readonly type: "no-recording" };

/** Something that became possible. */
export interface Opening {
  /** Its witness is the example. */
  readonly change: SyscallChange;
  readonly level: Level;
  /**
   * The values that the call may now be made with: families, operations, flags; dangerous ones
   * first. Empty if its rules name no single values.
   */
  readonly values: readonly OpenedValue[];
  /**
   * Which arguments of the example the recording has. `undefined` if the recording does not give
   * the call. The example then shows a possible call and not a recorded one.
   */
  readonly made: readonly ArgIndex[] | undefined;
  /** What it exposes, where a table says so. */
  readonly exposes: string | undefined;
  readonly backing: Backing;
  /**
   * What the rule that allows the example says of itself: a claim of the profile's author.
   * `undefined` if the default action allows it.
   */
  readonly claim: Because | undefined;
  /** Docker's default denies the example, or denied it to the container as it was recorded before. */
  readonly beyondDocker: boolean;
  /**
   * The recording gives it only because its runs newly claim capabilities, an engine, an
   * architecture or a security option.
   */
  readonly byClaims: boolean;
}

export interface OpenedValue {
  readonly index: ArgIndex;
  readonly value: bigint;
}

/** A change of one profile, judged. */
export interface Assessment {
  readonly diff: ProfileDiff;
  /** Most dangerous first. */
  readonly openings: readonly Opening[];
  readonly closings: readonly SyscallChange[];
  /** Calls that the profile newly answers with success, without making them. */
  readonly pretended: readonly SyscallChange[];
  /** Denied before and after, with another answer. */
  readonly otherAnswers: readonly SyscallChange[];
  readonly profile: readonly ProfileChange[];
  /**
   * The profile lets through what it does not name, and did not: everything may have become
   * possible.
   */
  readonly open: boolean;
  /** Those among them that attackers look for. */
  readonly dangerousUnnamed: readonly string[];
}
