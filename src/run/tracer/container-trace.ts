import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import {
  capture,
  choosesSeccomp,
  isOn,
  makeVolume,
  removeVolume,
  runInTime,
  runSession,
  runWords,
  startedProcess,
  traceVolumePrefix,
  valuesOf,
  type ContainerCli,
  type Exercise,
  type Image,
  type RunCommand,
  type SessionEnd,
  type SideProcess,
} from "../container/index.ts";
import type { TracerBundle } from "./bundle.ts";
import { hearCrash, letCrash, type Crash } from "./crash.ts";
import { startReader } from "./reader.ts";
import { keepTraced, startSidecar, whyNotAttached, type SidecarPlace } from "./sidecar.ts";
import {
  containerStrace,
  filteringStrace,
  heldWords,
  leavesOut,
  straceWords,
  traceFolder,
  tracerFolder,
  type Untraced,
} from "./strace-command.ts";
import { hearTrouble } from "./strace-trouble.ts";
import { withoutHolder } from "./without-holder.ts";

/**
 * Takes one trace as it grows: `name` is `main` for the workload, `exec-N` for the processes
 * started beside it.
 */
export type TraceSink = (name: string, chunks: AsyncIterable<Uint8Array>) => Promise<void>;

/**
 * Where strace stands: `sidecar`, in a container beside the workload's, attached before the
 * program's first instruction; or `inside` the workload's container, as a process of the workload's
 * user and under all of its restrictions.
 */
export type TracerPlace = "sidecar" | "inside";

/** What a traced session was. */
export interface TracedEnd extends SessionEnd {
  /** Version of the strace that wrote the traces. */
  readonly strace: string;
  readonly tracer: TracerPlace;
  /** Why the trace is not the whole of it; undefined: it is. */
  readonly broken: string | undefined;
  /** Side processes that could not be traced or failed: label and reason. */
  readonly sideFailures: readonly { readonly label: string; readonly reason: string }[];
  /** Labels of those that were traced and succeeded at least once. */
  readonly sidesSeen: ReadonlySet<string>;
  /** Gives the trace away: nobody needs it any more. */
  readonly release: () => Promise<void>;
}

/**
 * The filter a workload is traced under, in place of Docker's default; it has to let through what
 * the tracer needs in the container, which depends on its place.
 */
export interface Confinement {
  /** Absolute path of the profile; undefined: Docker's default all the same. */
  readonly profile: string | undefined;
  /** Further options of strace. */
  readonly strace: readonly string[];
}

/**
 * Runs a workload's container under strace. The image stays untouched: strace comes from a
 * read-only volume, the trace goes to another volume and is read from there, while it is written,
 * by a helper container without network. Nothing of it is stored on this host; helpers and
 * container are removed whatever happens. So is the volume, unless `keep` says what a recording can
 * be made of it with later, should this process be killed: then it stays until `release`.
 */
