import type { Run } from "../../core/recording/index.ts";
import { withSeccomp } from "../gateway/index.ts";
import { floorFor } from "../../core/policy/index.ts";
import {
  resolve,
  stringifyProfile,
  type DockerProfile,
  type HostContext,
  type ResolutionProblem,
} from "../../core/profile/index.ts";
import type { Filter } from "../../core/seccomp/index.ts";
import { parseStrace } from "../../strace-parser/index.ts";
import { weigh, type ScmpArch } from "../../core/tables/index.ts";
import { deniedBeside, extend, isUnseen, rulesOf, unseen, type Addition } from "./additions.ts";
import { confine } from "./confine.ts";
import type { Crash } from "./crashes.ts";
import { DenialObserver, type Denial } from "./denials.ts";
import { smallestPassing } from "./minimize.ts";
import { runUnder, type Proof, type Tracing, type Verdict, type Workload } from "./run.ts";

/** A workload that failed under its profile, and everything that matters for the reason. */
export interface Subject {
  readonly workload: Workload;
  readonly host: HostContext;
  readonly profile: DockerProfile;
  /** Docker's default, per architecture. */
  readonly ceiling: ReadonlyMap<ScmpArch, Filter>;
  readonly proof: Proof;
  /** True if the user gave no exit code. Then the workload must end with the code that it has without the profile. */
  readonly anyExit: boolean;
  readonly verdict: Verdict;
  /** The run's facts, as a recording would have them. They decide which calls the runtime needs. */
  readonly facts: Run;
  /** Calls that the programs' code can make, as far as the recording knows. */
  readonly reached: ReadonlySet<string>;
  /** The workload is run at most this many times. */
  readonly maxRuns: number;
  /** The profile for comparing runs. `undefined` for the engine's default. */
  readonly without: string | undefined;
  /** The verdict without the profile, if it is known already. */
  readonly baseline: Verdict | undefined;
}

/** Why a workload fails under its profile. */
export type Diagnosis =
  /** The profile is not to blame. */
  | { readonly kind: "fails-without-profile"; readonly verdict: Verdict }
  /** The runtime refuses the profile. */
  | { readonly kind: "refused"; readonly problems: readonly ResolutionProblem[] }
  /** The workload passes with the additions. `denials` are the denied calls that the traces saw, in order. */
  | {
      readonly kind: "explained";
      readonly denials: readonly Denial[];
      readonly crashes: readonly Crash[];
      readonly additions: readonly Addition[];
      /** The ordinary additions. They were added together. */
      readonly ordinary: readonly Addition[];
      /** True if the workload fails without any one of the other additions. */
      readonly minimal: boolean;
      readonly floor: ReadonlyMap<string, string>;
      readonly runs: number;
    }
  /** The workload fails even with everything that Docker's default allows, or there were not enough runs. */
  | {
      readonly kind: "unexplained";
      readonly denials: readonly Denial[];
      readonly crashes: readonly Crash[];
      /** The calls that the traces saw denied and that the last run allowed. */
      readonly tried: readonly string[];
      /** The number of further allowed calls that no trace saw. */
      readonly more: number;
      readonly runs: number;
    }
  | { readonly kind: "interrupted" };

/** Thrown when Ctrl-C ends the search. */
class Interrupted extends Error {}

/**
 * Once more than this share of `maxRuns` is used up, no further run is traced. Each traced run allows the calls that
 * the earlier ones saw denied. A program that gives up at its first denied call shows the next one only when the first
 * is allowed.
 */
const tracedShare = 1 / 2;

/**
 * Finds out why the workload fails, by running it. The workload runs without the profile first, then under strace. The
 * search allows more and more calls until the workload passes. Then it allows fewer and fewer while the workload still
 * passes.
 */
export async function diagnose(subject: Subject): Promise<Diagnosis> {
  const problems = resolve(subject.profile, subject.host).problems.filter(({ kind }) => kind !== "unknown-syscall");
  if (problems.length > 0) return { kind: "refused", problems };
  try {
    return await new Search(subject).search();
  } catch (error) {
    if (error instanceof Interrupted) return { kind: "interrupted" };
    throw error;
  }
}

