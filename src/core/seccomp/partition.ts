import { syscallNumber } from "../tables/index.ts";
import { callArgs, hasWideArguments } from "./args.ts";
import { Diagram, type Place } from "./diagram.ts";
import { answeredBefore, evaluate, soleAnswer, treeOf } from "./evaluate.ts";
import type { Action, ActionRule, ArgIndex, Filter, Rule, SeccompData } from "./types.ts";

/** A question about a call: a filter's answer, the rule that decides it, or whether a rule matches it. */
export type Question =
  | { readonly ask: "answer" | "decider"; readonly filter: Filter; readonly name: string }
  | { readonly ask: "match"; readonly rule: Rule };

/**
 * Arguments for the calls that the questions tell apart: the smallest call for each combination of answers. The list is
 * complete: if no call in it gets an answer, no call at all gets that answer. Arguments that are `known` have that
 * value. Throws TooManyWays if it would take too long.
 */
export function partition(
  questions: readonly Question[],
  known: ReadonlyMap<ArgIndex, bigint> = new Map(),
): readonly SeccompData["args"][] {
  if (questions.every(hasOneAnswer)) return [callArgs(Object.fromEntries(known))];
  const diagram = new Diagram(subjectOf(questions));
  return diagram.callsApart(
    questions.map((question) => place(diagram, question)),
    known,
  );
}

/** Do two filters of one architecture give this syscall the same answers, with any arguments? */
export function sameAnswers(a: Filter, b: Filter, name: string): boolean {
  const diagram = new Diagram(name);
  return place(diagram, { ask: "answer", filter: a, name }) === place(diagram, { ask: "answer", filter: b, name });
}

/** The different answers that a filter gives to the syscall with the `known` arguments. */
export function answersOf(
  filter: Filter,
  name: string,
  known: ReadonlyMap<ArgIndex, bigint> = new Map(),
): readonly Action[] {
  const nr = syscallNumber(filter.arch, name);
  const sole = soleAnswer(filter, name, nr);
  if (sole !== undefined) return [sole];
  return callsOf(filter, name, known).map((args) => evaluate(filter, { arch: filter.arch, name, nr, args }));
}

/** The smallest call with the `known` arguments for each answer that a filter gives to the syscall. */
export function callsOf(
  filter: Filter,
  name: string,
  known: ReadonlyMap<ArgIndex, bigint> = new Map(),
): readonly SeccompData["args"][] {
  let answers = compiled.get(filter)?.get(name);
  if (answers === undefined) {
    const diagram = new Diagram(name);
    answers = { diagram, root: place(diagram, { ask: "answer", filter, name }) };
    compiled.set(filter, (compiled.get(filter) ?? new Map<string, Compiled>()).set(name, answers));
  }
  return answers.diagram.callsApart([answers.root], known);
}

/** Every line of a trace asks the same questions. */
const compiled = new WeakMap<Filter, Map<string, Compiled>>();

interface Compiled {
  readonly diagram: Diagram;
  readonly root: Place;
}

function hasOneAnswer(question: Question): boolean {
  if (question.ask === "match") return question.rule.conditions.length === 0;
  return soleAnswer(question.filter, question.name, syscallNumber(question.filter.arch, question.name)) !== undefined;
}

function subjectOf(questions: readonly Question[]): string {
  return questions.flatMap((question) => (question.ask === "match" ? [] : [question.name]))[0] ?? "a syscall";
}

function place(diagram: Diagram, question: Question): Place {
  if (question.ask === "match") return diagram.rule(question.rule, diagram.leaf("yes"), diagram.leaf("no"));
  const { ask, filter, name } = question;
  const rules = filter.syscalls.get(name) ?? [];
  const before = answeredBefore(filter, syscallNumber(filter.arch, name));
  const tell = (rule: ActionRule | undefined): string =>
    ask === "decider"
      ? String(rule === undefined ? "default" : rules.indexOf(rule))
      : leafOf(rule?.action ?? filter.defaultAction);
  if (before !== undefined) return diagram.leaf(ask === "decider" ? "default" : leafOf(before.action));
  return diagram.tree(treeOf(rules, hasWideArguments(filter.arch)), tell);
}

function leafOf(action: Action): string {
  return `${action.action} ${"errnoRet" in action ? action.errnoRet : ""}`;
}
