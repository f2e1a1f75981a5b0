import type { Recording } from "../recording/index.ts";
import { isAllowing, ruleKey, type ActionRule } from "../seccomp/index.ts";
import { multiplexerOf, syscallNumber, type ScmpArch } from "../tables/index.ts";
import type { FloorContext } from "./floor.ts";
import type { PolicyNote, PolicyOptions } from "./types.ts";

/** A policy while it is made. */
export interface Draft {
  readonly recording: Recording;
  readonly options: PolicyOptions;
  /** The calls that --deny names. */
  readonly denied: ReadonlySet<string>;
  readonly start: FloorContext;
  /** All programs that the recording saw. */
  readonly programs: ReadonlySet<string>;
  /** Programs of glibc, which calls set_robust_list in every process. */
  readonly glibcPrograms: ReadonlySet<string>;
  readonly book: RuleBook;
  /** The answers of a call's pins, on all architectures. */
  readonly answers: Map<string, readonly ActionRule[]>;
  readonly notes: PolicyNote[];
}

/** Rules by syscall. Equal rules are kept once, with the first reason. */
export class RuleBook {
  readonly #rules = new Map<string, readonly ActionRule[]>();

  /** All names with rules, sorted. */
  names(): readonly string[] {
    return [...this.#rules.keys()].sort();
  }

  rulesOf(name: string): readonly ActionRule[] {
    return this.#rules.get(name) ?? [];
  }

  /** Is the call allowed, at least with some arguments? */
  allows(name: string): boolean {
    return this.rulesOf(name).some(({ action }) => isAllowing(action));
  }

  /** Is the call allowed with any arguments? */
  allowsAlways(name: string): boolean {
    return this.rulesOf(name).some(({ action, rule }) => isAllowing(action) && rule.conditions.length === 0);
  }

  add(name: string, added: ActionRule): void {
    const known = this.rulesOf(name);
    if (known.some(({ rule }) => ruleKey(rule) === ruleKey(added.rule))) return;
    this.#rules.set(name, [...known, added]);
  }

  /** Replaces all rules of the call. */
  replace(name: string, rule: ActionRule): void {
    this.#rules.set(name, [rule]);
  }
}

/** Can a program on this architecture make the call, by its own number or through a multiplexer? */
export function existsOn(arch: ScmpArch, name: string): boolean {
  return syscallNumber(arch, name) !== undefined || multiplexerOf(arch, name) !== undefined;
}
