import { diffFilters, newlyPossible } from "../diff/index.ts";
import type { SyscallChange } from "../diff/types.ts";
import { dangerousCalls } from "../lint/index.ts";
import { decide, isAllowing } from "../seccomp/index.ts";
import type { Filter } from "../seccomp/types.ts";
import type { ScmpArch } from "../tables/types.ts";
import type { Assessment, Level, Opening } from "./types.ts";

type Filters = ReadonlyMap<ScmpArch, Filter>;

/** What the change is held against. */
export interface AssessmentContext {
  /** What Docker's default allows. */
  readonly ceiling: Filters;
  /** What the recording gives with its options; undefined: there is none. */
  readonly derived: Filters | undefined;
}

const levels: readonly Level[] = ["danger", "notable", "ordinary"];

/** Judges the change from one resolved profile to another. */
export function assess(before: Filters, after: Filters, context: AssessmentContext): Assessment {
  const diff = diffFilters(before, after);
  const openings = diff.syscalls.filter(({ kind }) => kind === "newly-allowed" || kind === "widened" || kind === "changed").flatMap((change) => opening(change, before, after, context));
  return {
    diff,
    openings: openings.sort((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level) || (a.change.syscall < b.change.syscall ? -1 : 1)),
    closings: diff.syscalls.filter(({ kind }) => kind === "no-longer-allowed" || kind === "narrowed"),
    otherAnswers: diff.syscalls.filter(({ kind }) => kind === "denied-differently"),
    profile: diff.profile,
    open: [...after].some(([arch, { defaultAction }]) => isAllowing(defaultAction) && !isAllowing(before.get(arch)?.defaultAction ?? { action: "SCMP_ACT_KILL_PROCESS" })),
  };
}

/** The example is the most telling call: one beyond Docker's default, else one that the recording does not give, else any. */
function opening(change: SyscallChange, before: Filters, after: Filters, { ceiling, derived }: AssessmentContext): readonly Opening[] {
  const { arch, syscall } = change;
  const filter = after.get(arch);
  if (filter === undefined) return [];
  const beyond = newlyPossible(before.get(arch), filter, ceiling.get(arch), syscall);
  const unbacked = derived === undefined ? undefined : newlyPossible(before.get(arch), filter, derived.get(arch), syscall);
  const witness = beyond ?? unbacked ?? change.witness;
  const old = before.get(arch);
  const decision = decide(filter, witness);
  const row = dangerousCalls.find(({ names }) => names.includes(syscall));
  const pinned = change.after.every(({ action, rule }) => !isAllowing(action) || rule.conditions.length > 0);
  const danger = beyond !== undefined || (row !== undefined && !(row.pinnable && pinned));
  return [
    {
      change: { ...change, witness, was: old === undefined ? change.was : decide(old, witness).action, is: decision.action },
      level: danger ? "danger" : row !== undefined || change.kind !== "newly-allowed" ? "notable" : "ordinary",
      exposes: row?.reason,
      because: decision.by === "rule" ? decision.rule.because : undefined,
      backed: derived === undefined ? undefined : unbacked === undefined,
      beyondDocker: beyond !== undefined,
    },
  ];
}
