import { escapeLine } from "../../core/text/index.ts";
import type { OutputSample } from "../container/index.ts";
import {
  healthTest,
  isSeccomp,
  member,
  wordsOf,
  type ClientCommand,
  type HeldContainer,
  type Part,
  type SpecChange,
} from "../gateway/index.ts";
import {
  isHelper,
  recordingName,
  runCommand,
  Session,
  type CommandEnd,
  type CommandExercise,
} from "../session/index.ts";
import { watchFilters } from "./kernel-view.ts";

/** A command that can run again and again, and which of its containers is under test. */
export interface Workload {
  readonly command: ClientCommand;
  /** Is it the container under test? `name` is the name that its recording would have. */
  readonly isMeant: (name: string) => boolean;
  /** For a test suite: the command's exit code counts, not the container's. */
  readonly byCommand?: boolean;
}

/** How the workload is exercised, and what counts as unchanged. */
export interface Proof {
  readonly exercise: Omit<CommandExercise, "beforeStop" | "keep">;
  /** Commands that will be run with `docker exec`. */
  readonly execs: readonly string[];
  /** The exit code that a workload which ends by itself must have. */
  readonly expectExit: number;
}

/** The outcome of one run. */
export type Verdict =
  | { readonly kind: "passed"; readonly exitCode: number | undefined; readonly stdout?: OutputSample }
  /** The runtime could not start the container: the profile lacks the floor, or the runtime refuses it. */
  | { readonly kind: "not-started"; readonly exitCode: number | undefined; readonly said: string }
  | {
      readonly kind: "wrong-exit";
      readonly exitCode: number | undefined;
      readonly expected: number;
      readonly said: string;
    }
  /** The container ended while its exercise was still going on. */
  | { readonly kind: "ended-early"; readonly exitCode: number | undefined; readonly said: string }
  | { readonly kind: "exercise-failed"; readonly whileExitCode: number; readonly said: string }
  /** The kernel says that the container's process runs without the profile's filter. */
  | { readonly kind: "no-filter"; readonly mode: number }
  | { readonly kind: "side-failed"; readonly label: string; readonly exitCode: number; readonly said: string }
  /** It succeeded, but its output differs from the output without the profile. */
  | {
      readonly kind: "output-differs";
      readonly line: number;
      readonly before: string | undefined;
      readonly after: string | undefined;
    }
  /** Ctrl-C ended the run, so there is no verdict. */
  | { readonly kind: "interrupted" };

/** One run, and where it took place. */
export interface Ran {
  readonly verdict: Verdict;
  /** The container under test. `undefined` if the command created none. */
  readonly container: HeldContainer | undefined;
  readonly engine: Session["facts"];
  /** The kernel said that a process of the container has a filter of its own. */
  readonly sawFilter: boolean;
}

/** Receives the trace of one process of the container and of everything that it starts. */
export interface Tracing {
  /** Further options of strace. */
  readonly strace: readonly string[];
  readonly sink: (part: Part, chunks: AsyncIterable<Uint8Array>) => Promise<void>;
}

/**
 * Runs a workload with a change to its container, such as a profile or another protection. Traces it
 * if asked to.
 */
export async function runUnder(workload: Workload, change: SpecChange, proof: Proof, tracing?: Tracing): Promise<Ran> {
  const reading: Promise<void>[] = [];
  const session = await Session.open({
    command: workload.command,
    environment: process.env,
    notice: proof.exercise.notice,
    traces: tracing === undefined ? "never" : "always",
    folder: undefined,
    about: () => undefined,
    treat: (spec, image, name) => {
      if (!workload.isMeant(recordingName(spec, image, name)))
        return { kind: "leave", ours: !isHelper(image.reference) };
      return tracing === undefined ? { kind: "confine", change } : { kind: "trace", change, strace: tracing.strace };
    },
    onTrace: ({ part, trace }) => {
      const read = tracing?.sink(part, trace.chunks) ?? Promise.resolve();
      read.catch(() => undefined); // its reader gets the error
      reading.push(read);
    },
    onMissed: proof.exercise.notice,
  });
  try {
    const sides = new Sides(session, proof.execs);
    const over = new AbortController();
    const watching = isConfined(change) ? watchFilters(session, over.signal) : undefined;
    const end = await runCommand(session, { ...proof.exercise, keep: false, beforeStop: () => sides.run() });
    if (end.by === "itself" && proof.exercise.streams !== "kept") sides.noteNotRun(proof.exercise.notice);
    await session.fleet.until(() => session.fleet.berths.every(({ starts, ends }) => starts === 0 || ends > 0), 2_000);
    session.stopTraces();
    over.abort();
    await Promise.all(reading);
    const filters = [...((await watching)?.values() ?? [])];
    const unfiltered = filters.find((filter) => filter.kind === "none");
    const verdict: Verdict =
      unfiltered !== undefined
        ? { kind: "no-filter", mode: unfiltered.mode }
        : judge(endOf(session, end, workload.byCommand === true), proof);
    const container = session.fleet.berths[0]?.container;
    return {
      verdict: verdict.kind === "passed" ? (sides.failure ?? verdict) : verdict,
      container,
      engine: session.facts,
      sawFilter: filters.some((filter) => filter.kind === "filtered"),
    };
  } finally {
    await session.removeAll();
    await session[Symbol.asyncDispose]();
    await session.release();
  }
}

