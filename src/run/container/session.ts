import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { capture, type ContainerCli } from "./cli.ts";
import { sessionFolder, sessionOptions } from "./leftovers.ts";
import { sampleOutput, type OutputSample } from "./output-sample.ts";
import type { RunCommand } from "./run-command.ts";
import { isOn, valuesOf } from "./run-options.ts";

/** How long the workload is let run, and what is done to it meanwhile. */
export interface Exercise {
  /** A shell command run while the container is up; its end stops the container. */
  readonly while: string | undefined;
  /** Seconds after which the container is stopped. */
  readonly stopAfter: number | undefined;
  /** Aborted when enough was seen; then the container is stopped. */
  readonly enough?: AbortSignal;
  /** Ctrl-C, SIGTERM. */
  readonly interrupted: AbortSignal;
  readonly notice: (line: string) => void;
  /**
   * `shown` (the default): the run has the user's terminal. `sampled`: so it has, and its stdout is
   * sampled on the way. `kept`: nothing of it is shown.
   */
  readonly streams?: "shown" | "sampled" | "kept";
}

/** What is done at the turns of a session. */
export interface SessionHooks {
  /** Called with the container's id as soon as it runs; the exercise waits for it. */
  readonly onStart?: (container: string) => Promise<void>;
  /** Takes what the CLI writes to its stderr, unless that is the terminal itself. */
  readonly onStderr?: (chunk: Uint8Array) => void;
  /**
   * Called with the container's id after `onStart`. `over` is aborted when the container has ended,
   * or is about to be stopped; the session then waits for the promise.
   */
  readonly meanwhile: (container: string, over: AbortSignal) => Promise<void>;
  /** Called with the container's id before we stop it (health checks, --exec). */
  readonly beforeStop: (container: string) => Promise<void>;
}

/** What became of the workload. */
export interface SessionEnd {
  /**
   * The workload's exit code (docker run's own 125 to 127 where it never started); undefined where
   * it is not known.
   */
  readonly exitCode: number | undefined;
  /** Who ended it. */
  readonly by: "itself" | "while" | "stop-after" | "enough" | "interrupt";
  /** The container was seen running, or ended with a code of its own. */
  readonly started: boolean;
  /** Exit code of the `--while` command; undefined where there was none or it was cut off. */
  readonly whileExitCode: number | undefined;
  /** The container ended before the `--while` command did. */
  readonly endedDuringWhile: boolean;
  /** The last lines on the CLI's stderr: what the runtime said, when it said anything. */
  readonly stderrTail: string;
  /** What it wrote to stdout, where the streams are sampled or kept. */
  readonly stdout?: OutputSample;
}

/**
 * How long a `--while` command may go on after its container has ended, and again after it was told
 * to end.
 */
const whileGraceMs = 20_000;

/**
 * Runs a workload's container with the user's terminal, exercises it, and makes sure that it is
 * stopped with its own stop signal and removed. `words` are the words after the CLI's own (`run
 * …`).
 */
