import {
  allowsOperation,
  callArgs,
  evaluate,
  isAllowing,
  partition,
  sameAction,
  soleAnswer,
  type Action,
  type ActionRule,
  type Filter,
  type SeccompData,
} from "../seccomp/index.ts";
import { operationsOf, syscallNumber } from "../tables/index.ts";
import type { ChangeKind, SyscallChange } from "./types.ts";

/** One call and the answers of the two filters. */
interface Answer {
  readonly args: SeccompData["args"];
  readonly was: Action;
  readonly is: Action;
}

/** How the two filters differ on one syscall. `undefined` if they agree for all arguments. */
export function compareSyscall(before: Filter, after: Filter, syscall: string): SyscallChange | undefined {
  const nr = syscallNumber(before.arch, syscall);
  const [alwaysWas, alwaysIs] = [soleAnswer(before, syscall, nr), soleAnswer(after, syscall, nr)];
  const sole =
    alwaysWas === undefined || alwaysIs === undefined ? undefined : [{ args: anyArgs, was: alwaysWas, is: alwaysIs }];
  const answers = sole ?? answersOf(before, after, syscall, nr);
  const kind = kindOf(answers);
  if (kind === undefined) return undefined;
  const { args, was, is } = witnessOf(kind, answers);
  return {
    arch: before.arch,
    syscall,
    kind,
    before: rulesOf(before, syscall, nr),
    after: rulesOf(after, syscall, nr),
    witness: { arch: before.arch, name: syscall, nr, args },
    was,
    is,
    opened: operationsOf(syscall)
      .filter((operation) => allowsOperation(after, syscall, operation) && !allowsOperation(before, syscall, operation))
      .map(({ id }) => id),
  };
}

const anyArgs = callArgs();

function answersOf(before: Filter, after: Filter, syscall: string, nr: number | undefined): readonly Answer[] {
  return partition([before, after].map((filter) => ({ ask: "answer", filter, name: syscall }))).map((args) => {
    const call = { arch: before.arch, name: syscall, nr, args };
    return { args, was: evaluate(before, call), is: evaluate(after, call) };
  });
}

/** The rules that can decide. There are none if runc's stub answers before them. */
function rulesOf(filter: Filter, syscall: string, nr: number | undefined): readonly ActionRule[] {
  return filter.enosysAbove !== undefined && nr !== undefined && nr > filter.enosysAbove
    ? []
    : (filter.syscalls.get(syscall) ?? []);
}

function kindOf(answers: readonly Answer[]): ChangeKind | undefined {
  if (answers.every(({ was, is }) => sameAction(was, is))) return undefined;
  const opened = answers.some(({ was, is }) => !isAllowing(was) && isAllowing(is));
  const closed = answers.some(({ was, is }) => isAllowing(was) && !isAllowing(is));
  const allowedBefore = answers.some(({ was }) => isAllowing(was));
  const allowedAfter = answers.some(({ is }) => isAllowing(is));
  if (opened && closed) return "changed";
  if (opened) return allowedBefore ? "widened" : "newly-allowed";
  if (closed) return allowedAfter ? "narrowed" : "no-longer-allowed";
  return answers.some(({ was, is }) => isAllowing(was) && !sameAction(was, is)) ? "changed" : "denied-differently";
}

/** Chooses the witness. A call that opens comes first, then one that closes, then one with another answer. */
function witnessOf(kind: ChangeKind, answers: readonly Answer[]): Answer {
  const opens = ({ was, is }: Answer): boolean => !isAllowing(was) && isAllowing(is);
  const closes = ({ was, is }: Answer): boolean => isAllowing(was) && !isAllowing(is);
  const found = answers.find(opens) ?? answers.find(closes) ?? answers.find(({ was, is }) => !sameAction(was, is));
  if (found === undefined) throw new RangeError(`no witness for ${kind}`);
  return found;
}

/**
 * A call that `before` and `unless` deny and `after` allows. `undefined` if there is none. All filters must be of one
 * architecture. An undefined filter denies everything.
 */
export function newlyPossible(
  before: Filter | undefined,
  after: Filter,
  unless: Filter | undefined,
  syscall: string,
): SeccompData | undefined {
  const nr = syscallNumber(after.arch, syscall);
  const filters = [before, after, unless].filter((filter) => filter !== undefined);
  const lets = (filter: Filter | undefined, call: SeccompData): boolean =>
    filter !== undefined && isAllowing(evaluate(filter, call));
  for (const args of partition(filters.map((filter) => ({ ask: "answer", filter, name: syscall })))) {
    const call = { arch: after.arch, name: syscall, nr, args };
    if (lets(after, call) && !lets(before, call) && !lets(unless, call)) return call;
  }
  return undefined;
}
