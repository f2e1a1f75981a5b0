import type { NoFilter } from "../profile/index.ts";
import type { Finding } from "../lint/index.ts";
import type { CodeAnswer, CodeCoverage, CodeEvidence, Run, SyscallRecord } from "../recording/index.ts";
import type { Action, ActionRule, Filter, PassedCall } from "../seccomp/index.ts";
import type { Exposure, ScmpArch, SyscallText, Vulnerability } from "../tables/index.ts";

/**
 * What a filter does with a syscall. `floor`: it is allowed because the container runtime needs it,
 * and for nothing else.
 */
export type CallState = "allowed" | "pinned" | "floor" | "enosys" | "denied";

/** An operation of an allowed call, and whether the profile lets it through. */
export interface OperationVerdict {
  /** Its id. */
  readonly operation: string;
  readonly open: boolean;
  /** What the program gets, if it is closed. */
  readonly answer: Action | undefined;
}

/** What code passes at one place for the arguments that choose among operations. */
export interface PassedOperation {
  readonly args: readonly {
    readonly index: number;
    /** `undefined`: not a constant, so it may be any value. */
    readonly value: bigint | undefined;
  }[];
  /** `openlog in libc.so.6` */
  readonly place: string;
}

/** One syscall of one architecture under a profile. */
export interface CallExplanation {
  readonly name: string;
  readonly arch: ScmpArch;
  /** What it does. `undefined` if no table knows it. */
  readonly text: SyscallText | undefined;
  readonly state: CallState;
  /** The same under Docker's default. */
  readonly docker: Exclude<CallState, "floor">;
  /** What happens to calls that are let through, each action once: also logged, or asked of others. */
  readonly lets: readonly Action[];
  /**
   * What the program gets if no condition allows the call: always, or outside its pins. `undefined`
   * if the call is never denied.
   */
  readonly answer: Action | undefined;
  /** The rules that deny it with some arguments. */
  readonly denies: readonly ActionRule[];
  /** The rules that let it through, with their reasons. Empty: the default action decides. */
  readonly rules: readonly ActionRule[];
  /** Its entry in the recording. `undefined` if the call was not seen or there is no recording. */
  readonly recorded: SyscallRecord | undefined;
  /** The profile says that the call was recorded, and the recording beside it does not have it. */
  readonly unbacked: boolean;
  /** Can the programs' code make it? `undefined`: no code was read. */
  readonly code: CodeAnswer | undefined;
  /** What the code passes for the arguments that choose among operations. */
  readonly passes: readonly PassedOperation[];
  readonly exposure: Exposure | undefined;
  /** Denies and exceptions on it that take no effect, and conditions that mean something else. */
  readonly findings: readonly Finding[];
  /** Calls that are denied, and pass with bits set above the 32 that the kernel looks at. */
  readonly passed: readonly PassedCall[];
  /** What the call can also be asked to do, with a history of vulnerabilities. */
  readonly operations: readonly OperationVerdict[];
  /** What needs this call and is not out of reach, and what would need it. */
  readonly vulnerabilities: readonly string[];
}

/**
 * `closed`: a required call cannot be made. `capability`: every call can be made, but the container
 * lacks the capability.
 */
export type Reach = "closed" | "capability" | "open";

export interface VulnerabilityVerdict {
  readonly vulnerability: Vulnerability;
  readonly reach: Reach;
  /**
   * What closes it: a call that is denied whatever its arguments are, or arguments that are. Absent:
   * it is not closed.
   */
  readonly closedBy?: "names" | "pins";
  readonly docker: Reach;
}

export interface StateCounts {
  readonly total: number;
  readonly states: { readonly [state in CallState]: number };
  readonly docker: { readonly [state in Exclude<CallState, "floor">]: number };
}

export interface ArchExplanation {
  readonly arch: ScmpArch;
  readonly counts: StateCounts;
  /** Every syscall of the architecture, by name. */
  readonly calls: readonly CallExplanation[];
}

/** A profile, explained: every call of every architecture, and what is out of reach. */
export interface Explanation {
  /** The engines run a container without any filter under it. */
  readonly noFilter?: NoFilter | undefined;
  readonly profile: string;
  readonly ceilingName: string;
  readonly arches: readonly ArchExplanation[];
  readonly vulnerabilities: readonly VulnerabilityVerdict[];
  /** The runs of the recording beside the profile; empty: none was found. */
  readonly runs: readonly Run[];
  /** How much of what the programs' code can make was recorded; empty: no code was read. */
  readonly coverage: readonly CodeCoverage[];
}

/** What a profile is explained with. */
export interface ExplainContext {
  readonly noFilter?: NoFilter | undefined;
  readonly profile: string;
  readonly filters: ReadonlyMap<ScmpArch, Filter>;
  readonly ceiling: ReadonlyMap<ScmpArch, Filter>;
  readonly ceilingName: string;
  /** What `ineffectiveFor` found. `undefined` if it did not run. */
  readonly findings?: ReadonlyMap<ScmpArch, readonly Finding[]>;
  readonly capabilities: ReadonlySet<string>;
  readonly runs: readonly Run[];
  readonly recorded: { readonly [arch in ScmpArch]?: { readonly [name: string]: SyscallRecord } };
  /** What the recording says of the programs' code. */
  readonly code?: CodeEvidence | undefined;
}