export async function traceContainer(
  run: RunCommand,
  image: Image,
  bundle: TracerBundle,
  wanted: TracerPlace,
  exercise: Omit<Exercise, "beforeStop" | "meanwhile" | "onStart">,
  sides: readonly SideProcess[],
  sink: TraceSink,
  untraced: Untraced,
  { confinement, keep }: { readonly confinement?: (tracer: TracerPlace) => Confinement; readonly keep?: string },
): Promise<TracedEnd> {
  const id = randomBytes(6).toString("hex");
  const outVolume = `${traceVolumePrefix}${id}`;
  await makeVolume(run.cli, outVolume, keep);
  const release = async (): Promise<void> => {
    const kept = await removeVolume(run.cli, outVolume);
    if (kept !== undefined)
      exercise.notice(`the trace's volume could not be removed (${kept}); seccomp-gen clean removes it`);
  };
  let ended = false;
  const reader = await startReader(run.cli, bundle, outVolume, `seccomp-gen-reader-${id}`);
  // strace cannot filter for a process that it is attached to (strace(1), --seccomp-bpf).
  let tracer: TracerPlace = reader.canHold && !leavesOut(untraced) ? wanted : "inside";
  if (!reader.canHold && tracer !== wanted)
    exercise.notice(
      "strace runs inside the container: this host has no C compiler, so the tracer that stands beside " +
        "it could not be packed",
    );
  const sideFailures = new Map<string, string>();
  const sidesSeen = new Set<string>();
  let sideRuns = 0;
  const over = new AbortController();
  const straceOptions = (): readonly string[] => confinement?.(tracer).strace ?? [];
  const placeOf = (container: string): SidecarPlace => ({
    session: id,
    container,
    outVolume,
    options: sharedOptions(run, container),
    strace: straceOptions(),
  });
  try {
    let running: string | undefined;
    let asking = false;
    const onCrash = async (crash: Crash): Promise<void> => {
      if (running === undefined || asking) return;
      asking = true;
      const isLetGo = await letCrash(run.cli, bundle, running, sharedOptions(run, running), crash).finally(
        () => (asking = false),
      );
      if (isLetGo)
        exercise.notice(
          `the container's first process crashed (${crash.signal}); the kernel does not let a traced one ` +
            "die of that, so strace was ended",
        );
    };
    const reading = sink(
      mainTrace,
      hearCrash(reader.chunks, (crash) => void onCrash(crash)),
    );
    // The sink fails only when its own work fails; the session must still be ended in order.
    reading.catch(() => undefined);
    let lost: string | undefined;
    const runSide = async (container: string, side: SideProcess, containerOver?: AbortSignal): Promise<boolean> => {
      sideRuns += 1;
      const failure = await traceSide(
        run.cli,
        bundle,
        tracer,
        placeOf(container),
        reader.name,
        side,
        `exec-${sideRuns}`,
        sink,
      );
      if (failure === undefined) sidesSeen.add(side.label);
      if (containerOver?.aborted === true) return true; // the container may have ended under it
      if (failure === undefined) sideFailures.delete(side.label);
      else sideFailures.set(side.label, failure);
      return failure === undefined;
    };
    const meanwhile = (container: string, containerOver: AbortSignal): Promise<void> =>
      runInTime(sides, containerOver, (side) => runSide(container, side, containerOver));
    const beforeStop = async (container: string): Promise<void> => {
      if (tracer === "inside" && (await hasLostTracer(run.cli, container)))
        lost = "strace ended before the workload did (killed, or out of memory?)";
      for (const side of sides) await runSide(container, side);
    };
    const onStart = async (container: string): Promise<void> => {
      running = container;
      if (tracer === "sidecar")
        await keepTraced(run.cli, bundle, placeOf(container), mainTrace, over.signal, (why) => (lost = why));
    };
    const session = (): Promise<SessionEnd> =>
      runSession(
        run,
        tracedWords(
          run,
          image,
          bundle,
          tracer,
          { id, outVolume },
          reader.canLetThrough ? untraced : { ...untraced, letThrough: undefined },
          confinement?.(tracer),
        ),
        { ...exercise, onStart, meanwhile, beforeStop, onStderr: hearTrouble((why) => (lost = why)) },
      );
    const end = await session().catch(async (error: unknown) => {
      const why = whyNotAttached(error);
      if (why === undefined || !canStartAgain(run) || exercise.interrupted.aborted) throw error;
      exercise.notice(
        `the tracer beside the container could not be attached (${why}); nothing had run yet, so the ` +
          "container is started again with strace inside it",
      );
      tracer = "inside";
      return session();
    });
    const readerGone = reader.finish();
    await reading;
    ended = true;
    return {
      ...end,
      broken: brokenBy(readerGone, lost),
      strace: reader.straceVersion,
      tracer,
      sideFailures: [...sideFailures].map(([label, reason]) => ({ label, reason })),
      sidesSeen,
      release,
    };
  } finally {
    over.abort();
    reader.finish();
    await capture(run.cli, ["rm", "-f", reader.name]);
    if (!ended || keep === undefined) await release();
  }
}

/**
 * Nothing of the first start is missed by a second: the held program made no call, but the CLI may
 * have read from a stdin that it was told to keep open.
 */
function canStartAgain(run: RunCommand): boolean {
  return !isOn(run.options, "interactive") && valuesOf(run.options, "cidfile").length === 0;
}

