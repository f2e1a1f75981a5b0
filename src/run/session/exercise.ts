import { constants } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { SeccompGenError } from "../../core/errors/index.ts";
import { escapeLine } from "../../core/text/index.ts";
import type { Terminal } from "../../project/index.ts";
import { sampleOutput, type OutputSample } from "../container/index.ts";
import type { ClientCommand } from "../gateway/index.ts";
import { noteIds, removeOwnIds } from "./cidfile.ts";
import type { Session } from "./session.ts";

/** How long the command runs, and what happens to its containers meanwhile. */
export interface CommandExercise {
  /** A shell command that runs once the containers are up. Its end ends the command. */
  readonly while: string | undefined;
  /** Seconds after the first container has started. */
  readonly stopAfter: number | undefined;
  /** Resolves when no new call has come for long enough. */
  readonly stable?: (over: AbortSignal) => Promise<void>;
  /** Called before the containers that still run are stopped, to run health checks and --exec in them. */
  readonly beforeStop: () => Promise<void>;
  /** Leaves containers running that still run when the command ends. */
  readonly keep: boolean;
  readonly interrupted: AbortSignal;
  readonly notice: (line: string) => void;
  /**
   * Receives the stderr of programs and the stdout of `--while`. If it is `undefined`, both go to the user's terminal.
   */
  readonly others: Writable | undefined;
  /**
   * `shown`: the command has the user's terminal. `sampled`: it has the terminal too, and its stdout is sampled.
   * `kept`: its output is not shown.
   */
  readonly streams: "shown" | "sampled" | "kept";
}

/** The parts of an exercise that concern the user's terminal. */
export function heardBy({
  interrupted,
  note,
  others,
}: Pick<Terminal, "interrupted" | "note" | "others">): Pick<CommandExercise, "interrupted" | "notice" | "others"> {
  return { interrupted, notice: (line) => note(escapeLine(line)), others };
}

/** How the command ended. */
export interface CommandEnd {
  readonly exitCode: number | undefined;
  /** What ended it. */
  readonly by: "itself" | "while" | "stop-after" | "stable" | "interrupt";
  /** Exit code of the `--while` command. `undefined` if there was none, or if it was cut off. */
  readonly whileExitCode: number | undefined;
  /** All containers ended before the `--while` command did, or none was ever up. */
  readonly endedDuringWhile: boolean;
  /** The last lines on the command's stderr, unless that is the terminal itself. */
  readonly stderrTail: string;
  readonly stdout?: OutputSample;
}

/**
 * How long a `--while` command may go on after all containers have ended. It gets the same time again after its signal
 * to end. A client that retries after its service has gone shows nothing new.
 */
const whileGraceMs = 10_000;
/** How long the session waits for the last output of a `--while` command that has ended. */
const outputGraceMs = 500;
/** How long a command may take to end after each signal. */
const endGraceMs = 30_000;
/** Everything is up when no container was created or started for this long. Compose pauses between services. */
const quietMs = 1_500;

/** Runs the user's command through the session, exercises its containers, and ends it. */
export async function runCommand(session: Session, exercise: CommandExercise): Promise<CommandEnd> {
  await removeOwnIds(session.words());
  const child = await start(session, exercise);
  const sampled = child.stdout === null ? undefined : sampleOutput(child.stdout);
  let stderrTail = "";
  child.stderr?.on("data", (bytes: Buffer) => (stderrTail = (stderrTail + bytes.toString("utf8")).slice(-4000)));
  let exitCode: number | undefined;
  const ended = child.ended.then((code) => (exitCode = code));
  const over = new AbortController();
  const everythingEnded = ended.then(async () => {
    if (!waitsForContainers(session, exercise)) return;
    if (exercise.streams !== "kept" && isOpenEnded(exercise) && session.fleet.running.length > 0)
      exercise.notice(
        "the command has ended, and its container runs on (--detach); the recording ends with the container " +
          "or with Ctrl-C",
      );
    await session.fleet.until(() => session.fleet.running.length === 0, Infinity, over.signal);
  });
  const end = await exerciseAll(session, exercise, everythingEnded, over.signal);
  if (end.by !== "itself" && end.by !== "interrupt") await exercise.beforeStop();
  if (end.by !== "itself" || (session.fleet.running.length > 0 && !exercise.keep))
    await endAll(session, exercise, child, () => exitCode !== undefined, end.by);
  await ended;
  await noteIds(
    session.words(),
    session.fleet.berths.map(({ container }) => container.id),
  );
  over.abort();
  const whileExitCode = await end.whileEnd;
  const stdout = sampled === undefined ? {} : { stdout: await sampled };
  return {
    exitCode,
    by: end.by,
    whileExitCode,
    endedDuringWhile: exercise.while !== undefined && end.by === "itself" && whileExitCode === undefined,
    stderrTail,
    ...stdout,
  };
}

