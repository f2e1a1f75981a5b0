import type { ScmpArch } from "../tables/index.ts";

/** One of the six syscall arguments, counted from 0 (`struct seccomp_data.args`). */
export type ArgIndex = 0 | 1 | 2 | 3 | 4 | 5;

/**
 * The comparisons of seccomp_rule_add(3) that need one datum. All compare unsigned 64-bit values.
 */
export type CompareOp = "SCMP_CMP_NE" | "SCMP_CMP_LT" | "SCMP_CMP_LE" | "SCMP_CMP_EQ" | "SCMP_CMP_GE" | "SCMP_CMP_GT";

/**
 * One test of one argument. `datum` and `mask` are uint64. SCMP_CMP_MASKED_EQ: `(arg & mask) ===
 * datum`.
 */
export type ArgCondition =
  | { readonly index: ArgIndex; readonly op: CompareOp; readonly datum: bigint }
  | { readonly index: ArgIndex; readonly op: "SCMP_CMP_MASKED_EQ"; readonly mask: bigint; readonly datum: bigint };

/**
 * A rule matches a call if all its conditions hold. Without conditions it matches every call. It has at most one
 * condition for each index (seccomp_rule_add(3)).
 */
export interface Rule {
  readonly conditions: readonly ArgCondition[];
}

/**
 * What the kernel does with a call (seccomp(2)). `errnoRet` is the errno of ERRNO and the message of TRACE (16 bit).
 */
export type Action =
  | { readonly action: "SCMP_ACT_ERRNO" | "SCMP_ACT_TRACE"; readonly errnoRet: number }
  | {
      readonly action:
        | "SCMP_ACT_ALLOW"
        | "SCMP_ACT_LOG"
        | "SCMP_ACT_TRAP"
        | "SCMP_ACT_KILL_THREAD"
        | "SCMP_ACT_KILL_PROCESS"
        | "SCMP_ACT_NOTIFY";
    };

/**
 * Why a rule is there. Reviewers ask for it, and the profile has it as `comment`. `only`: what the rule means together
 * with its neighbours, if it says nothing alone.
 */
export type Because =
  /** A recording saw these programs (base names) make the call. `unpinned`: why a call that could be pinned is not. */
  | {
      readonly type: "observed";
      readonly processes: readonly string[];
      readonly unpinned?: string;
      readonly only?: string;
    }
  /**
   * A row of a policy table: what the container runtime needs, what the same program calls on another day, or the
   * answer of a denied call.
   */
  | {
      readonly type: "floor" | "companion" | "fallback";
      readonly reason: string;
      readonly source: string;
      readonly only?: string;
    }
  /** The code of a program can make it. `how`: in words. `ran`: the program ran during the recording. */
  | {
      readonly type: "code";
      readonly program: string;
      readonly ran: boolean;
      readonly how: string;
      readonly only?: string;
    }
  /** `--allow` / `--deny` on the command line. `beyond`: the name of the ceiling that it exceeds. */
  | { readonly type: "user"; readonly option: "--allow" | "--deny"; readonly beyond?: string }
  /** Read from a profile file: JSON pointer of the group and its comment. */
  | { readonly type: "profile"; readonly pointer: string; readonly comment: string | undefined };

/** A rule with what happens when it matches, and why it is there. */
export interface ActionRule {
  readonly action: Action;
  readonly rule: Rule;
  readonly because: Because;
}

/**
 * The rules of each syscall, joined by "or", and the default action. A filter is for one architecture and already
 * resolved for a host. Syscalls have libseccomp's names. The rules are in the profile's order, which matters if actions
 * differ.
 */
export interface Filter {
  readonly arch: ScmpArch;
  readonly defaultAction: Action;
  readonly syscalls: ReadonlyMap<string, readonly ActionRule[]>;
  /**
   * runc answers ENOSYS to every number above the highest one that the profile names. `undefined` for crun, which has
   * no such stub.
   */
  readonly enosysAbove: number | undefined;
}

/**
 * One question to a filter: `struct seccomp_data` with libseccomp's name beside the number
 * (`undefined` if the architecture has no such call).
 */
export interface SeccompData {
  readonly arch: ScmpArch;
  readonly name: string;
  readonly nr: number | undefined;
  readonly args: readonly [bigint, bigint, bigint, bigint, bigint, bigint];
}
