import type { ProfileChange, ProfileDiff, SyscallChange } from "../diff/index.ts";
import type { ArgIndex, Because } from "../seccomp/index.ts";

/**
 * How closely a reviewer should look. It does not depend on the author. `danger`: attackers look for it, or Docker's
 * default denies it and it is no ordinary call. `notable`: a pin became wider, or Docker's default lacks an ordinary
 * call. `ordinary`: anything else.
 */
export type Level = "danger" | "notable" | "ordinary";

/** What supports something that became possible. */
export type Backing =
  /** The committed recording gives it with the committed options. `fresh`: the recording did not give it before. */
  | { readonly type: "recording"; readonly because: Because; readonly fresh: boolean }
  /**
   * Only changed options beside the recording (policy.json) give it: with the earlier options, the recording does not.
   */
  | { readonly type: "options"; readonly because: Because }
  /** There is a recording, but it does not give the call. `others`: it gives the call with other arguments. */
  | { readonly type: "nothing"; readonly others: boolean }
  | { readonly type: "no-recording" };

/** Something that became possible. */
export interface Opening {
  /** Its witness is the example. */
  readonly change: SyscallChange;
  readonly level: Level;
  /**
   * The values with which the call may now be made: families, operations, flags. Dangerous ones come first. Empty if
   * its rules name no single values.
   */
  readonly values: readonly OpenedValue[];
  /**
   * The arguments of the example that the recording has. `undefined` if the recording does not give the call: then the
   * example is a possible call, not a recorded one.
   */
  readonly made: readonly ArgIndex[] | undefined;
  /** What it exposes, if a table says so. */
  readonly exposes: string | undefined;
  readonly backing: Backing;
  /**
   * The comment of the rule that allows the example. It is only a claim of the profile's author. `undefined` if the
   * default action allows it.
   */
  readonly claim: Because | undefined;
  /** Docker's default denies the example, or denied it to the container as it was recorded before. */
  readonly beyondDocker: boolean;
  /**
   * The recording gives it only because its runs newly claim capabilities, an engine, an architecture or a security
   * option.
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
  /** Calls that were and are denied, now with another answer. */
  readonly otherAnswers: readonly SyscallChange[];
  readonly profile: readonly ProfileChange[];
  /** The profile now allows what it does not name, and did not before. Everything may have become possible. */
  readonly open: boolean;
  /** The calls that attackers look for among those that the profile does not name. */
  readonly dangerousUnnamed: readonly string[];
}
