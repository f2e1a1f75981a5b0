import type { Elsewhere } from "../core/diff/index.ts";
import type { Assessment } from "../core/judgement/index.ts";
import type { CodeAnswer, CodeCoverage, Run } from "../core/recording/index.ts";
import type { ScmpArch } from "../core/tables/index.ts";
import type { PlacedFinding } from "./lint.ts";

/**
 * What `review --fail-on` names: something became possible; that is dangerous; that is not what the
 * recording gives; beyond Docker's default; a new lint finding.
 */
export const failureKinds = ["widened", "dangerous", "unbacked", "beyond-docker", "lint", "any"] as const;
export type FailureKind = (typeof failureKinds)[number];

/** What a review can be written as. */
export const reviewFormats = ["markdown", "text", "json", "html", "sarif", "codeclimate"] as const;
export type ReviewFormat = (typeof reviewFormats)[number];

/** Line and column, from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A profile that was changed, or whose recording was. */
export interface ReviewedProfile {
  /** The file, and which of its profiles it is (`deploy.yaml#web`) unless it is the whole file. */
  readonly path: string;
  readonly file: string;
  readonly formerPath: string | undefined;
  readonly state: { readonly type: "unreadable"; readonly reason: string } | JudgedProfile;
}

export interface JudgedProfile {
  readonly type: "added" | "changed" | "removed";
  readonly assessment: Assessment;
  /**
   * Calls that became possible only where capabilities, kernel or architecture are other than those
   * it is judged for.
   */
  readonly elsewhere: readonly Elsewhere[];
  /** Where the rules stand that let the openings through, in their order. */
  readonly places: readonly Place[];
  /** What the programs' code says of the openings, in their order. `undefined`: no code was read. */
  readonly inCode: readonly (CodeAnswer | undefined)[];
  /**
   * Is the profile what its recording gives? `none`: it never had a recording; `lost`: it had one, and
   * has none now.
   */
  readonly source: "same" | "different" | "none" | "lost" | "removed";
  /** Where its recording and options are. */
  readonly recording: string | undefined;
  /** Runs of the recording that its former state did not have. */
  readonly newRuns: readonly Run[];
  /** The calls that attackers look for and a new profile allows. */
  readonly keeps: readonly string[];
  /** Errors and warnings that were not there before. */
  readonly findings: readonly PlacedFinding[];
  /** What a gate may stop for. */
  readonly failures: readonly FailureKind[];
}

/**
 * What makes a recording doubtful. It proves nothing: a recording is a text, and can be written by
 * hand.
 */
export type RecordingDoubt =
  /** Calls or values are new, but every run was there before. */
  | "no-new-run"
  /** The text is not as seccomp-gen writes it. */
  | "not-canonical"
  /** The trace of a new run broke off. */
  | "cut";

/** Who changed a file, as git tells it. */
export interface Authorship {
  /** Newest first. */
  readonly commits: readonly { readonly id: string; readonly author: string }[];
  /** Something of it is in no commit yet. */
  readonly uncommitted: boolean;
}

/** A call that was recorded before, and not with these arguments. */
export interface OtherArguments {
  readonly arch: ScmpArch;
  readonly syscall: string;
  /** As far as they could be read; empty if there are too many to be told apart. */
  readonly args: readonly { readonly index: number; readonly value: bigint }[];
  /** Empty: the recording does not say who made it so. */
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
        /** How many runs are there no longer. */
        readonly goneRuns: number;
        readonly added: readonly string[];
        readonly removed: readonly string[];
        /** Seen before, now with other arguments: which, and who made the call so. */
        readonly otherArguments: readonly OtherArguments[];
        /**
         * Of these two, what the profile beside it denies nevertheless, because Docker's default
         * does; and what it denies for another reason.
         */
        readonly deniedByDocker: readonly string[];
        readonly denied: readonly string[];
        /**
         * Capabilities that no former run had: Docker's default allows more to such a container.
         */
        readonly capabilities: readonly string[];
        /** Former runs had no-new-privileges, not all of the present ones have. */
        readonly lostNoNewPrivileges: boolean;
        /** How much of what the programs' code can make was recorded. */
        readonly coverage: readonly CodeCoverage[];
        readonly doubts: readonly RecordingDoubt[];
      };
}

/** Options of a profile (policy.json) that were changed. */
export interface ReviewedOptions {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

export interface ReviewModel {
  /** The commit compared with. */
  readonly base: string;
  readonly ceilingName: string;
  readonly profiles: readonly ReviewedProfile[];
  readonly recordings: readonly ReviewedRecording[];
  readonly options: readonly ReviewedOptions[];
  readonly skipped: readonly { readonly path: string; readonly reason: string; readonly alarming: boolean }[];
  /** What the gate stops for. */
  readonly stops: readonly FailureKind[];
}