/** Does the change put a profile on a container? */
function isConfined(change: SpecChange): boolean {
  const options = member(member(change({}), "HostConfig"), "SecurityOpt");
  return (wordsOf(options) ?? []).some(isSeccomp);
}

/** Runs the health check and the user's commands in the container before it is stopped. */
class Sides {
  readonly #session: Session;
  readonly #execs: readonly string[];
  failure: Verdict | undefined;

  constructor(session: Session, execs: readonly string[]) {
    this.#session = session;
    this.#execs = execs;
  }

  async run(): Promise<void> {
    for (const { container } of this.#session.fleet.running) {
      const test = healthTest(container.spec, container.image.document);
      if (test.length > 0) await this.#execute(container, "HEALTHCHECK", test);
      for (const text of this.#execs) await this.#execute(container, `--exec ${text}`, execWords(text));
    }
  }

  /** Notes the commands that did not run, because the container ended first. */
  noteNotRun(notice: (line: string) => void): void {
    for (const text of this.#execs)
      notice(`--exec ${escapeLine(text)} was not run, because the container ended before`);
  }

  async #execute(container: HeldContainer, label: string, words: readonly string[]): Promise<void> {
    const { exitCode, said } = await this.#session.execute(container, words, 60_000);
    if (exitCode !== 0) this.failure ??= { kind: "side-failed", label, exitCode, said: lastLines(said) };
  }
}

/** Plain words run without a shell, so that images without one work. All other commands run in a shell. */
export function execWords(command: string): readonly string[] {
  return /^[\w@%+=:,./ -]+$/.test(command) ? command.trim().split(/ +/) : ["/bin/sh", "-c", command];
}

/** How the container under test ended, and how its command ended. */
export interface SubjectEnd extends CommandEnd {
  readonly started: boolean;
}

/** If a command starts several containers, the exit code of the tested container counts, unless `byCommand`. */
function endOf(session: Session, end: CommandEnd, byCommand: boolean): SubjectEnd {
  const berths = session.fleet.berths;
  const started = berths.some(({ starts }) => starts > 0) && !isRuntimes(session, end);
  const [own] = berths;
  return { ...end, started, exitCode: session.runsOne || byCommand ? end.exitCode : own?.exitCode };
}

/** Did `docker run` itself give the exit code, because no container began (docker run reference)? */
function isRuntimes(session: Session, { exitCode }: CommandEnd): boolean {
  return (
    session.runsOne && [125, 126, 127].includes(exitCode ?? 0) && session.fleet.berths.every(({ ends }) => ends === 0)
  );
}

/** Judges how a run ended. Ctrl-C comes first: a run that Ctrl-C prevented or ended says nothing about the profile. */
export function judge(end: SubjectEnd, proof: Proof): Verdict {
  const { exitCode } = end;
  const said = lastLines(end.stderrTail);
  if (end.by === "interrupt") return { kind: "interrupted" };
  if (!end.started || neverBegan(end)) return { kind: "not-started", exitCode, said };
  const passed = {
    kind: "passed",
    exitCode,
    ...(end.stdout === undefined ? {} : { stdout: end.stdout }),
  } as const;
  if (proof.exercise.while !== undefined && end.by !== "stop-after") {
    if (end.whileExitCode === undefined) return { kind: "ended-early", exitCode, said };
    return end.whileExitCode === 0 ? passed : { kind: "exercise-failed", whileExitCode: end.whileExitCode, said };
  }
  if (end.by === "itself")
    return exitCode === proof.expectExit ? passed : { kind: "wrong-exit", exitCode, expected: proof.expectExit, said };
  return passed;
}

/** runc prints this error and ends with 1 (runc libcontainer/standard_init_linux.go). A program may do the same. */
function neverBegan({ by, exitCode, stderrTail }: SubjectEnd): boolean {
  return by === "itself" && exitCode === 1 && /^exec \S+: exec format error$/m.test(stderrTail);
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-5).join("\n");
}
