import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Run } from "../../core/recording/index.ts";
import { sessionFolder, type Engine, type Image, type RunCommand } from "../container/index.ts";
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
import type { ScmpArch } from "../../core/tables/index.ts";
import {
  ensureTracer,
  openTrace,
  readTrace,
  traceAll,
  type Confinement,
  type TracerBundle,
  type TracerPlace,
} from "../tracer/index.ts";
import { deniedBeside, extend, rulesOf, unseen, type Addition } from "./additions.ts";
import { confine, confineByStrace, tracerPlace, type Confined } from "./confine.ts";
import { DenialObserver, type Denial } from "./denials.ts";
import { smallestPassing } from "./minimize.ts";
import { runUnder, type Proof, type Verdict } from "./run.ts";

/** A workload that failed under its profile, and everything that bears on it. */
export interface Subject {
  readonly run: RunCommand;
  readonly image: Image;
  readonly engine: Engine;
  readonly host: HostContext;
  readonly profile: DockerProfile;
  /** Docker's default, per architecture. */
  readonly ceiling: ReadonlyMap<ScmpArch, Filter>;
  readonly proof: Proof;
  /** The user gave no exit code, so the one without the profile is expected. */
  readonly anyExit: boolean;
  readonly verdict: Verdict;
  /** The run, as a recording would state it: decides which calls its runtime needs. */
  readonly facts: Run;
  /** The workload is run at most this many times. */
  readonly maxRuns: number;
  /** What it does without the profile; `undefined` if that is not known yet. */
  readonly baseline: Verdict | undefined;
}

/** Why a workload fails under its profile. */
export type Diagnosis =
  /** The profile is not to blame. */
  | { readonly kind: "fails-without-profile"; readonly verdict: Verdict }
  /** Every runtime refuses such a profile. */
  | { readonly kind: "refused"; readonly problems: readonly ResolutionProblem[] }
  /** With the additions it passes. `denials` are the denied calls that were seen, in order. */
  | {
      readonly kind: "explained";
      readonly denials: readonly Denial[];
      readonly additions: readonly Addition[];
      readonly minimal: boolean;
      readonly floor: ReadonlyMap<string, string>;
      readonly runs: number;
    }
  /** It fails even with all that Docker's default allows, or the runs did not suffice. */
  | { readonly kind: "unexplained"; readonly denials: readonly Denial[]; readonly runs: number }
  | { readonly kind: "interrupted" };

/** Thrown when Ctrl-C ends the search. */
class Interrupted extends Error {}

/**
 * At most this share of the runs is traced. Each allows what the previous one showed, because a
 * program that gives up at its first denied call reveals the next one only then.
 */
const tracedShare = 1 / 2;

/**
 * Finds out why a workload fails by running it: without the profile, under strace, then with more
 * and more calls allowed, and at last with fewer again.
 */
