import {
  capture,
  choosesSeccomp,
  runInTime,
  runSession,
  runWords,
  seccompStatus,
  type Exercise,
  type OutputSample,
  type RunChanges,
  type RunCommand,
  type SessionEnd,
  type SideProcess,
} from "../container/index.ts";

/** How the workload is exercised, and what counts as unchanged. */
export interface Proof {
  readonly exercise: Exercise;
  readonly sides: readonly SideProcess[];
  /** The exit code a workload that ends by itself must have. */
  readonly expectExit: number;
}

/** What one run showed. */
export type Verdict =
  | { readonly kind: "passed"; readonly exitCode: number | undefined; readonly stdout?: OutputSample }
  /** The runtime could not start the container: it lacks calls, or refuses the profile. */
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
  /** It did what was asked of it, but its output is not the one without the profile. */
  | {
      readonly kind: "output-differs";
      readonly line: number;
      readonly before: string | undefined;
      readonly after: string | undefined;
    }
  /** Ctrl-C: no verdict. */
  | { readonly kind: "interrupted" };

/**
 * Runs a workload under exactly one profile (a path), in place of its command's own seccomp
 * options. Without one it runs under the engine's default. `changes` are further ones.
 */
export async function runUnder(
  run: RunCommand,
  profile: string | undefined,
  proof: Proof,
  changes: Partial<Pick<RunChanges, "without" | "options">> = {},
): Promise<Verdict> {
  const words = runWords(run, {
    without: (name, value) => choosesSeccomp(name, value) || (changes.without?.(name, value) ?? false),
    options: [...(changes.options ?? []), ...(profile === undefined ? [] : ["--security-opt", `seccomp=${profile}`])],
    command: undefined,
  });
  const failures = new Map<SideProcess, Verdict>();
  const succeeds = async (container: string, side: SideProcess, over?: AbortSignal): Promise<boolean> => {
    const ran = await capture(run.cli, ["exec", container, ...side.words], { timeout: 60_000 });
    if (over?.aborted === true) return true; // the container may have ended under it
    if (ran.exitCode === 0) failures.delete(side);
    else
      failures.set(side, {
        kind: "side-failed",
        label: side.label,
        exitCode: ran.exitCode,
        said: lastLines(ran.stderr),
      });
    return ran.exitCode === 0;
  };
  let unfiltered: Verdict | undefined;
  const onStart = async (container: string): Promise<void> => {
    if (profile === undefined) return;
    const status = await seccompStatus(run.cli, container);
    if (status === undefined) return; // it ended at once, or runs on another machine
    if (status.mode !== 2 || status.own < 1) unfiltered = { kind: "no-filter", mode: status.mode };
  };
  const meanwhile = (container: string, over: AbortSignal): Promise<void> =>
    runInTime(proof.sides, over, (side) => succeeds(container, side, over));
  const beforeStop = async (container: string): Promise<void> => {
    for (const side of proof.sides) await succeeds(container, side);
  };
  const end = await runSession(run, words, proof.exercise, { onStart, meanwhile, beforeStop });
  if (unfiltered !== undefined) return unfiltered;
  const verdict = judge(end, proof);
  return verdict.kind === "passed"
    ? (proof.sides.map((side) => failures.get(side)).find((failure) => failure !== undefined) ?? verdict)
    : verdict;
}

/**
 * What a run's end says. Ctrl-C comes first: a workload that it ended, or kept from starting, says
 * nothing about the profile.
 */
export function judge(end: SessionEnd, proof: Proof): Verdict {
  const { exitCode } = end;
  const said = lastLines(end.stderrTail);
  if (end.by === "interrupt") return { kind: "interrupted" };
  if (!end.started || neverBegan(end)) return { kind: "not-started", exitCode, said };
  const passed = { kind: "passed", exitCode, ...(end.stdout === undefined ? {} : { stdout: end.stdout }) } as const;
  if (proof.exercise.while !== undefined && end.by !== "stop-after") {
    if (end.whileExitCode === undefined) return { kind: "ended-early", exitCode, said };
    return end.whileExitCode === 0 ? passed : { kind: "exercise-failed", whileExitCode: end.whileExitCode, said };
  }
  if (end.by === "itself")
    return exitCode === proof.expectExit ? passed : { kind: "wrong-exit", exitCode, expected: proof.expectExit, said };
  return passed;
}

/**
 * runc's own words, after which it ends with 1, as a program may (runc
 * libcontainer/standard_init_linux.go).
 */
function neverBegan({ by, exitCode, stderrTail }: SessionEnd): boolean {
  return by === "itself" && exitCode === 1 && /^exec \S+: exec format error$/m.test(stderrTail);
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-5).join("\n");
}
