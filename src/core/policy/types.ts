import type { ArgTuple, CodeRank } from "../recording/index.ts";
import type { ActionRule, Filter } from "../seccomp/index.ts";
import type { ScmpArch, Weight } from "../tables/index.ts";

/**
 * How closely arguments are pinned to what was seen; `argumentRows` says which by which. `none`:
 * not at all; `strict`: all that can be.
 */
export type ArgTier = "none" | "standard" | "strict";
/** `complain`: for a staging rollout, what would be denied is logged instead. */
export type Mode = "enforce" | "complain";
/**
 * The runtime a profile has to start under, whose own calls are allowed: one, or any. `old-runc`: any,
 * and runc before 1.0.2 too.
 */
export type FloorChoice = "any" | "runc" | "crun" | "old-runc";

/**
 * What a policy is made with, beside the recording. The ceiling is resolved by the caller: policy
 * reads no profile and no host.
 */
export interface PolicyOptions {
  readonly args: ArgTier;
  /** Nothing but what was seen and the floor: no companions, nothing because of code. */
  readonly exact: boolean;
  /** Ordinary calls that the programs' own code can make are allowed. */
  readonly reach: boolean;
  /** How far down the ranking code counts. Absent: as measured best. */
  readonly furthestRank?: CodeRank;
  readonly floor: FloorChoice;
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /** Docker's default for the recorded engine and capabilities, per architecture. */
  readonly ceiling: ReadonlyMap<ScmpArch, Filter>;
  /** What the ceiling is called in output, e.g. "Docker 20.10.24's default". */
  readonly ceilingName: string;
}

/** One thing the policy did that the user must hear of. */
export type PolicyNote =
  /**
   * Observed, but the ceiling denies it: left out. `results`: what the recording says came back.
   */
  | {
      readonly kind: "above-ceiling";
      readonly arch: ScmpArch;
      readonly syscall: string;
      readonly results: readonly string[];
      readonly processes: readonly string[];
      readonly values: readonly ArgTuple[] | undefined;
    }
  /** Taken in above the ceiling because of --allow. */
  | { readonly kind: "allowed-above-ceiling"; readonly arch: ScmpArch; readonly syscall: string }
  /**
   * The code of a program can make it, no recording saw it, and it is more than ordinary: denied.
   */
  | {
      readonly kind: "in-code";
      readonly arch: ScmpArch;
      readonly syscall: string;
      readonly weight: Weight;
      readonly program: string;
      readonly ran: boolean;
      readonly how: string;
    }
  /** Pinned by argument values. */
  | {
      readonly kind: "pinned";
      readonly arch: ScmpArch;
      readonly syscall: string;
      readonly rules: readonly ActionRule[];
    }
  /** Could be pinned, but is not, and why. */
  | { readonly kind: "unpinned"; readonly arch: ScmpArch; readonly syscall: string; readonly reason: string }
  /** A name the tables do not know (a newer kernel's call): no profile can name it. */
  | { readonly kind: "unknown-syscall"; readonly arch: ScmpArch; readonly syscall: string };

/** What a policy was made with, and holds for. The head of a profile says it. */
export interface Assumptions {
  /** The recording's name. */
  readonly recording: string;
  /** A digest of recording and options. Absent if the caller gives none. */
  readonly inputs?: string;
  /** `false`: the container may have no-new-privileges or not. */
  readonly noNewPrivileges: boolean;
  readonly init: boolean;
  readonly floor: FloorChoice;
  readonly args: ArgTier;
  readonly capabilities: BeyondDefault | undefined;
  readonly exact: boolean;
  readonly reach: boolean;
  readonly mode: Mode;
  /** What the ceiling is called. */
  readonly ceiling: string;
}

/**
 * Capabilities of the recorded runs that Docker's default does not give: the ceiling is as wide as
 * the most capable run, because what that run did has to go on.
 */
export interface BeyondDefault {
  /** Their names, or how many they are if they are more than `maxNamed`. */
  readonly more: readonly string[] | number;
  /** Not every run had all of them. */
  readonly inSomeRuns: boolean;
}

/** What a profile is written from: filters with a reason for each rule. */
export interface Policy {
  /** One per observed architecture, sorted; the native one first. */
  readonly filters: readonly Filter[];
  readonly notes: readonly PolicyNote[];
  readonly assumptions: Assumptions;
}
