import type { Elsewhere } from "../core/diff/index.ts";
import type { Assessment } from "../core/judgement/index.ts";
import type { CodeAnswer, CodeCoverage, Run } from "../core/recording/index.ts";
import type { ScmpArch } from "../core/tables/index.ts";
import type { PlacedFinding } from "./lint.ts";

/**
 * The kinds that `review --fail-on` names: something became possible; it is dangerous; it differs from what the
 * recording gives; it exceeds Docker's default; lint has a new finding.
 */
export const failureKinds = ["widened", "dangerous", "unbacked", "beyond-docker", "lint", "any"] as const;
export type FailureKind = (typeof failureKinds)[number];

/** The formats of a review. */
export const reviewFormats = ["markdown", "text", "json", "html", "sarif", "codeclimate"] as const;
export type ReviewFormat = (typeof reviewFormats)[number];

/** Line and column, from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A profile that changed, or whose recording changed. */
export interface ReviewedProfile {
  /** The file, and the profile in it if the file holds several (`deploy.yaml#web`). */
  readonly path: string;
  readonly file: string;
  readonly formerPath: string | undefined;
  readonly state: { readonly type: "unreadable"; readonly reason: string } | JudgedProfile;
}

export interface JudgedProfile {
  readonly type: "added" | "changed" | "removed";
  readonly assessment: Assessment;
  /**
   * Calls that became possible only on hosts that differ from the judged host: in capabilities, kernel or architecture.
   */
  readonly elsewhere: readonly Elsewhere[];
  /** Calls that are no longer possible on such hosts. Empty for a profile that was added or removed. */
  readonly closedElsewhere: readonly Elsewhere[];
  /** The places of the rules that allow the openings, in the openings' order. */
  readonly places: readonly Place[];
  /** What the programs' code shows about the openings, in their order. `undefined` if no code was read. */
  readonly inCode: readonly (CodeAnswer | undefined)[];
  /** Does the profile match its recording? `none`: it never had a recording. `lost`: it had one, and has none now. */
  readonly source: "same" | "different" | "none" | "lost" | "removed";
  /** Where its recording and options are stored. */
  readonly recording: string | undefined;
  /** Runs that the recording did not have before. */
  readonly newRuns: readonly Run[];
  /** Calls that attackers look for and that a new profile allows. */
  readonly keeps: readonly string[];
  /** Errors and warnings that are new. */
  readonly findings: readonly PlacedFinding[];
  /** The kinds for which a gate may fail. */
  readonly failures: readonly FailureKind[];
}

/** Why a recording is doubtful. A doubt proves nothing: a recording is a text file that anybody can write. */
export type RecordingDoubt =
  /** Calls or values are new, but no run is. */
  | "no-new-run"
  /** The text differs from what seccomp-gen writes. */
  | "not-canonical"
  /** The trace of a new run broke off. */
  | "cut";

/** Who changed a file, according to git. */
export interface Authorship {
  /** Newest first. */
  readonly commits: readonly { readonly id: string; readonly author: string }[];
  /** Part of it is not committed yet. */
  readonly uncommitted: boolean;
}

/** A call that was recorded before, but not with these arguments. */
export interface OtherArguments {
  readonly arch: ScmpArch;
  readonly syscall: string;
  /** The arguments that could be read. Empty if there are too many to tell apart. */
  readonly args: readonly { readonly index: number; readonly value: bigint }[];
  /** Empty if the recording does not say which program made the call. */
  readonly programs: readonly string[];
}

export interface ReviewedRecording {
  readonly path: string;
  readonly formerPath: string | undefined;
  readonly changedBy: Authorship;
  readonly state:
    | { readonly type: "unreadable"; readonly reason: string }
    | { readonly type: "removed" }
    | {
        readonly type: "added" | "changed";
        readonly newRuns: readonly Run[];
        /** The number of runs that are gone. */
        readonly goneRuns: number;
        readonly added: readonly string[];
        readonly removed: readonly string[];
        /** Calls that were seen before and now have other arguments, with the programs that made them. */
        readonly otherArguments: readonly OtherArguments[];
        /**
         * New calls, and calls with new arguments, that the profile beside the recording still denies. `deniedByDocker`
         * has those that Docker's default denies too, and `denied` has the others.
         */
        readonly deniedByDocker: readonly string[];
        readonly denied: readonly string[];
        /** Capabilities that no earlier run had. Docker's default allows more to a container that has them. */
        readonly capabilities: readonly string[];
        /** All earlier runs had no-new-privileges, but not all present ones have it. */
        readonly lostNoNewPrivileges: boolean;
        /** How many of the calls that the programs' code can make were recorded. */
        readonly coverage: readonly CodeCoverage[];
        readonly doubts: readonly RecordingDoubt[];
      };
}

/** Options of a profile (policy.json) that changed. */
export interface ReviewedOptions {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

export interface ReviewModel {
  /** The commit that this one is compared with. */
  readonly base: string;
  readonly ceilingName: string;
  readonly profiles: readonly ReviewedProfile[];
  readonly recordings: readonly ReviewedRecording[];
  readonly options: readonly ReviewedOptions[];
  readonly skipped: readonly { readonly path: string; readonly reason: string; readonly alarming: boolean }[];
  /** The kinds for which the gate fails. */
  readonly stops: readonly FailureKind[];
}
