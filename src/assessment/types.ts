import type { ProfileChange, ProfileDiff, SyscallChange } from "../diff/types.ts";
import type { Because } from "../seccomp/types.ts";

/** How closely a reviewer should look. `danger`: attackers look for it, or Docker's default denies it; `notable`: arguments that were pinned are wider; `ordinary`: the rest. */
export type Level = "danger" | "notable" | "ordinary";

/** Something that became possible. */
export interface Opening {
  readonly change: SyscallChange;
  readonly level: Level;
  /** What it exposes, where a table says so. */
  readonly exposes: string | undefined;
  /** Why the profile has the rule that lets the example through; undefined: the default action does. */
  readonly because: Because | undefined;
  /** The recording, with its options, gives it too; undefined: there is no recording to ask. */
  readonly backed: boolean | undefined;
  /** Docker's default denies the example. */
  readonly beyondDocker: boolean;
}

/** A change of one profile, judged. */
export interface Assessment {
  readonly diff: ProfileDiff;
  /** Most dangerous first. */
  readonly openings: readonly Opening[];
  readonly closings: readonly SyscallChange[];
  /** Denied before and after, with another answer. */
  readonly otherAnswers: readonly SyscallChange[];
  readonly profile: readonly ProfileChange[];
  /** The profile lets through what it does not name: everything may have become possible. */
  readonly open: boolean;
}