export async function diagnose(subject: Subject): Promise<Diagnosis> {
  const problems = resolve(subject.profile, subject.host).problems.filter(({ kind }) => kind !== "unknown-syscall");
  if (problems.length > 0) return { kind: "refused", problems };
  const folder = await sessionFolder();
  try {
    return await new Search(subject, folder).search();
  } catch (error) {
    if (error instanceof Interrupted) return { kind: "interrupted" };
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One search. It counts its runs and remembers which calls it allows. */
class Search {
  readonly #subject: Subject;
  readonly #folder: string;
  readonly #filters: ReadonlyMap<ScmpArch, Filter>;
  readonly #native: Filter;
  readonly #wanted = new Map<string, Addition>();
  /** The denials of all traces, in order. */
  #denials: readonly Denial[] = [];
  #proof: Proof;
  #bundle: TracerBundle | undefined;
  #runs = 0;
  /** A run that takes longer than this counts as hanging. */
  #patienceMs = 20_000;

  constructor(subject: Subject, folder: string) {
    this.#subject = subject;
    this.#proof = subject.proof;
    this.#folder = folder;
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
    if (verdict.kind !== "passed") return { kind: "unexplained", denials: this.#denials, runs: this.#runs };
    const { items, minimal } = await smallestPassing(
      [...this.#wanted.values()],
      async (part) => part.length > 0 && (await this.#try(part)).kind === "passed",
      Math.max(0, this.#subject.maxRuns - this.#runs),
    );
    const floor = new Map(
      floorFor("any", {
        noNewPrivileges: this.#subject.facts.noNewPrivileges === true,
        init: this.#subject.facts.init === true,
      }).flatMap(({ names, reason }) => names.map((name) => [name, reason] as const)),
    );
    return { kind: "explained", denials: this.#denials, additions: items, minimal, floor, runs: this.#runs };
  }

  async #baseline(): Promise<Verdict> {
    this.#subject.proof.exercise.notice("running the workload without the profile, for comparison");
    const begun = performance.now();
    this.#patienceMs = 600_000;
    const verdict = await this.#run(undefined);
    this.#patienceMs = 15_000 + 5 * (performance.now() - begun);
    if (verdict.kind !== "wrong-exit" || !this.#subject.anyExit) return verdict;
    this.#proof = { ...this.#proof, expectExit: verdict.exitCode ?? 0 };
    return { kind: "passed", exitCode: verdict.exitCode };
  }

  /** Remembers what Docker's default allows. False if nothing of it is new. */
  #want(additions: readonly Addition[]): boolean {
    const before = this.#wanted.size;
    for (const addition of additions) {
      const rules = this.#rules(addition);
      // A call may be denied again, with other arguments than those that are allowed now.
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

  /** Calls that the runtime needs and the profile denies. */
  #floor(): readonly Addition[] {
    const denied = new Set(
      deniedBeside(this.#subject.ceiling.get(this.#native.arch), this.#native).map(({ syscall }) => syscall),
    );
    const names = floorFor("any", { noNewPrivileges: false, init: this.#subject.facts.init === true }).flatMap(
      (row) => row.names,
    );
    return [...new Set(names)].filter((name) => denied.has(name)).map((name) => unseen(this.#native.arch, name));
  }

  /**
   * Runs the workload under strace and the profile, with all that is wanted so far. Resolves to the
   * calls that were denied now.
   */
  async #trace(): Promise<readonly Addition[]> {
    const { host, ceiling, profile } = this.#subject;
    const extended = extend(profile, [...this.#wanted.values()], this.#filters, (addition) => this.#rules(addition));
    const { filters } = resolve(extended, host);
    const native = filters.get(host.arch) ?? this.#native;
    const attempts = [
      { tracer: tracerPlace(native), confined: (tracer: TracerPlace) => confine(extended, native, tracer) },
      { tracer: "inside" as const, confined: () => confineByStrace(native) },
    ];
    for (const { tracer, confined } of attempts) {
      this.#subject.proof.exercise.notice(
        this.#wanted.size === 0
          ? "running it under strace and the profile"
          : `running it under strace once more, with ${names([...this.#wanted.values()])} let through`,
      );
      const observers = await this.#traced(tracer, confined, () => new DenialObserver(host.arch, filters, ceiling));
      if (!observers.some((observer) => observer.started())) continue;
      const known = new Set(this.#denials.map(saidOf));
      this.#denials = [
        ...this.#denials,
        ...observers.flatMap((observer) => observer.denials()).filter((denial) => !known.has(saidOf(denial))),
      ];
      return observers.flatMap((observer) =>
        Object.entries(observer.recorded()).flatMap(([arch, calls]) =>
          Object.entries(calls).map(([syscall, record]): Addition => ({ arch: arch as ScmpArch, syscall, record })),
        ),
      );
    }
    return [];
  }

  async #traced<T extends { add(event: unknown): void }>(
    place: TracerPlace,
    confined: (tracer: TracerPlace) => Confined,
    observe: () => T,
  ): Promise<readonly T[]> {
    const { run, image, engine, proof } = this.#subject;
    this.#bundle ??= await ensureTracer(run.cli, engine.architecture, proof.exercise.notice);
    const confinement = {
      sidecar: await this.#confinement("sidecar", confined),
      inside: await this.#confinement("inside", confined),
    };
    const observers: T[] = [];
    this.#runs += 1;
    await using trace = await openTrace({
      ...proof.exercise,
      on: "container",
      run,
      image,
      bundle: this.#bundle,
      place,
      sides: proof.sides,
      untraced: traceAll,
      streams: "kept",
      interrupted: this.#patience(4),
      notice: () => undefined,
      confinement,
    });
    await readTrace(trace, async ({ chunks }) => {
      const observer = observe();
      observers.push(observer);
      for await (const event of parseStrace(chunks)) observer.add(event);
    });
    this.#checkInterrupt();
    return observers;
  }

  async #confinement(place: TracerPlace, confined: (tracer: TracerPlace) => Confined): Promise<Confinement> {
    const { profile, strace } = confined(place);
    return { profile: profile === undefined ? undefined : await this.#write(profile, place), strace };
  }

  /** Runs the workload with these calls allowed, and says how it went. */
  async #try(additions: readonly Addition[]): Promise<Verdict> {
    const extended = extend(this.#subject.profile, additions, this.#filters, (addition) => this.#rules(addition));
    const verdict = await this.#run(await this.#write(extended));
    this.#subject.proof.exercise.notice(
      `run ${this.#runs}: with ${names(additions)}: ${verdict.kind === "passed" ? "passes" : "fails"}`,
    );
    return verdict;
  }

  async #run(profile: string | undefined): Promise<Verdict> {
    this.#runs += 1;
    const { run } = this.#subject;
    const proof = this.#proof;
    const verdict = await runUnder(run, profile, {
      ...proof,
      exercise: { ...proof.exercise, streams: "kept", interrupted: this.#patience(1), notice: () => undefined },
    });
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

  async #write(profile: DockerProfile, name = "profile"): Promise<string> {
    const path = join(this.#folder, `${name}.json`);
    await writeFile(path, stringifyProfile(profile));
    return path;
  }
}

function saidOf({ arch, syscall, process, args }: Denial): string {
  return [arch, syscall, process, ...args].join(" ");
}

function names(additions: readonly Addition[]): string {
  const all = [...new Set(additions.map(({ syscall }) => syscall))];
  return all.length <= 6 ? all.join(", ") : `${all.slice(0, 5).join(", ")} and ${all.length - 5} more`;
}