/** The user's command as a process. */
interface Child {
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Its exit code, or 128 plus the number of the signal that ended it. */
  readonly ended: Promise<number>;
  kill(signal: NodeJS.Signals): void;
}

/** Rejects if it cannot be run at all. */
async function start(session: Session, { streams, others }: CommandExercise): Promise<Child> {
  const [file = "", ...words] = session.words();
  const isShown = streams !== "kept";
  const child = spawn(file, words, {
    // A terminal belongs to the command. Other output is passed on, and its last lines are kept.
    stdio: [
      isShown ? "inherit" : "ignore",
      streams === "shown" ? "inherit" : "pipe",
      isShown && others === undefined ? "inherit" : "pipe",
    ],
    env: session.environment(),
  });
  const ended = new Promise<number>((resolve) =>
    child.once("close", (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 127 : (constants.signals[signal] ?? 0))),
    ),
  );
  await once(child, "spawn");
  if (isShown && others !== undefined) child.stderr?.pipe(others, { end: false });
  if (streams === "sampled") child.stdout?.pipe(process.stdout, { end: false });
  return { stdout: child.stdout, stderr: child.stderr, ended, kill: (signal) => void child.kill(signal) };
}

/**
 * Does the session wait for the containers after the command has ended? `docker run --detach` ends before its container
 * does. So may any command whose containers are exercised.
 */
function waitsForContainers(session: Session, exercise: CommandExercise): boolean {
  return session.runsOne || !isOpenEnded(exercise);
}

/** Does the exercise end only when the containers end, or with Ctrl-C? */
function isOpenEnded({ while: command, stopAfter, stable }: CommandExercise): boolean {
  return command === undefined && stopAfter === undefined && stable === undefined;
}

type FirstEnd = { readonly by: CommandEnd["by"]; readonly whileEnd: Promise<number | undefined> };

async function exerciseAll(
  session: Session,
  exercise: CommandExercise,
  ended: Promise<void>,
  over: AbortSignal,
): Promise<FirstEnd> {
  const itself = ended.then(() => "itself" as const);
  const interrupt = aborted(exercise.interrupted).then(() => "interrupt" as const);
  const nothing = Promise.resolve(undefined);
  const up = await Promise.race([isUp(session, over).then(() => "up" as const), itself, interrupt]);
  if (up !== "up") return { by: up, whileEnd: nothing };
  const cut = new AbortController();
  const whileEnd = exercise.while === undefined ? undefined : runWhile(session, exercise.while, exercise, cut.signal);
  const by = await Promise.race([
    itself,
    interrupt,
    ...(whileEnd === undefined ? [] : [whileEnd.then(() => "while" as const)]),
    ...(exercise.stopAfter === undefined
      ? []
      : [
          delay(exercise.stopAfter * 1000, "stop-after" as const, { signal: cut.signal, ref: true }).catch(
            () => itself,
          ),
        ]),
    ...(exercise.stable === undefined
      ? []
      : [
          exercise.stable(cut.signal).then(
            () => "stable" as const,
            () => itself,
          ),
        ]),
  ]);
  if (whileEnd === undefined || by === "while") {
    cut.abort();
    return { by, whileEnd: whileEnd ?? nothing };
  }
  // A client that asks a service to shut down sees the container end first. It gets a moment to end too.
  const isLate =
    by === "itself"
      ? await Promise.race([whileEnd.then(() => false), delay(whileGraceMs, true, { ref: false })])
      : true;
  cut.abort();
  return { by, whileEnd: isLate ? whileEnd.then(() => undefined) : whileEnd };
}

