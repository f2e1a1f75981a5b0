import type { Recording, SyscallRecord } from "../recording/index.ts";
import {
  answersOf,
  badArchAction,
  isAllowing,
  sameAction,
  type Action,
  type ArgIndex,
  type Filter,
} from "../seccomp/index.ts";
import { errnoName, type ScmpArch } from "../tables/index.ts";
import type { CheckFinding } from "./types.ts";

/**
 * The calls of a recording that the filters would deny. `evaluate` judges each recorded set of argument values, with
 * every value of the other arguments that a rule can tell apart. A call is also listed if it only ever failed with the
 * error that the profile answers too; the finding says so. Throws TooManyWays if the rules of a call overlap in more
 * ways than can be told apart in bounded time.
 */
export function checkRecording(recording: Recording, filters: ReadonlyMap<ScmpArch, Filter>): readonly CheckFinding[] {
  return Object.entries(recording.syscalls).flatMap(([arch, calls]) =>
    Object.entries(calls).flatMap(([syscall, record]) =>
      checkCall(arch as ScmpArch, syscall, record, filters.get(arch as ScmpArch)),
    ),
  );
}

function checkCall(
  arch: ScmpArch,
  syscall: string,
  record: SyscallRecord,
  filter: Filter | undefined,
): readonly CheckFinding[] {
  const about = { arch, syscall, results: record.results, processes: record.processes, calls: record.calls };
  if (filter === undefined)
    return [{ kind: "denied", ...about, args: [], seen: [], alreadyFailed: false, answer: badArchAction }];
  const { indices, values } =
    record.args === undefined || record.args.values === "many"
      ? { indices: [], values: [[]] }
      : { indices: record.args.indices, values: record.args.values };
  const findings = values.flatMap((tuple): CheckFinding[] => {
    const known = new Map(
      tuple.flatMap((value, position) => (value === null ? [] : [[indices[position] as ArgIndex, value] as const])),
    );
    const answers = answersOf(filter, syscall, known);
    const denied = answers.filter((action) => !isAllowing(action));
    const [answer] = denied;
    if (answer === undefined) return [];
    const kind = denied.length === answers.length ? "denied" : "undecided";
    const alreadyFailed = denied.every((action) => alreadyFailedSo(record, action));
    // The program already got this error, so nothing changes whether the call is denied or not.
    if (kind === "undecided" && alreadyFailed) return [];
    const args = [...known].map(([index, value]) => ({ index, value }));
    return [{ kind, ...about, args, seen: [], alreadyFailed, answer }];
  });
  // Denied with any arguments: one finding is enough.
  const [first] = findings;
  const whole =
    first !== undefined &&
    findings.length === values.length &&
    findings.every(({ kind, answer }) => kind === "denied" && sameAction(answer, first.answer));
  return whole
    ? [{ ...first, args: [], seen: findings.map(({ args }) => args).filter((args) => args.length > 0) }]
    : findings;
}

function alreadyFailedSo({ results }: SyscallRecord, action: Action): boolean {
  return action.action === "SCMP_ACT_ERRNO" && results.length === 1 && results[0] === errnoName(action.errnoRet);
}