/** One search. It counts its runs, and knows what it has allowed so far. */
class Search {
  readonly #subject: Subject;
  readonly #filters: ReadonlyMap<ScmpArch, Filter>;
  readonly #native: Filter;
  readonly #wanted = new Map<string, Addition>();
  /** The denials of all traces, in their order. */
  #denials: readonly Denial[] = [];
  readonly #crashes = new Map<string, Crash>();
  #proof: Proof;
  #runs = 0;
  /** A run that takes longer than this is assumed to hang. */
  #patienceMs = 20_000;

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#proof = subject.proof;
    this.#filters = resolve(subject.profile, subject.host).filters;
    const native = this.#filters.get(subject.host.arch);
    if (native === undefined) throw new RangeError("a profile without the host's architecture");
    this.#native = native;
  }

  async search(): Promise<Diagnosis> {
    const { notice } = this.#subject.proof.exercise;
    const baseline = this.#subject.baseline ?? (await this.#baseline());
    if (baseline.kind !== "passed") return { kind: "fails-without-profile", verdict: baseline };
    notice("without the profile it passes: the profile is the cause; looking for what is missing");
    let verdict = this.#subject.verdict;
    while (verdict.kind !== "passed" && this.#runs <= this.#subject.maxRuns * tracedShare) {
      const more = verdict.kind === "not-started" ? this.#floor() : await this.#trace();
      if (!this.#want(more)) break;
      verdict = await this.#try([...this.#wanted.values()]);
    }
    if (verdict.kind !== "passed") {
      this.#want(this.#floor());
      this.#want(
        [...this.#filters.values()].flatMap((filter) => deniedBeside(this.#subject.ceiling.get(filter.arch), filter)),
      );
      verdict = await this.#try([...this.#wanted.values()]);
    }
    if (verdict.kind !== "passed") {
      return { kind: "unexplained", ...this.#seen(), ...this.#tried(), runs: this.#runs };
    }
    const { items, ordinary, minimal } = await this.#smallest();
    // An engine may start an init before every program without saying so, so `init` is true. If a call has several
    // reasons, the first counts.
    const noNewPrivileges = this.#subject.facts.noNewPrivileges === true;
    const floor = new Map(
      [...floorFor("any", { noNewPrivileges, init: true })]
        .reverse()
        .flatMap(({ names, reason }) => names.map((name) => [name, reason] as const)),
    );
    return { kind: "explained", ...this.#seen(), additions: items, ordinary, minimal, floor, runs: this.#runs };
  }

  /** What the traces saw. */
  #seen(): { readonly denials: readonly Denial[]; readonly crashes: readonly Crash[] } {
    return { denials: this.#denials, crashes: [...this.#crashes.values()] };
  }

  /** The calls that the last run allowed. Those that a trace saw denied come first. */
  #tried(): { readonly tried: readonly string[]; readonly more: number } {
    const wanted = [...this.#wanted.values()];
    const all = new Set(wanted.map(({ syscall }) => syscall));
    const tried = new Set(wanted.filter((each) => !isUnseen(each)).map(({ syscall }) => syscall));
    return { tried: [...tried].sort(), more: all.size - tried.size };
  }

  /**
   * Ordinary calls that a trace saw denied are added together. Denying them protects nobody, and
   * the workload may need them on another day. Calls that are more than ordinary, or
   * that no trace saw, are tried one by one. Those that the programs' code reaches come first.
   */
  async #smallest(): Promise<{
    readonly items: readonly Addition[];
    readonly ordinary: readonly Addition[];
    readonly minimal: boolean;
  }> {
    const wanted = [...this.#wanted.values()];
    const ordinary = wanted.filter((each) => !isUnseen(each) && weigh(each.syscall).weight === "ordinary");
    const inCode = ({ syscall }: Addition): boolean => this.#subject.reached.has(syscall);
    const others = wanted.filter((each) => !ordinary.includes(each));
    const rest = [...others.filter(inCode), ...others.filter((each) => !inCode(each))];
    const passes = async (part: readonly Addition[]): Promise<boolean> =>
      ordinary.length + part.length > 0 && (await this.#try([...ordinary, ...part])).kind === "passed";
    if (rest.length === 0 || (ordinary.length > 0 && (await passes([]))))
      return { items: ordinary, ordinary, minimal: true };
    const { items, minimal } = await smallestPassing(rest, passes, Math.max(0, this.#subject.maxRuns - this.#runs));
    return { items: [...ordinary, ...items], ordinary, minimal };
  }

  async #baseline(): Promise<Verdict> {
    this.#subject.proof.exercise.notice("running the workload without the profile, for comparison");
    const begun = performance.now();
    this.#patienceMs = 600_000;
    const verdict = await this.#run(this.#subject.without);
    this.#patienceMs = 15_000 + 5 * (performance.now() - begun);
    if (verdict.kind !== "wrong-exit" || !this.#subject.anyExit) return verdict;
    this.#proof = { ...this.#proof, expectExit: verdict.exitCode ?? 0 };
    return { kind: "passed", exitCode: verdict.exitCode };
  }

  /** Remembers the additions within the ceiling. `false` if none of them is new. */
  #want(additions: readonly Addition[]): boolean {
    const before = this.#wanted.size;
    for (const addition of additions) {
      const rules = this.#rules(addition);
      // A call may be denied again with other arguments than those that are now allowed.
      const key =
        `${addition.arch} ${addition.syscall} ` +
        `${rules
          .map(({ conditions }) =>
            conditions
              .map((condition) => Object.values(condition).join())
              .sort()
              .join(";"),
          )
          .sort()
          .join(" ")}`;
      if (rules.length > 0 && !this.#wanted.has(key)) this.#wanted.set(key, addition);
    }
    return this.#wanted.size > before;
  }

  #rules(addition: Addition): ReturnType<typeof rulesOf> {
    return rulesOf(addition, this.#subject.facts, this.#subject.ceiling);
  }

  /** The calls that the runtime needs and the profile denies. */
  #floor(): readonly Addition[] {
    const denied = new Set(
      deniedBeside(this.#subject.ceiling.get(this.#native.arch), this.#native).map(({ syscall }) => syscall),
    );
    const names = floorFor("any", { noNewPrivileges: false, init: true }).flatMap((row) => row.names);
    return [...new Set(names)].filter((name) => denied.has(name)).map((name) => unseen(this.#native.arch, name));
  }

  /**
   * Runs the workload under strace, with the profile and all wanted calls. Resolves to the calls that this run saw
   * denied.
   */
  async #trace(): Promise<readonly Addition[]> {
    const { host, ceiling, profile } = this.#subject;
    const extended = extend(profile, [...this.#wanted.values()], this.#filters, (addition) => this.#rules(addition));
    const { filters } = resolve(extended, host);
    const native = filters.get(host.arch) ?? this.#native;
    this.#subject.proof.exercise.notice(
      this.#wanted.size === 0
        ? "running it under strace and under the profile"
        : `running it under strace again, with ${names([...this.#wanted.values()])} allowed`,
    );
    const confined = confine(extended, native);
    const observers: DenialObserver[] = [];
    await this.#run(stringifyProfile(confined.profile), 4, {
      strace: confined.strace,
      sink: async (_, chunks) => {
        const observer = new DenialObserver(host.arch, filters, ceiling);
        observers.push(observer);
        for await (const event of parseStrace(chunks)) observer.add(event);
      },
    });
    const known = new Set(this.#denials.map(saidOf));
    this.#denials = [
      ...this.#denials,
      ...observers.flatMap((observer) => observer.denials()).filter((denial) => !known.has(saidOf(denial))),
    ];
    for (const crash of observers.flatMap((observer) => observer.crashes()))
      this.#crashes.set([crash.process, crash.signal, crash.denied].join(" "), crash);
    return observers.flatMap((observer) =>
      Object.entries(observer.recorded()).flatMap(([arch, calls]) =>
        Object.entries(calls).map(([syscall, record]): Addition => ({ arch: arch as ScmpArch, syscall, record })),
      ),
    );
  }

  /** One run with these calls allowed, and a notice about its outcome. */
  async #try(additions: readonly Addition[]): Promise<Verdict> {
    const extended = extend(this.#subject.profile, additions, this.#filters, (addition) => this.#rules(addition));
    const verdict = await this.#run(stringifyProfile(extended));
    this.#subject.proof.exercise.notice(
      `run ${this.#runs}: with ${names(additions)}: ${verdict.kind === "passed" ? "passes" : "fails"}`,
    );
    return verdict;
  }

  /** One run under the text of a profile. `undefined` for the engine's default. */
  async #run(profile: string | undefined, factor = 1, tracing?: Tracing): Promise<Verdict> {
    this.#runs += 1;
    const proof = this.#proof;
    const exercise = {
      ...proof.exercise,
      streams: "kept",
      interrupted: this.#patience(factor),
      notice: () => undefined,
    } as const;
    const { verdict } = await runUnder(
      this.#subject.workload,
      (spec) => withSeccomp(spec, profile),
      { ...proof, exercise },
      tracing,
    );
    this.#checkInterrupt();
    return verdict;
  }

  #patience(factor: number): AbortSignal {
    return AbortSignal.any([
      this.#subject.proof.exercise.interrupted,
      AbortSignal.timeout(Math.ceil(factor * this.#patienceMs)),
    ]);
  }

  #checkInterrupt(): void {
    if (this.#subject.proof.exercise.interrupted.aborted) throw new Interrupted();
  }
}

function saidOf({ arch, syscall, process, args }: Denial): string {
  return [arch, syscall, process, ...args].join(" ");
}

function names(additions: readonly Addition[]): string {
  const all = [...new Set(additions.map(({ syscall }) => syscall))];
  return all.length <= 6 ? all.join(", ") : `${all.slice(0, 5).join(", ")} and ${all.length - 5} more`;
}
