import type { ArgTuple, CodeEvidence } from "../recording/index.ts";
import type { Action, ArgCondition, ArgIndex, Rule } from "../seccomp/index.ts";
import { errnoNumber, type RequiredCall, type ScmpArch } from "../tables/index.ts";
import type { FloorContext } from "./floor.ts";
import type { ArgTier } from "./types.ts";

/** The pin of a call: what its arguments may be, and the answers for some of the rest. The two never overlap. */
export interface Pin {
  readonly allow: readonly Rule[];
  /** What the allowing rules mean together, if a single rule has no meaning alone. */
  readonly words?: string;
  /** What could not be pinned, and why. */
  readonly lost?: string;
  /** Rules whose calls are allowed whether they were seen or not. */
  readonly also?: readonly Also[];
  readonly answers: readonly {
    readonly action: Action;
    readonly rule: Rule;
    readonly reason: string;
    readonly source: string;
  }[];
}

/** A rule that the pin adds to what was seen. */
export interface Also {
  readonly rule: Rule;
  readonly reason: string;
  readonly source: string;
  /** What the rule means together with its neighbours. */
  readonly words?: string;
  /** True if a recorded call matches it. */
  readonly seen?: boolean;
}

/** What a pin needs to know beside the values. */
export interface PinContext {
  readonly arch: ScmpArch;
  readonly tier: ArgTier;
  /**
   * The container runtime, and the init that --init puts before the program, make calls of their own under the filter.
   */
  readonly start: FloorContext;
  /** Base names of all programs that the recording saw. */
  readonly programs: ReadonlySet<string>;
  /** Programs that use glibc, which calls set_robust_list in every process. */
  readonly glibcPrograms: ReadonlySet<string>;
  /** What the programs' code can make. `undefined` if nobody read their files, or if code does not count. */
  readonly code: CodeEvidence | undefined;
}

/** Not pinned, and why. */
export interface Unpinned {
  readonly unpinned: string;
}

/** Makes a pin. The first argument of each tuple could be read. */
export type Pinner = (values: readonly ArgTuple[], context: PinContext, syscall: string) => Pin | Unpinned;

/**
 * Compares an int argument. The ABI leaves the upper half of the register undefined, so only the lower 32 bits count
 * (CVE-2019-7303 was a comparison of 64).
 */
export function equals32(index: ArgIndex, value: bigint): ArgCondition {
  return { index, op: "SCMP_CMP_MASKED_EQ", mask: 0xffff_ffffn, datum: value & 0xffff_ffffn };
}

/** `(arg & mask) === datum` as a condition. */
export function masked(index: ArgIndex, mask: bigint, datum: bigint): ArgCondition {
  return { index, op: "SCMP_CMP_MASKED_EQ", mask, datum };
}

/** A table's form of a call, as a rule. */
export function ruleOf({ args = [] }: RequiredCall): Rule {
  return {
    conditions: args.map(({ index, value, mask = 0xffff_ffff }) => masked(index, BigInt(mask), BigInt(value))),
  };
}

/** The action that makes a call fail with this error. */
export function errno(name: string): Action {
  const errnoRet = errnoNumber(name);
  if (errnoRet === undefined) throw new RangeError(`no error ${name}`);
  return { action: "SCMP_ACT_ERRNO", errnoRet };
}

/** Numeric order. */
export function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