export async function runSession(
  run: RunCommand,
  words: readonly string[],
  exercise: Exercise,
  hooks: SessionHooks,
): Promise<SessionEnd> {
  const folder = await sessionFolder();
  const ownCidfile = join(folder, "cid");
  const cidfile = valuesOf(run.options, "cidfile").at(-1) ?? ownCidfile;
  const [verb = "run", ...rest] = words;
  const args = [verb, ...(cidfile === ownCidfile ? ["--cidfile", cidfile] : []), ...sessionOptions(), ...rest];
  const [file = "", ...cliWords] = run.cli.words;
  const tty = isOn(run.options, "tty");
  const detached = isOn(run.options, "detach");
  const streams = exercise.streams ?? "shown";
  const child = execa(file, [...cliWords, ...args], {
    stdin: streams === "kept" && !tty ? "ignore" : "inherit",
    stdout: streams === "kept" || detached ? "pipe" : streams === "sampled" && !tty ? ["inherit", "pipe"] : "inherit",
    stderr: streams === "kept" ? "pipe" : tty ? "inherit" : ["inherit", "pipe"],
    reject: false,
    buffer: false,
    forceKillAfterDelay: false,
  });
  const sampled = child.stdout === null ? undefined : sampleOutput(child.stdout);
  // All that a detached `run` says is its container's id: said once, when it is sure that this
  // container stays.
  const sayId = async (): Promise<void> =>
    void (detached && streams !== "kept" && sampled !== undefined && process.stdout.write((await sampled).head));
  const stdout = async (): Promise<{ readonly stdout?: OutputSample }> =>
    sampled === undefined || detached ? {} : { stdout: await sampled };
  let stderrTail = "";
  if (hooks.onStderr !== undefined) child.stderr?.on("data", hooks.onStderr);
  child.stderr?.on("data", (chunk: Buffer) => (stderrTail = (stderrTail + chunk.toString("utf8")).slice(-4000)));
  const childEnd = child.then((result) => result.exitCode ?? (result.signal === undefined ? 255 : 128));
  const container = await waitForContainer(run.cli, cidfile, childEnd, detached);
  const id = container ?? (await readId(cidfile));
  try {
    if (container === undefined) {
      const exitCode = await childEnd;
      const started = id !== undefined && ![125, 126, 127].includes(exitCode);
      return {
        exitCode,
        by: exercise.interrupted.aborted ? "interrupt" : "itself",
        started,
        whileExitCode: undefined,
        endedDuringWhile: exercise.while !== undefined,
        stderrTail,
        ...(await stdout()),
      };
    }
    await hooks.onStart?.(container);
    await sayId();
    const ended = detached ? childEnd.then(() => waitForExit(run.cli, container)) : childEnd;
    const end = await exerciseContainer(run.cli, container, ended, exercise, hooks);
    return { ...end, stderrTail, ...(await stdout()) };
  } finally {
    if (id !== undefined) await capture(run.cli, ["rm", "-f", "-v", id]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function exerciseContainer(
  cli: ContainerCli,
  container: string,
  ended: Promise<number | undefined>,
  exercise: Exercise,
  hooks: SessionHooks,
): Promise<Omit<SessionEnd, "stderrTail" | "stdout">> {
  const over = new AbortController();
  const whileEnd =
    exercise.while === undefined
      ? undefined
      : runWhile(exercise.while, container, exercise.streams !== "kept", over.signal);
  const beside = new AbortController();
  const meanwhile = hooks.meanwhile(container, beside.signal);
  meanwhile.catch(() => undefined); // whoever awaits it gets the error
  const exited = ended.then((exitCode) => ({ by: "itself" as const, exitCode }));
  const first = await Promise.race([
    exited,
    ...(whileEnd === undefined ? [] : [whileEnd.then(() => ({ by: "while" as const }))]),
    ...(exercise.stopAfter === undefined
      ? []
      : [delay(exercise.stopAfter * 1000, { by: "stop-after" as const }, { signal: over.signal }).catch(() => exited)]),
    ...(exercise.enough === undefined ? [] : [aborted(exercise.enough).then(() => ({ by: "enough" as const }))]),
    aborted(exercise.interrupted).then(() => ({ by: "interrupt" as const })),
  ]);
  beside.abort();
  if (first.by === "itself") {
    // A client that asks the service to shut down sees the container go first; give it a moment to
    // end by itself.
    const whileExitCode =
      whileEnd === undefined
        ? undefined
        : await Promise.race([
            whileEnd,
            delay(whileGraceMs, undefined, { signal: over.signal }).catch(() => undefined),
          ]);
    over.abort();
    await meanwhile;
    return {
      exitCode: first.exitCode,
      by: "itself",
      started: true,
      whileExitCode,
      endedDuringWhile: whileEnd !== undefined && whileExitCode === undefined,
    };
  }
  if (first.by !== "interrupt") {
    await meanwhile;
    await hooks.beforeStop(container);
  }
  exercise.notice("stopping the container with its own stop signal");
  await capture(cli, ["stop", container]);
  const exitCode = await ended;
  await meanwhile;
  const whileExitCode = first.by === "while" ? await whileEnd : undefined;
  over.abort();
  return { exitCode, by: first.by, started: true, whileExitCode, endedDuringWhile: false };
}

/**
 * Runs the `--while` command; its output goes to stderr, for stdout is the workload's. Its
 * container is in $SECCOMP_GEN_CONTAINER.
 */
async function runWhile(command: string, container: string, shown: boolean, over: AbortSignal): Promise<number> {
  const child = execa(command, {
    shell: "/bin/sh",
    stdin: "ignore",
    stdout: shown ? process.stderr : "ignore",
    stderr: shown ? "inherit" : "ignore",
    reject: false,
    detached: true, // a process group of its own, so that everything it started can be ended with it
    env: { SECCOMP_GEN_CONTAINER: container },
  });
  const end = (): void => {
    const { pid } = child;
    if (pid === undefined || child.exitCode !== null) return;
    process.kill(-pid, "SIGTERM");
    // A client in a container of its own is its PID 1, which SIGTERM does not end.
    const forced = setTimeout(() => process.kill(-pid, "SIGKILL"), whileGraceMs);
    void child.finally(() => clearTimeout(forced));
  };
  over.addEventListener("abort", end, { once: true });
  const result = await child;
  over.removeEventListener("abort", end);
  return result.exitCode ?? 128;
}

/**
 * The id from the cidfile once the container runs; undefined when the CLI ended first. A detached
 * `run` ends at once: its container is taken as it is.
 */
async function waitForContainer(
  cli: ContainerCli,
  cidfile: string,
  cliEnd: Promise<number>,
  detached: boolean,
): Promise<string | undefined> {
  let cliEnded: number | undefined;
  void cliEnd.then((exitCode) => (cliEnded = exitCode));
  for (;;) {
    const ended = cliEnded; // read before the id: the CLI writes the file before it ends
    const id = await readId(cidfile);
    if (ended !== undefined) return detached && ended === 0 ? id : undefined;
    if (id !== undefined) {
      const state = await capture(cli, ["inspect", "--format", "{{.State.Running}}", id]);
      if (state.stdout === "true") return id;
    }
    await delay(50);
  }
}

async function readId(cidfile: string): Promise<string | undefined> {
  const text = await readFile(cidfile, "utf8").catch(() => "");
  return text.trim() === "" ? undefined : text.trim();
}

async function waitForExit(cli: ContainerCli, container: string): Promise<number | undefined> {
  const { exitCode, stdout } = await capture(cli, ["wait", container]);
  return exitCode === 0 && /^\d+$/.test(stdout) ? Number(stdout) : undefined;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