async function isUp(session: Session, over: AbortSignal): Promise<void> {
  const isReached = await session.fleet.until(() => session.fleet.isUp(session.runsOne ? 0 : quietMs), Infinity, over);
  if (!isReached) await new Promise(() => undefined); // another promise settles for the reason that ended the wait
}

/** Ends the command as a user would: `docker run` by its container's stop signal, others by Ctrl-C. */
async function endAll(
  session: Session,
  exercise: CommandExercise,
  child: Child,
  hasEnded: () => boolean,
  by: CommandEnd["by"],
): Promise<void> {
  // On a terminal the command already got Ctrl-C. A second one would make it give up halfway.
  const hasHeard = by === "interrupt" && exercise.interrupted.reason === "SIGINT" && process.stdin.isTTY === true;
  if (!session.runsOne && !hasEnded()) {
    if (!hasHeard) child.kill("SIGINT");
    await Promise.race([child.ended, delay(endGraceMs, undefined, { ref: false })]);
  }
  if (session.fleet.running.length > 0 && !exercise.keep) {
    exercise.notice(
      session.fleet.running.length === 1
        ? "stopping the container with its own stop signal"
        : `stopping ${session.fleet.running.length} containers, each with its own stop signal`,
    );
    await session.stopAll();
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
    if (hasEnded()) return;
    await Promise.race([child.ended, delay(signal === "SIGINT" ? 5_000 : endGraceMs / 3, undefined, { ref: false })]);
    if (!hasEnded()) child.kill(signal);
  }
}

/** Runs the `--while` command. Its output goes to stderr, because stdout belongs to the workload. */
async function runWhile(
  session: Session,
  command: string,
  { streams, others }: CommandExercise,
  cut: AbortSignal,
): Promise<number> {
  const [first] = session.fleet.running;
  const shown = others === undefined ? process.stderr : "pipe";
  const output = streams === "kept" ? "ignore" : shown;
  const child = spawn("/bin/sh", ["-c", command], {
    stdio: ["ignore", output, output],
    detached: true, // a process group of its own, so that everything it started can be ended together
    env: {
      ...session.environment({ leaves: true }),
      ...(first === undefined ? {} : { SECCOMP_GEN_CONTAINER: first.container.id }),
    },
  });
  const written = [child.stdout, child.stderr] as readonly (Socket | null)[];
  if (others !== undefined) for (const stream of written) stream?.pipe(others, { end: false });
  const hasEnded = once(child, "exit") as Promise<[code: number | null]>;
  const isWritten = once(child, "close");
  const end = (): void => {
    const { pid } = child;
    if (pid === undefined || child.exitCode !== null) return;
    process.kill(-pid, "SIGTERM");
    // A client in its own container is PID 1 there, and SIGTERM does not end PID 1.
    const forced = setTimeout(() => process.kill(-pid, "SIGKILL"), whileGraceMs);
    void hasEnded.finally(() => clearTimeout(forced));
  };
  cut.addEventListener("abort", end, { once: true });
  const [code] = await hasEnded;
  cut.removeEventListener("abort", end);
  // A program that the command left in the background may never close the output.
  await Promise.race([isWritten, delay(outputGraceMs, undefined, { ref: false })]);
  for (const stream of written) stream?.unref();
  return code ?? 128;
}

/** The error if the command cannot be run at all. */
export function notRunnable(error: unknown, { words, tool }: ClientCommand): SeccompGenError | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code !== "ENOENT" && code !== "EACCES") return undefined;
  const file = words[0] ?? "";
  const detail = code === "ENOENT" ? "not found in PATH" : "not executable";
  if (tool?.at === 0) return new SeccompGenError({ code: "no-container-cli", tool: file, detail });
  return new SeccompGenError(
    { code: "workload-not-started", detail: `${file}: ${detail}` },
    { exitCode: code === "ENOENT" ? 127 : 126 },
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
