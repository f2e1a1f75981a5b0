import { setTimeout as delay } from "node:timers/promises";
import {
  createAggregator,
  buildRecording,
  mergeAll,
  mergeCode,
  totalOf,
  type Aggregator,
  type LogContext,
  type CodeEvidence,
  type Recording,
} from "../../core/recording/index.ts";
import { defaultCapabilities, nativeArch, type ScmpArch } from "../../core/tables/index.ts";
import { SeccompGenError } from "../../core/errors/index.ts";
import { escapeLine, escapeTerminal } from "../../core/text/index.ts";
import { NamedFiles, readInto, type ProcessFiles } from "../../logs/index.ts";
import { defaultAllowing, showProgress, toldApart, type Terminal } from "../../project/index.ts";
import {
  healthTest,
  member,
  textOf,
  withSeccomp,
  type ClientCommand,
  type Document,
  type InspectedImage,
  type Part,
} from "../gateway/index.ts";
import type { Hello, TraceEnd } from "../keeper/index.ts";
import {
  isHelper,
  notRunnable,
  recordingName,
  heardBy,
  runCommand,
  Session,
  specFacts,
  type Berth,
  type CommandEnd,
  type TracedPart,
  type Treatment,
} from "../session/index.ts";
import { straceSignal } from "../tracer/index.ts";
import { mentionKept } from "./kept-traces.ts";
import { missedPaths } from "./missed-paths.ts";
import { ProgramCode, removesItself } from "./program-code.ts";
import type { Unfinished } from "./unfinished.ts";
import { untilStable } from "./stability.ts";
import { untracedIn } from "./untraced-process.ts";
import { soughtTracer } from "./sought-tracer.ts";

/** Options of recording a command's containers. */
export interface ContainersOptions {
  readonly name: string | undefined;
  readonly while: string | undefined;
  readonly exec: readonly string[];
  readonly stopAfter: number | undefined;
  readonly untilStable: number | undefined;
  readonly only: readonly string[];
  readonly except: readonly string[];
  readonly keep: boolean;
  /** The command runs at most this many times. If this is more than one, its containers are removed after each run. */
  readonly rounds: number;
  readonly verify: boolean;
  /** Calls that the profile will allow. While recording, those beyond Docker's default are allowed too. */
  readonly allow: readonly string[];
  /** True to read, from the programs' files, the calls that their code can make. */
  readonly reach: boolean;
}

/** One recording of all containers of one name. */
export interface ServiceRecording {
  readonly name: string;
  readonly recording: Recording;
  readonly containers: number;
  readonly unparsed: number;
  /** Code paths that are common in services, and that none of the containers took. */
  readonly missed: readonly string[];
  /** Why the recording is incomplete. `undefined` if it is complete. */
  readonly trouble: SeccompGenError | undefined;
}

export interface ContainersRecorded {
  readonly services: readonly ServiceRecording[];
  /** Containers that were not recorded, and why. */
  readonly leftOut: readonly { readonly name: string; readonly why: "helper" | "not asked for" | "emulated" }[];
  readonly end: CommandEnd;
  /** The number of held containers. */
  readonly made: number;
  /** Images that the command named but the engine lacks. */
  readonly unknownImages: readonly string[];
  /** Why programs ran untraced although the keeper had begun. `undefined` if none did. */
  readonly untraced: string | undefined;
  /** Removes the traces. Until then, `clean` can make recordings from them if this process is killed. */
  readonly release: () => Promise<void>;
}

/** The trace of one process that the holder held, and of everything that this process starts. */
interface Traced {
  readonly part: TracedPart["part"];
  readonly hello: Hello;
  readonly aggregator: Aggregator;
  readonly read: Promise<void>;
  ended: TraceEnd | undefined;
  /** Resolves when `ended` is known. */
  over: Promise<void>;
}

/** Records every container that a command starts, all at once. */
export async function recordContainers(
  command: ClientCommand,
  options: ContainersOptions,
  terminal: Terminal,
): Promise<ContainersRecorded> {
  const recording = new ContainersRecording(command, options, terminal);
  return recording.run();
}

