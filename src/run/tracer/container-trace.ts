import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import { SeccompGenError } from "../../core/errors/index.ts";
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
  type RunCommand,
  type SessionEnd,
  type SideProcess,
} from "../container/index.ts";
import { hearCrash, letCrash, type Crash } from "./crash.ts";
import { Follower } from "./follower.ts";
import { startReader, type Reader } from "./reader.ts";
import { whyNotAttached } from "./sidecar.ts";
import { SideTrace, type SidePlace } from "./side-trace.ts";
import {
  containerStrace,
  filteringStrace,
  heldWords,
  leavesOut,
  straceWords,
  traceFolder,
  tracerFolder,
} from "./strace-command.ts";
import { StraceTrouble } from "./strace-trouble.ts";
import {
  killedExitCode,
  type ContainerTraceRequest,
  type Trace,
  type TraceEnd,
  type TracerPlace,
  type WorkloadTrace,
} from "./trace.ts";

/**
 * Runs a workload's container under strace. The image stays untouched: strace comes from a
 * read-only volume. The trace goes to another volume; a helper container without network reads it
 * from there while it is written, so nothing of it is stored on this host.
 */
export async function openContainerTrace(request: ContainerTraceRequest): Promise<WorkloadTrace> {
  const id = randomBytes(6).toString("hex");
  const volume = `${traceVolumePrefix}${id}`;
  const { cli } = request.run;
  await makeVolume(cli, volume, request.facts?.(undefined));
  try {
    const reader = await startReader(cli, request.bundle, volume, `seccomp-gen-reader-${id}`);
    return new ContainerTrace(request, { id, volume, reader });
  } catch (error) {
    await removeVolume(cli, volume);
    throw error;
  }
}

/** What was made for one trace. */
interface Session {
  readonly id: string;
  /** Where the logs are written. */
  readonly volume: string;
  readonly reader: Reader;
}

/** The log of the workload itself. */
const mainLog = "main";

class ContainerTrace implements WorkloadTrace {
  readonly name = mainLog;
  readonly label = "workload";
  readonly straceVersion: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly end: Promise<TraceEnd>;
  readonly #request: ContainerTraceRequest;
  readonly #session: Session;
  readonly #beside = new PassThrough({ objectMode: true });
  readonly #sides: SideTrace[] = [];
  /** Aborted by `stop()`. */
  readonly #enough = new AbortController();
  /** Aborted when the trace is disposed of. */
  readonly #over = new AbortController();
  /** Of the strace inside. */
  readonly #trouble = new StraceTrouble();
  #place: TracerPlace;
  #follower: Follower | undefined;
  /** The container, once it runs. */
  #container: string | undefined;
  #hasLostTracer = false;
  #handlesCrash = false;
  #isKept = false;