/** A strace inside is no child of the workload, but runs in its container. */
async function hasLostTracer(cli: ContainerCli, container: string): Promise<boolean> {
  const { exitCode, stdout } = await capture(cli, ["top", container]);
  return exitCode === 0 && !stdout.includes(`${tracerFolder}/strace`);
}

function brokenBy(readerGone: boolean, lost: string | undefined): string | undefined {
  if (lost !== undefined) return lost;
  return readerGone
    ? "the engine, or the helper container that reads the trace, ended before the workload did"
    : undefined;
}

/** The workload's own trace. */
const mainTrace = "main";

function tracedWords(
  run: RunCommand,
  image: Image,
  bundle: TracerBundle,
  tracer: TracerPlace,
  session: { readonly id: string; readonly outVolume: string },
  untraced: Untraced,
  confinement: Confinement | undefined,
): readonly string[] {
  const program = startedProcess(run, image);
  const [entrypoint = "", ...words] =
    tracer === "sidecar"
      ? heldWords(session.id, mainTrace, program)
      : straceWords(
          untraced.letThrough === undefined ? containerStrace : filteringStrace,
          `${traceFolder}/${mainTrace}`,
          program,
          { detached: true, untraced, more: confinement?.strace ?? [] },
        );
  return runWords(run, {
    without: (name, value) => name === "entrypoint" || choosesSeccomp(name, value),
    options: [
      ...["--volume", `${bundle.volume}:${tracerFolder}:ro`],
      ...["--volume", `${session.outVolume}:${traceFolder}`],
      ...["--entrypoint", entrypoint],
      ...(confinement?.profile === undefined ? [] : ["--security-opt", `seccomp=${confinement.profile}`]),
    ],
    command: words,
  });
}

/**
 * What a sidecar must have in common with the container to be allowed to trace in it: its user
 * namespace and its AppArmor profile.
 */
function sharedOptions(run: RunCommand, container: string): readonly string[] {
  const userns = valuesOf(run.options, "userns").at(-1);
  return [
    ...(userns === undefined ? [] : ["--userns", run.cli.tool === "podman" ? `container:${container}` : userns]),
    ...valuesOf(run.options, "security-opt").flatMap((value) =>
      /^apparmor[=:]/.test(value) ? ["--security-opt", value] : [],
    ),
  ];
}

const sideTimeoutMs = 60_000;
/** So long a side process may leave others behind that are still traced. */
const sideGraceMs = 2_000;

/**
 * Runs one side process under strace in the running container and reads its trace; returns why it
 * failed, if it did.
 */
async function traceSide(
  cli: ContainerCli,
  bundle: TracerBundle,
  tracer: TracerPlace,
  place: SidecarPlace,
  reader: string,
  side: SideProcess,
  name: string,
  sink: TraceSink,
): Promise<string | undefined> {
  const log = `${traceFolder}/${name}`;
  const program =
    tracer === "sidecar"
      ? heldWords(place.session, name, side.words)
      : straceWords(containerStrace, log, side.words, { detached: false, more: place.strace });
  const running = capture(cli, ["exec", place.container, ...program], { timeout: sideTimeoutMs });
  let unattached: string | undefined;
  let lost: string | undefined;
  const sidecar =
    tracer === "sidecar" ? startSidecar(cli, bundle, place, name, "beginning", (why) => (lost = why)) : undefined;
  sidecar?.attached.catch((error: unknown) => (unattached = whyNotAttached(error) ?? String(error)));
  const ran = await running;
  await Promise.race([sidecar?.ended, delay(sideGraceMs)]);
  await sidecar?.remove();
  const [file = "", ...words] = cli.words;
  const cat = execa(file, [...words, "exec", reader, "cat", log], {
    stdin: "ignore",
    encoding: "buffer",
    buffer: { stdout: false, stderr: true },
    reject: false,
  });
  await sink(name, withoutHolder(cat.stdout as AsyncIterable<Uint8Array>));
  const read = await cat;
  if (read.exitCode !== 0 || (unattached !== undefined && ran.exitCode !== 0))
    return `it could not be traced: ${unattached ?? ran.stderr.trim().split("\n").at(-1) ?? ""}`;
  if (lost !== undefined) return `its trace broke off: ${lost}`;
  return ran.exitCode === 0 ? undefined : `it ended with exit code ${ran.exitCode}`;
}