/** A program of this host that may start containers. */
export interface Watched extends AsyncDisposable {
  /** The program's environment, which makes its clients talk to the gateway. */
  readonly environment: NodeJS.ProcessEnv;
  /** The number of containers that the program created. */
  made(): number;
  /** Called when the program has ended. Stops what still runs, and resolves to the recordings. */
  finish(end: Pick<CommandEnd, "exitCode" | "by">): Promise<ContainersRecorded>;
}

/**
 * Stands between a program of this host and its engine, in case the program starts containers. Nothing is started on
 * the engine before that. `undefined` if no engine answers.
 */
export async function watchContainers(
  command: ClientCommand,
  options: ContainersOptions,
  terminal: Terminal,
): Promise<Watched | undefined> {
  const recording = new ContainersRecording(command, options, terminal);
  const session = await recording.open("if needed").catch(() => undefined);
  if (session === undefined) return undefined;
  let isOver = false;
  return {
    environment: session.environment(),
    made: () => session.fleet.berths.length,
    finish: async (end) => {
      isOver = true;
      try {
        if (!options.keep) await session.stopAll();
        const rest = { whileExitCode: undefined, endedDuringWhile: false, stderrTail: "" };
        return await recording.finish(session, { ...end, ...rest });
      } catch (error) {
        await recording.giveUp(session);
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => {
      if (!isOver) await recording.giveUp(session);
    },
  };
}

/** A process that really crashed ends within this time. */
const crashPatienceMs = 5_000;

/** Strace writes its last lines within this time after the last process has ended. */
const tracePatienceMs = 15_000;

class ContainersRecording {
  readonly #command: ClientCommand;
  readonly #options: ContainersOptions;
  readonly #terminal: Terminal;
  readonly #aggregators: Aggregator[] = [];
  readonly #names = new Map<Aggregator, string>();
  readonly #traced = new Map<Berth, Traced[]>();
  readonly #files = new Map<Berth, NamedFiles>();
  readonly #sideFailures: string[] = [];
  readonly #leftOut = new Map<string, ContainersRecorded["leftOut"][number]["why"]>();
  /** The profile that the containers run under. `undefined` for the engine's default. */
  #filter: string | undefined;
  #missed: string | undefined;
  #session: Session | undefined;
  #code: ProgramCode | undefined;

  constructor(command: ClientCommand, options: ContainersOptions, terminal: Terminal) {
    this.#command = command;
    this.#options = options;
    this.#terminal = terminal;
  }

  /** Runs the command, and records what it starts. */
  async run(): Promise<ContainersRecorded> {
    const session = await this.open("always");
    try {
      await mentionKept(session.engine, process.cwd(), this.#terminal);
      const endProgress = this.#showProgress();
      const end = await this.#exercise(session).finally(endProgress);
      return await this.finish(session, end);
    } catch (error) {
      await this.giveUp(session);
      throw error;
    }
  }

  /** Shows the progress, unless a container draws on the user's own terminal. */
  #showProgress(): () => void {
    const { note, board } = this.#terminal;
    const isTheirs = hasTerminal(this.#command) && board !== undefined;
    return showProgress(
      { aggregators: this.#aggregators, nameOf: (aggregator) => this.#names.get(aggregator) ?? "" },
      isTheirs ? { note: () => undefined, board: undefined } : { note, board },
    );
  }

  async open(traces: "always" | "if needed"): Promise<Session> {
    const { note } = this.#terminal;
    this.#session = await Session.open({
      command: this.#command,
      environment: process.env,
      notice: (line) => note(escapeTerminal(line)),
      traces,
      folder: process.cwd(),
      about: (berth, part, hello) => this.#about(berth, part, hello),
      treat: (spec, image, name) => this.#treat(spec, image, name),
      onTrace: (part) => this.#take(part),
      onMissed: (why) => (this.#missed ??= why),
      beforeImagesGo: () => this.#readEarly(),
    });
    this.#code = new ProgramCode(this.#session.engine);
    const { facts } = this.#session;
    const kernel = /^\d+\.\d+/.exec(facts.kernel ?? "")?.[0];
    const capabilities = new Set(defaultCapabilities);
    const host = { arch: this.#arch(), capabilities, kernel, runtime: "runc" } as const;
    const version = facts.tool === "docker" ? facts.version : undefined;
    this.#filter =
      this.#options.allow.length === 0 ? undefined : await defaultAllowing(this.#options.allow, version, host);
    return this.#session;
  }

  /** The command has ended. */
  async finish(session: Session, end: CommandEnd): Promise<ContainersRecorded> {
    await this.#finishTraces(session);
    session.endTracing();
    const recorded = await this.#recordedFromFiles(session, end);
    if (this.#options.keep) session.leaveAll();
    else this.#noteStaying(await session.removeAll((berth) => this.#isUsers(session, berth)));
    await session[Symbol.asyncDispose]();
    return recorded;
  }

  async #recordedFromFiles(session: Session, end: CommandEnd): Promise<ContainersRecorded> {
    try {
      return await this.#recorded(session, end);
    } finally {
      await this.#code?.[Symbol.asyncDispose]();
    }
  }

  /**
   * Does a container stay, as the user's own `docker run` without `--rm` would leave it? It does not stay if `--allow`
   * made its filter wider than Docker's default.
   */
  #isUsers(session: Session, { container, starts }: Berth): boolean {
    return (
      session.runsOne &&
      this.#options.rounds === 1 &&
      !this.#options.verify &&
      starts > 0 &&
      this.#filterFor(container.spec) === undefined &&
      !removesItself(container.spec)
    );
  }

  #noteStaying(berths: readonly Berth[]): void {
    for (const { container } of berths) {
      const removal = `${this.#command.tool?.name ?? "docker"} rm ${container.id.slice(0, 12)}`;
      this.#terminal.note(
        `the container stays, because your command has no --rm: ${removal} removes it` +
          (container.name === undefined ? "" : ", and frees its name"),
      );
    }
  }

  /** Removes everything, and records nothing. */
  async giveUp(session: Session): Promise<void> {
    await session.removeAll();
    await session[Symbol.asyncDispose]();
    await session.release();
  }

  #treat(spec: Document, image: InspectedImage, name: string | undefined): Treatment {
    const own = recordingName(spec, image, name);
    const isNative = isForArchitecture(image.document, this.#session?.facts.architecture ?? "");
    const why = isHelper(image.reference)
      ? "helper"
      : !isNative
        ? "emulated"
        : this.#isAskedFor(own)
          ? undefined
          : "not asked for";
    if (why === undefined)
      return { kind: "trace", change: (held) => withSeccomp(held, this.#filterFor(spec)), strace: [] };
    this.#leftOut.set(own, why);
    return { kind: "leave", ours: why !== "helper" };
  }

  /** A privileged container has no filter, so it needs no wider one. */
  #filterFor(spec: Document): string | undefined {
    return member(member(spec, "HostConfig"), "Privileged") === true ? undefined : this.#filter;
  }

  #isAskedFor(name: string): boolean {
    const { only, except } = this.#options;
    return (only.length === 0 || only.includes(name)) && !except.includes(name);
  }

  #take({ berth, part, trace, hello }: TracedPart): void {
    const aggregator = createAggregator({
      arch: this.#arch(),
      life: part === "main" ? lifeOf(berth) : { within: "serve" },
      outside: true,
    });
    this.#aggregators.push(aggregator);
    const { spec, image, name } = berth.container;
    this.#names.set(aggregator, recordingName(spec, image, name));
    const files = this.#files.get(berth) ?? new NamedFiles();
    this.#files.set(berth, files);
    const traced: Traced = {
      part,
      hello,
      aggregator,
      read: readInto(aggregator, trace.chunks, part, files),
      ended: undefined,
      over: Promise.resolve(),
    };
    traced.read.catch(() => undefined); // its reader gets the error
    traced.over = trace.end.then(
      async (end) => void (traced.ended = end.kind === "crashed" ? await this.#crashed(berth, end) : end),
    );
    this.#traced.set(berth, [...(this.#traced.get(berth) ?? []), traced]);
  }

  #arch(): ScmpArch {
    return (
      nativeArch(this.#session?.facts.architecture ?? "") ??
      notHere(`the engine runs on ${this.#session?.facts.architecture ?? "an unknown machine"}`)
    );
  }

  /** What `clean` needs to make a recording from the trace if this process is killed. */
  #about(berth: Berth, part: Part, hello: Hello): Unfinished | undefined {
    const { spec, image, name } = berth.container;
    const session = this.#session;
    if (session === undefined) return undefined;
    const run = specFacts(spec, image, session.facts, hello, { exitCode: 137, stopped: false, strace: session.strace });
    return {
      name: this.#options.name ?? recordingName(spec, image, name),
      folder: process.cwd(),
      arch: this.#arch(),
      life: part === "main" ? lifeOf(berth) : { within: "serve" },
      run,
    };
  }

  /**
   * Waits for the crashed process to end. A program can fake a fault (rt_sigqueueinfo(2)), and then goes on untraced.
   */
  async #crashed(berth: Berth, { signal }: { readonly signal: string }): Promise<TraceEnd> {
    const before = berth.ends;
    const hasEnded =
      (await this.#session?.fleet.until(() => !berth.running || berth.ends > before, crashPatienceMs)) === true;
    if (!hasEnded)
      return {
        kind: "broken",
        why: `strace was ended because the first process seemed to crash (${signal}), but the process went on`,
      };
    this.#terminal.note(
      `the container's first process crashed (${signal}); strace was ended, because the kernel keeps a ` +
        "traced first process alive",
    );
    return { kind: "complete" };
  }

  async #exercise(session: Session): Promise<CommandEnd> {
    const { untilStable: seconds, while: command, stopAfter } = this.#options;
    this.#terminal.note(beginning(this.#options, session.runsOne));
    return runCommand(session, {
      while: command,
      stopAfter,
      ...(seconds === undefined
        ? {}
        : { stable: (over: AbortSignal) => untilStable(this.#aggregators, seconds, over) }),
      beforeStop: () => this.#runSides(session),
      keep: this.#options.keep,
      ...heardBy(this.#terminal),
      streams: "shown",
    }).catch((error: unknown) => {
      throw notRunnable(error, this.#command) ?? error;
    });
  }

  /** Runs the commands of --exec, and health checks that were not due yet. */
  async #runSides(session: Session): Promise<void> {
    const running = session.fleet.running.filter((berth) => this.#traced.has(berth));
    for (const berth of running) {
      const test = healthTest(berth.container.spec, berth.container.image.document);
      if (test.length > 0 && !this.#probed(berth)) await this.#execute(session, berth, "HEALTHCHECK", test);
    }
    const [only] = running;
    for (const text of only === undefined ? [] : this.#options.exec) {
      if (running.length > 1)
        this.#terminal.note(`${running.length} containers run; --exec is run in the first one only`);
      await this.#execute(session, only as Berth, `--exec ${text}`, execWords(text));
    }
  }

  async #execute(session: Session, berth: Berth, label: string, words: readonly string[]): Promise<void> {
    const { exitCode, said } = await session.execute(berth.container, words, 60_000);
    if (exitCode !== 0)
      this.#sideFailures.push(
        `${label} ended with exit code ${exitCode}` +
          (said.trim() === "" ? "" : `: ${escapeLine(said.trim().split("\n").at(-1) ?? "")}`),
      );
  }

  #probed(berth: Berth): boolean {
    return (this.#traced.get(berth) ?? []).some(
      ({ part, aggregator }) => (part === "probe" || part === "shell") && aggregator.counts().started,
    );
  }

  #noteNotExecuted(end: CommandEnd): void {
    if (end.by !== "itself") return;
    for (const text of this.#options.exec)
      this.#terminal.note(`--exec ${escapeLine(text)} was not run, because the container ended before`);
  }

  async #finishTraces(session: Session): Promise<void> {
    const all = [...this.#traced.values()].flat();
    const read = Promise.all(all.flatMap((traced) => [traced.read, traced.over]));
    if (this.#options.keep) session.stopTraces();
    const isDone = await Promise.race([read.then(() => true), delay(tracePatienceMs, false, { ref: false })]);
    // The engine reports an end a moment after the client has seen it.
    await session.fleet.until(
      () =>
        session.fleet.berths.every(
          ({ starts, ends, removed, running }) => starts === 0 || ends > 0 || removed || running,
        ),
      2_000,
    );
    if (!isDone) {
      session.stopTraces();
      await Promise.race([read, delay(tracePatienceMs, undefined, { ref: false })]);
    }
  }

  async #recorded(session: Session, end: CommandEnd): Promise<ContainersRecorded> {
    const byName = new Map<string, Berth[]>();
    for (const berth of this.#traced.keys()) {
      const name = recordingName(berth.container.spec, berth.container.image, berth.container.name);
      byName.set(name, [...(byName.get(name) ?? []), berth]);
    }
    const services: ServiceRecording[] = [];
    for (const [name, berths] of byName) {
      const own = byName.size === 1 ? (this.#options.name ?? name) : name;
      services.push(...(await this.#service(own, berths, session, end)));
    }
    if (byName.size > 1 && this.#options.name !== undefined)
      this.#terminal.note(
        `--name was ignored, because ${byName.size} recordings were made; each is named after its service or image`,
      );
    this.#noteNotExecuted(end);
    for (const failure of this.#sideFailures) this.#terminal.note(failure);
    for (const warning of soughtTracer(this.#aggregators)) this.#terminal.note(escapeTerminal(warning));
    const release = async (): Promise<void> => {
      const kept = await session.release();
      if (kept !== undefined)
        this.#terminal.note(
          `the trace's volume could not be removed (${escapeLine(kept)}); seccomp-gen clean removes it`,
        );
    };
    return {
      services,
      leftOut: [...this.#leftOut].map(([name, why]) => ({ name, why })),
      end,
      made: session.fleet.berths.length,
      unknownImages: session.unknownImages,
      untraced: session.strace === undefined ? undefined : this.#missed,
      release,
    };
  }

  /** Empty if no program of these containers ever began. */
  async #service(
    name: string,
    berths: readonly Berth[],
    session: Session,
    end: CommandEnd,
  ): Promise<readonly ServiceRecording[]> {
    const traced = berths.flatMap((berth) => this.#traced.get(berth) ?? []);
    if (!traced.some(({ aggregator }) => aggregator.counts().started)) return [];
    const unparsed = totalOf(
      "unparsedTotal",
      traced.map(({ aggregator }) => aggregator.counts()),
    );
    const recordings = berths.flatMap((berth) => this.#recordingsOf(name, berth, session, end));
    const recording = mergeAll(recordings);
    if (recording === undefined) return [];
    const code = this.#options.reach ? await this.#codeOf(name, berths) : undefined;
    return [
      {
        name,
        recording: toldApart(code === undefined ? recording : { ...recording, code }),
        containers: berths.length,
        unparsed,
        missed: this.#missedOf(berths),
        trouble: this.#troubleOf(traced, end),
      },
    ];
  }

  /**
   * The calls that the code of the containers' programs can make, read from their files. If the files cannot be read, a
   * notice says so, and the recording has no code.
   */
  async #codeOf(name: string, berths: readonly Berth[]): Promise<CodeEvidence | undefined> {
    let code: CodeEvidence | undefined;
    try {
      for (const berth of berths) code = mergeCode(code, await this.#code?.of(name, berth, this.#filesOf(berth)));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#terminal.note(
        escapeTerminal(
          `${name}: the programs' code was not read, so the profile knows only recorded calls and tables: ${why}`,
        ),
      );
    }
    return code;
  }

  /** Reads the code of containers that have ended. Once the command removes their image, the code is lost. */
  async #readEarly(): Promise<void> {
    const session = this.#session;
    if (session === undefined || !this.#options.reach) return;
    for (const [berth, traced] of this.#traced) {
      const { id, spec, image, name } = berth.container;
      // The engine does not remove the image of a running container. But the engine's events may come later than the
      // client's request, so the engine is asked here.
      const inspected = await session.engine
        .get<Document>(`/containers/${id}/json`, "inspecting a container")
        .catch(() => undefined); // the user's request goes on, and the end says what failed
      if (member(member(inspected, "State"), "Running") === true) continue;
      await Promise.allSettled(traced.map(({ read }) => read));
      await this.#code?.readEarly(recordingName(spec, image, name), berth, this.#filesOf(berth));
    }
    await this.#code?.[Symbol.asyncDispose](); // its stand-ins are containers of the image
  }

  #filesOf(berth: Berth): readonly ProcessFiles[] {
    return this.#files.get(berth)?.files() ?? [];
  }

  #recordingsOf(name: string, berth: Berth, session: Session, end: CommandEnd): readonly Recording[] {
    const traced = this.#traced.get(berth) ?? [];
    const hello = traced.find(({ part }) => part === "main")?.hello;
    const stopped = end.by !== "itself" || (berth.toldToStop && berth.exitCode !== 137);
    const run = specFacts(berth.container.spec, berth.container.image, session.facts, hello, {
      exitCode: berth.exitCode,
      stopped,
      strace: session.strace,
    });
    return traced.map(({ aggregator }) => buildRecording(name, run, aggregator.finish()));
  }

  /** Code paths that none of these containers took. */
  #missedOf(berths: readonly Berth[]): readonly string[] {
    const checked = berths.filter(({ container: { spec, image } }) => healthTest(spec, image.document).length > 0);
    const traced = berths.flatMap((berth) => this.#traced.get(berth) ?? []);
    const health = checked.length === 0 ? "none" : checked.some((berth) => this.#probed(berth)) ? "seen" : "missed";
    const execs = traced.filter(({ part }) => part === "exec").length;
    const each = berths.flatMap((berth) =>
      (this.#traced.get(berth) ?? [])
        .filter(({ part }) => part === "main")
        .map(({ aggregator }) => missedPaths(aggregator.exercised(), { killed: berth.exitCode === 137, health, execs }))
        .filter((missed) => missed !== undefined),
    );
    return each[0]?.filter((path) => each.every((missed) => missed.includes(path))) ?? [];
  }

  #troubleOf(traced: readonly Traced[], end: CommandEnd): SeccompGenError | undefined {
    const broken =
      traced
        .map(({ ended }) =>
          ended === undefined ? "strace did not end" : ended.kind === "broken" ? ended.why : undefined,
        )
        .find((why) => why !== undefined) ??
      this.#missed ??
      untracedIn(traced.map(({ aggregator }) => aggregator));
    if (broken !== undefined) return new SeccompGenError({ code: "trace-broken", detail: broken });
    if (this.#options.while === undefined || end.by === "stop-after" || end.by === "stable" || end.whileExitCode === 0)
      return undefined;
    if (end.by === "interrupt") return new SeccompGenError({ code: "exercise-cut" });
    return new SeccompGenError({
      code: "while-failed",
      exitCode: end.whileExitCode,
      containerExitCode: end.by === "itself" ? end.exitCode : undefined,
    });
  }
}

/** The first line that the user sees of a recording. It says what ends the recording. */
function beginning({ while: exercise, stopAfter, untilStable: seconds }: ContainersOptions, runsOne: boolean): string {
  const [subject, end] = runsOne ? ["the container", "the container"] : ["the containers", "the command"];
  const ends = [
    ...(exercise === undefined ? [] : ["with the --while command"]),
    ...(stopAfter === undefined ? [] : [`${stopAfter} s after the start`]),
    ...(seconds === undefined ? [] : [`after ${seconds} s without a new call`]),
    `with ${end}`,
    "with Ctrl-C",
  ];
  const told = `${ends.slice(0, -1).join(", ")} or ${ends.at(-1) ?? ""}`;
  return ends.length > 2
    ? `recording; it ends ${told}`
    : `recording; exercise ${subject} now. The recording ends ${told}.`;
}

/** The signal with which the engine stops the container. */
function lifeOf({ container }: Berth): NonNullable<LogContext["life"]> {
  const chosen =
    textOf(member(container.spec, "StopSignal")) ||
    textOf(member(member(container.image.document, "Config"), "StopSignal")) ||
    "SIGTERM";
  return { stopSignal: straceSignal(chosen), withoutConnections: false };
}

/** Programs for another architecture are emulated, and strace would see only the emulator. */
function isForArchitecture(image: Document, engine: string): boolean {
  const architecture = textOf(member(image, "Architecture"));
  return (
    architecture === "" ||
    nativeArch(architecture) === nativeArch(engine) ||
    (architecture === "386" && nativeArch(engine) === "SCMP_ARCH_X86_64")
  );
}

/** Does the command give the container a terminal? A status line would mix with the container's output there. */
function hasTerminal({ words }: ClientCommand): boolean {
  return words.some((word) => word === "--tty" || (/^-[a-z]+$/i.test(word) && /t/i.test(word)));
}

/** Plain words run without a shell, so that images without one work. All others get a shell. */
function execWords(command: string): readonly string[] {
  return /^[\w@%+=:,./ -]+$/.test(command) ? command.trim().split(/ +/) : ["/bin/sh", "-c", command];
}

function notHere(detail: string): never {
  throw new SeccompGenError({ code: "architecture", detail });
}