  constructor(request: ContainerTraceRequest, session: Session) {
    this.#request = request;
    this.#session = session;
    const { canHold, straceVersion, chunks } = session.reader;
    this.straceVersion = straceVersion;
    // strace cannot filter for a process that it is attached to (strace(1), --seccomp-bpf).
    this.#place = canHold && !leavesOut(request.untraced) ? request.place : "inside";
    if (!canHold && this.#place !== request.place)
      request.notice(
        "strace runs inside the container: this host has no C compiler, so the tracer that stands beside " +
          "it could not be packed",
      );
    this.chunks = hearCrash(chunks, (crash) => void this.#letCrash(crash));
    this.end = this.#run();
    this.end.catch(() => undefined); // whoever awaits it gets the error
  }

  get place(): TracerPlace {
    return this.#place;
  }

  get beside(): AsyncIterable<Trace> {
    return this.#beside;
  }

  stop(): void {
    this.#enough.abort();
  }

  keep(): () => Promise<void> {
    this.#isKept = true;
    return () => this.#removeLog();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.end.catch(() => undefined);
    await Promise.all([
      this.#follower?.[Symbol.asyncDispose](),
      capture(this.#request.run.cli, ["rm", "-f", this.#session.reader.name]),
    ]);
    if (!this.#isKept) await this.#removeLog();
  }

  async #removeLog(): Promise<void> {
    const refusal = await removeVolume(this.#request.run.cli, this.#session.volume);
    if (refusal !== undefined)
      this.#request.notice(`the trace's volume could not be removed (${refusal}); seccomp-gen clean removes it`);
  }

  async #run(): Promise<TraceEnd> {
    const { reader } = this.#session;
    try {
      const end = await this.#runWorkload();
      this.#beside.end();
      await Promise.all(this.#sides.map((side) => side.end));
      return endOf(end, this.#whyCut(reader.finish()));
    } catch (error) {
      if (error instanceof SeccompGenError) return { kind: "failed", error };
      throw error;
    } finally {
      this.#beside.end();
      reader.finish();
    }
  }

  /** Runs the container, a second time with strace inside it if no sidecar could be attached. */
  async #runWorkload(): Promise<SessionEnd> {
    try {
      return await this.#runOnce();
    } catch (error) {
      const { run, interrupted, notice } = this.#request;
      const why = whyNotAttached(error);
      if (why === undefined || !canStartAgain(run) || interrupted.aborted) throw error;
      notice(
        `the tracer beside the container could not be attached (${why}); nothing had run yet, so the ` +
          "container is started again with strace inside it",
      );
      this.#place = "inside";
      return this.#runOnce();
    }
  }

  #runOnce(): Promise<SessionEnd> {
    const { run, interrupted } = this.#request;
    return runSession(
      run,
      this.#words(),
      {
        ...this.#request,
        enough: this.#enough.signal,
        interrupted: AbortSignal.any([interrupted, this.#over.signal]),
      },
      {
        onStart: (container) => this.#attach(container),
        onStderr: this.#trouble.hear,
        meanwhile: (container, over) =>
          runInTime(this.#request.sides, over, (side) => this.#runSide(container, side, over)),
        beforeStop: (container) => this.#finishSides(container),
      },
    );
  }

  async #attach(container: string): Promise<void> {
    this.#container = container;
    if (this.#place === "sidecar") this.#follower = await Follower.attach(this.#sidePlace(container), mainLog);
  }

  async #finishSides(container: string): Promise<void> {
    if (this.#place === "inside") this.#hasLostTracer = await this.#lacksTracer(container);
    for (const side of this.#request.sides) await this.#runSide(container, side);
  }

  /** Resolves to whether it succeeded, or the container ended under it. */
  async #runSide(container: string, side: SideProcess, containerOver?: AbortSignal): Promise<boolean> {
    const name = `exec-${this.#sides.length + 1}`;
    const trace = new SideTrace(this.#sidePlace(container), side, name, containerOver);
    this.#sides.push(trace);
    this.#beside.write(trace);
    const succeeds = await trace.succeeds();
    return succeeds || containerOver?.aborted === true;
  }

  /** A strace inside is no child of the workload, but runs in its container. */
  async #lacksTracer(container: string): Promise<boolean> {
    const { exitCode, stdout } = await capture(this.#request.run.cli, ["top", container]);
    return exitCode === 0 && !stdout.includes(`${tracerFolder}/strace`);
  }

  /** Why the log is not the whole of it. */
  #whyCut(readerHadEnded: boolean): string | undefined {
    if (this.#hasLostTracer) return "strace ended before the workload did (killed, or out of memory?)";
    const trouble = this.#follower?.lost ?? this.#trouble.reason;
    if (trouble !== undefined) return trouble;
    return readerHadEnded
      ? "the engine, or the helper container that reads the trace, ended before the workload did"
      : undefined;
  }

  async #letCrash(crash: Crash): Promise<void> {
    if (this.#container === undefined || this.#handlesCrash) return;
    this.#handlesCrash = true;
    const isLetGo = await letCrash(this.#sidePlace(this.#container), crash).finally(() => (this.#handlesCrash = false));
    if (isLetGo)
      this.#request.notice(
        `the container's first process crashed (${crash.signal}); the kernel does not let a traced one ` +
          "die of that, so strace was ended",
      );
  }

  #sidePlace(container: string): SidePlace {
    const { run, bundle, confinement } = this.#request;
    return {
      cli: run.cli,
      bundle,
      session: this.#session.id,
      container,
      outVolume: this.#session.volume,
      options: sharedOptions(run, container),
      strace: confinement?.[this.#place].strace ?? [],
      tracer: this.#place,
      reader: this.#session.reader.name,
      over: this.#over.signal,
    };
  }

  /** The words that start the container, after the CLI's own. */
  #words(): readonly string[] {
    const { run, bundle } = this.#request;
    const [entrypoint = "", ...words] = this.#program();
    const profile = this.#request.confinement?.[this.#place].profile;
    return runWords(run, {
      without: (name, value) => name === "entrypoint" || choosesSeccomp(name, value),
      options: [
        ["--volume", `${bundle.volume}:${tracerFolder}:ro`],
        ["--volume", `${this.#session.volume}:${traceFolder}`],
        ["--entrypoint", entrypoint],
        profile === undefined ? [] : ["--security-opt", `seccomp=${profile}`],
      ].flat(),
      command: words,
    });
  }

  /** The workload's program, behind the holder or strace. */
  #program(): readonly string[] {
    const { run, image, untraced, confinement } = this.#request;
    const program = startedProcess(run, image);
    if (this.#place === "sidecar") return heldWords(this.#session.id, mainLog, program);
    const letThrough = this.#session.reader.canLetThrough ? untraced.letThrough : undefined;
    return straceWords(
      letThrough === undefined ? containerStrace : filteringStrace,
      `${traceFolder}/${mainLog}`,
      program,
      { detached: true, untraced: { ...untraced, letThrough }, more: confinement?.inside.strace ?? [] },
    );
  }
}

function endOf(end: SessionEnd, whyCut: string | undefined): TraceEnd {
  const program = {
    exitCode: end.exitCode,
    killed: end.exitCode === killedExitCode,
    whileExitCode: end.whileExitCode,
    said: end.stderrTail,
  };
  if (whyCut !== undefined) return { kind: "cut", reason: whyCut, ...program };
  return end.by === "itself" ? { kind: "exited", ...program } : { kind: "stopped", by: end.by, ...program };
}

/**
 * A second start misses nothing of the first: the held program made no call. But the CLI may have
 * read from a stdin that it was told to keep open.
 */
function canStartAgain(run: RunCommand): boolean {
  return !isOn(run.options, "interactive") && valuesOf(run.options, "cidfile").length === 0;
}

/**
 * What a sidecar must have in common with the container to be allowed to trace in it: its user
 * namespace and its AppArmor profile.
 */
function sharedOptions(run: RunCommand, container: string): readonly string[] {
  const userns = valuesOf(run.options, "userns").at(-1);
  const apparmor = valuesOf(run.options, "security-opt").filter((value) => /^apparmor[=:]/.test(value));
  return [
    ...(userns === undefined ? [] : ["--userns", run.cli.tool === "podman" ? `container:${container}` : userns]),
    ...apparmor.flatMap((value) => ["--security-opt", value]),
  ];
}
