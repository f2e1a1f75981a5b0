import type { NoFilter } from "../profile/index.ts";
import type { Finding } from "../lint/index.ts";
import type { CodeAnswer, CodeCoverage, CodeEvidence, Run, SyscallRecord } from "../recording/index.ts";
import type { Action, ActionRule, Filter, PassedCall } from "../seccomp/index.ts";
import type { Exposure, ScmpArch, SyscallText, Vulnerability } from "../tables/index.ts";

/** What a filter does with a syscall. `floor`: it is allowed only because the container runtime needs it. */
export type CallState = "allowed" | "pinned" | "floor" | "enosys" | "denied";

/** An operation of an allowed call, and whether the profile allows it. */
export interface OperationVerdict {
  /** Its id. */
  readonly operation: string;
  readonly open: boolean;
  /** The answer to the program if the operation is closed. */
  readonly answer: Action | undefined;
}

/** The values that code passes at one place for the arguments that choose among operations. */
export interface PassedOperation {
  readonly args: readonly {
    readonly index: number;
    /** `undefined` if it is no constant: it may be any value. */
    readonly value: bigint | undefined;
  }[];
  /** `openlog in libc.so.6` */
  readonly place: string;
}

/** One syscall of one architecture under a profile. */
export interface CallExplanation {
  readonly name: string;
  readonly arch: ScmpArch;
  /** What the call does. `undefined` if no table has it. */
  readonly text: SyscallText | undefined;
  readonly state: CallState;
  /** The same under Docker's default. */
  readonly docker: Exclude<CallState, "floor">;
  /**
   * The actions for calls that pass, each listed once. An action may also log the call, or let another program decide.
   */
  readonly lets: readonly Action[];
  /**
   * The answer to the program if no condition allows the call: always, or outside its pins. `undefined` if the call is
   * never denied.
   */
  readonly answer: Action | undefined;
  /** The rules that deny it with some arguments. */
  readonly denies: readonly ActionRule[];
  /** The rules that allow it, with their reasons. Empty if the default action decides. */
  readonly rules: readonly ActionRule[];
  /** Its entry in the recording. `undefined` if no recording saw the call. */
  readonly recorded: SyscallRecord | undefined;
  /** True if the profile says that the call was recorded, but the recording does not have it. */
  readonly unbacked: boolean;
  /** Can the programs' code make it? `undefined` if no code was read. */
  readonly code: CodeAnswer | undefined;
  /** The values that the code passes for the arguments that choose among operations. */
  readonly passes: readonly PassedOperation[];
  readonly exposure: Exposure | undefined;
  /** Denies and exceptions on it that have no effect, and conditions that do not mean what they seem to. */
  readonly findings: readonly Finding[];
  /** Calls that are denied, but pass if bits above the lower 32 are set. The kernel looks only at the lower 32. */
  readonly passed: readonly PassedCall[];
  /** Other uses of the call that have a history of vulnerabilities. */
  readonly operations: readonly OperationVerdict[];
  /** The vulnerabilities that need this call: those in reach, and those that the profile closes. */
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
   * What closes it. `names`: a needed call is denied with any arguments. `pins`: the needed arguments are denied.
   * Absent if it is not closed.
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
  /** Set if engines run a container without any filter under the profile. */
  readonly noFilter?: NoFilter | undefined;
  readonly profile: string;
  readonly ceilingName: string;
  readonly arches: readonly ArchExplanation[];
  readonly vulnerabilities: readonly VulnerabilityVerdict[];
  /** The runs of the recording beside the profile. Empty if there is none. */
  readonly runs: readonly Run[];
  /** How much of what the programs' code can make was recorded. Empty if no code was read. */
  readonly coverage: readonly CodeCoverage[];
}

/** What an explanation needs beside the profile. */
export interface ExplainContext {
  readonly noFilter?: NoFilter | undefined;
  readonly profile: string;
  readonly filters: ReadonlyMap<ScmpArch, Filter>;
  readonly ceiling: ReadonlyMap<ScmpArch, Filter>;
  readonly ceilingName: string;
  /** The findings of `ineffectiveFor`. `undefined` if it did not run. */
  readonly findings?: ReadonlyMap<ScmpArch, readonly Finding[]>;
  readonly capabilities: ReadonlySet<string>;
  readonly runs: readonly Run[];
  readonly recorded: { readonly [arch in ScmpArch]?: { readonly [name: string]: SyscallRecord } };
  /** What the recording says about the programs' code. */
  readonly code?: CodeEvidence | undefined;
}
