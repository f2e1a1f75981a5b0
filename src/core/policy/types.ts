import type { ArgTuple, CodeRank } from "../recording/index.ts";
import type { ActionRule, Filter } from "../seccomp/index.ts";
import type { ScmpArch, Weight } from "../tables/index.ts";

/**
 * How closely arguments are pinned to what was seen. `argumentRows` says which arguments each tier pins. `none` pins
 * nothing, and `strict` pins everything that it can.
 */
export type ArgTier = "none" | "standard" | "strict";
/** `complain`, for a staging rollout, logs what would be denied. */
export type Mode = "enforce" | "complain";
/**
 * The runtimes under which a profile must start: one, or any. The profile allows their calls. `old-runc` means any,
 * with runc before 1.0.2 included.
 */
export type FloorChoice = "any" | "runc" | "crun" | "old-runc";

/**
 * The inputs of a policy beside the recording. The caller resolves the ceiling: the policy reads no profile and no
 * host.
 */
export interface PolicyOptions {
  readonly args: ArgTier;
  /** Allows only what was seen and the floor: no companions, and nothing because of code. */
  readonly exact: boolean;
  /** Allows ordinary calls that the programs' own code can make. */
  readonly reach: boolean;
  /** The furthest rank at which code counts. Absent for the measured best. */
  readonly furthestRank?: CodeRank;
  readonly floor: FloorChoice;
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /** Docker's default for the recorded engine and capabilities, for each architecture. */
  readonly ceiling: ReadonlyMap<ScmpArch, Filter>;
  /** The ceiling's name in output, such as "Docker 20.10.24's default". */
  readonly ceilingName: string;
}

/** One thing about the policy that the user must know. */
export type PolicyNote =
  /** Observed, but left out because the ceiling denies it. `results`: the recorded results. */
  | {
      readonly kind: "above-ceiling";
      readonly arch: ScmpArch;
      readonly syscall: string;
      readonly results: readonly string[];
      readonly processes: readonly string[];
      readonly values: readonly ArgTuple[] | undefined;
    }
  /** Added beyond the ceiling because of --allow. */
  | { readonly kind: "allowed-above-ceiling"; readonly arch: ScmpArch; readonly syscall: string }
  /** Denied: the code of a program can make it, but no recording saw it, and it is more than ordinary. */
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
  /** Not pinned, although the call could be. `reason` says why. */
  | { readonly kind: "unpinned"; readonly arch: ScmpArch; readonly syscall: string; readonly reason: string }
  /** The tables do not know the name (a newer kernel's call), so no profile can have it. */
  | { readonly kind: "unknown-syscall"; readonly arch: ScmpArch; readonly syscall: string };

/** What a policy was made with, and the hosts that it holds for. The head of a profile says so. */
export interface Assumptions {
  /** The recording's name. */
  readonly recording: string;
  /** A digest of recording and options. Absent if the caller gives none. */
  readonly inputs?: string;
  /** True if the container certainly has no-new-privileges. `false` if it may run without it. */
  readonly noNewPrivileges: boolean;
  readonly init: boolean;
  readonly floor: FloorChoice;
  readonly args: ArgTier;
  readonly capabilities: BeyondDefault | undefined;
  readonly exact: boolean;
  readonly reach: boolean;
  readonly mode: Mode;
  /** The ceiling's name. */
  readonly ceiling: string;
}

/**
 * Capabilities of the recorded runs that Docker's default does not give. The ceiling is as wide as the most capable
 * run, because what that run did must still work.
 */
export interface BeyondDefault {
  /** Their names, or their number if there are more than `maxNamed`. */
  readonly more: readonly string[] | number;
  /** True if some run lacked one of them. */
  readonly inSomeRuns: boolean;
}

/** The content of a profile: filters with a reason for each rule. */
export interface Policy {
  /** One for each observed architecture, sorted. The native one comes first. */
  readonly filters: readonly Filter[];
  readonly notes: readonly PolicyNote[];
  readonly assumptions: Assumptions;
}
