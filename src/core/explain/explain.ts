import { codeAnswer, codeCoverage, operationsOf as operationsOfCode } from "../recording/index.ts";
import {
  callArgs,
  callsOfOperation,
  decide,
  enosys,
  evaluate,
  isAllowing,
  partition,
  passedByUpperBits,
  sameAction,
  type Action,
  type ActionRule,
  type Decision,
  type Filter,
} from "../seccomp/index.ts";
import {
  describeSyscall,
  exposureOf,
  spellingsOf,
  syscallNames,
  syscallNumber,
  operationsOf,
  vulnerabilities,
  type ScmpArch,
  type Vulnerability,
} from "../tables/index.ts";
import { originOf } from "./origin.ts";
import { isClosedByNames, reachOf } from "./reach.ts";
import type {
  ArchExplanation,
  CallExplanation,
  CallState,
  ExplainContext,
  OperationVerdict,
  Explanation,
  VulnerabilityVerdict,
} from "./types.ts";

/**
 * Explains every call of every architecture that the profile serves, and says which known vulnerabilities are out of
 * reach.
 */
export function explain(context: ExplainContext): Explanation {
  const { profile, ceilingName, filters, ceiling, capabilities, runs } = context;
  const verdicts = vulnerabilities.map((vulnerability): VulnerabilityVerdict => ({
    vulnerability,
    ...reached(vulnerability, context),
    docker: reachOf(vulnerability, ceiling, capabilities),
  }));
  return {
    ...(context.noFilter === undefined ? {} : { noFilter: context.noFilter }),
    profile,
    ceilingName,
    arches: [...filters.values()].map((filter) => explainArch(filter, context)),
    vulnerabilities: verdicts,
    runs,
    coverage: codeCoverage({ code: context.code, syscalls: context.recorded }),
  };
}

function reached(
  vulnerability: Vulnerability,
  { filters, capabilities }: ExplainContext,
): Pick<VulnerabilityVerdict, "reach" | "closedBy"> {
  const reach = reachOf(vulnerability, filters, capabilities);
  return reach === "closed"
    ? { reach, closedBy: isClosedByNames(vulnerability, filters, capabilities) ? "names" : "pins" }
    : { reach };
}

function explainArch(filter: Filter, context: ExplainContext): ArchExplanation {
  const calls = syscallNames(filter.arch).map((name) => explainCall(name, filter, context));
  const count = <State extends CallState>(
    states: readonly State[],
    of: (call: CallExplanation) => CallState,
  ): { readonly [state in State]: number } =>
    Object.fromEntries(states.map((state) => [state, calls.filter((call) => of(call) === state).length])) as {
      readonly [state in State]: number;
    };
  return {
    arch: filter.arch,
    counts: {
      total: calls.length,
      states: count(["allowed", "pinned", "floor", "enosys", "denied"], ({ state }) => state),
      docker: count(["allowed", "pinned", "enosys", "denied"], ({ docker }) => docker),
    },
    calls,
  };
}

function explainCall(name: string, filter: Filter, context: ExplainContext): CallExplanation {
  const { ceiling, recorded, runs, findings } = context;
  const own = answers(filter, filter.arch, name);
  const rules = own.rules.filter(({ action }) => isAllowing(action));
  const state = stateOf(own.actions);
  const record = Object.hasOwn(recorded[filter.arch] ?? {}, name) ? recorded[filter.arch]?.[name] : undefined;
  return {
    name,
    arch: filter.arch,
    text: describeSyscall(name),
    state:
      (state === "allowed" || state === "pinned") &&
      rules.length > 0 &&
      rules.every(({ because }) => originOf(because) === "runtime")
        ? "floor"
        : state,
    docker: stateOf(answers(ceiling.get(filter.arch), filter.arch, name).actions),
    lets: own.actions.filter(
      (action, at) => isAllowing(action) && own.actions.findIndex((other) => sameAction(other, action)) === at,
    ),
    answer: own.decisions.find((decision) => !isAllowing(decision.action) && !isConditional(decision))?.action,
    denies: own.rules.filter(({ action, rule }) => !isAllowing(action) && rule.conditions.length > 0),
    rules,
    recorded: record,
    unbacked: runs.length > 0 && record === undefined && rules.some(({ because }) => originOf(because) === "recorded"),
    code: codeAnswer(context.code, filter.arch, name),
    passes: operationsOfCode(context.code, filter.arch, name).map(({ values, place }) => ({
      args: [...values].map(([index, value]) => ({ index, value })),
      place,
    })),
    exposure: exposureOf(name),
    findings: (findings?.get(filter.arch) ?? []).filter(({ names }) => names.includes(name)),
    passed: state === "pinned" ? passedByUpperBits(filter, name) : [],
    operations: state === "allowed" || state === "pinned" ? operationVerdicts(name, filter) : [],
    vulnerabilities: needing(name),
  };
}

function operationVerdicts(name: string, filter: Filter): readonly OperationVerdict[] {
  return operationsOf(name).flatMap((operation) => {
    const calls = callsOfOperation(operation, filter, name);
    const [first] = calls;
    if (first === undefined) return [];
    const answers = calls.map((call) => evaluate(filter, call));
    const open = answers.some(isAllowing);
    return [{ operation: operation.id, open, answer: open ? undefined : answers[0] }];
  });
}

const needed = new Map<string, string[]>();
/** The vulnerabilities that this call reaches, alone or with other calls. */
function needing(name: string): readonly string[] {
  if (needed.size === 0) {
    for (const { id, needs } of vulnerabilities) {
      for (const call of new Set(needs.flat().flatMap(({ names }) => names.flatMap(spellingsOf))))
        needed.set(call, [...(needed.get(call) ?? []), id]);
    }
  }
  return needed.get(name) ?? [];
}

/**
 * Every answer of the filter to this call, and the rules that give the answers. If `filter` is `undefined`, the profile
 * does not serve the architecture.
 */
function answers(
  filter: Filter | undefined,
  arch: ScmpArch,
  name: string,
): {
  readonly actions: readonly Action[];
  readonly decisions: readonly Decision[];
  readonly rules: readonly ActionRule[];
} {
  if (filter === undefined) return { actions: [{ action: "SCMP_ACT_KILL_THREAD" }], decisions: [], rules: [] };
  const nr = syscallNumber(arch, name);
  const listed = filter.syscalls.get(name) ?? [];
  const decisions = partition([{ ask: "decider", filter, name }]).map((args) =>
    decide(filter, { arch, name, nr, args }),
  );
  const deciding = new Set(decisions.flatMap((decision) => (decision.by === "rule" ? [decision.rule] : [])));
  const first = decisions.length > 0 ? decisions : [decide(filter, { arch, name, nr, args: callArgs() })];
  return {
    actions: first.map(({ action }) => action),
    decisions: first,
    rules: listed.filter((rule) => deciding.has(rule)),
  };
}

function isConditional(decision: Decision): boolean {
  return decision.by === "rule" && decision.rule.rule.conditions.length > 0;
}

function stateOf(actions: readonly Action[]): Exclude<CallState, "floor"> {
  const allowed = actions.filter(isAllowing).length;
  if (allowed === actions.length) return "allowed";
  if (allowed > 0) return "pinned";
  return actions.every((action) => action.action === "SCMP_ACT_ERRNO" && action.errnoRet === enosys)
    ? "enosys"
    : "denied";
}
