import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { ownSession } from "../../project/index.ts";
import { gateVolumePrefix, sessionLabel, traceLabel, traceVolumePrefix } from "../container/index.ts";
import { SeccompGenError } from "../../core/errors/index.ts";
import { messageOf, streamsOf, type EngineClient } from "../gateway/index.ts";
import { Deferred } from "./deferred.ts";
import { sayingsOf, type Saying } from "./frames.ts";
import { tracerFolder } from "./image.ts";
import { Trace } from "./trace.ts";

export type Hello = Extract<Saying, { kind: "hello" }>;

/** How a program is traced. */
export interface Tracing {
  /** Further options of strace. */
  readonly options: readonly string[];
  /** The facts that `clean` needs for a recording if this process is killed. They are stored beside the trace. */
  readonly about: unknown;
  readonly onTrace: (trace: Trace) => void;
}

export interface KeeperRequest {
  readonly engine: EngineClient;
  readonly image: string;
  /**
   * The folder for recordings that `clean` makes from the traces if this process is killed. Its path is stored on the
   * traces' volume. `undefined` if the traces are not worth keeping.
   */
  readonly folder: string | undefined;
  /** A program waits at the gate. Returns how to trace it. If it returns `undefined`, the program runs untraced. */
  readonly onHello: (hello: Hello) => Tracing | undefined;
  /** Programs that should have been traced ran untraced. */
  readonly onMissed: (why: string) => void;
}

/**
 * By these options (strace(1)), strace follows children and threads, and prints numbers beside names. It keeps the
 * lines about a changed personality. It ignores signals that are meant for the workload.
 */
const straceOptions = ["-f", "-n", "-X", "verbose", "--quiet=attach", "-I", "never"] as const;

/** The mount points of the keeper's two volumes. */
const [gateMount, traceMount] = ["/gate", "/trace"];

/**
 * One container beside the recorded ones. It holds their programs at the gate and traces them. It sees the host's
 * processes and may trace them. It has no network and writes only to its volumes. No other container mounts the volume
 * of the traces.
 */
export class Keeper implements AsyncDisposable {
  readonly gateVolume: string;
  readonly traceVolume: string;
  readonly #request: KeeperRequest;
  readonly #name: string;
  readonly #traces = new Map<number, Trace>();
  #socket: Duplex | undefined;
  #reading: Promise<void> = Promise.resolve();
  readonly #ready = new Deferred<string>();
  readonly #made = new Deferred<void>();
  #complaint = "";
  #isClosing = false;
  /** The keeper ended before the session closed it. */
  isLost = false;

  constructor(request: KeeperRequest) {
    const id = randomBytes(6).toString("hex");
    this.#request = request;
    this.#name = `seccomp-gen-keeper-${id}`;
    this.gateVolume = `${gateVolumePrefix}${id}`;
    this.traceVolume = `${traceVolumePrefix}${id}`;
  }

  /** Resolves to strace's version once the keeper can hold programs. */
  get ready(): Promise<string> {
    return this.#ready.promise;
  }

  /** Resolves once the volumes exist. If a container mounts them earlier, the engine creates other volumes. */
  get made(): Promise<void> {
    return this.#made.promise;
  }

  /** Creates the volumes and the container, and listens. `ready` rejects if any of this fails. */
  async open(): Promise<void> {
    try {
      const { engine, image, folder } = this.#request;
      const labels = { [sessionLabel]: ownSession() };
      await Promise.all([
        this.#makeVolume(this.gateVolume, labels),
        this.#makeVolume(this.traceVolume, {
          ...labels,
          ...(folder === undefined ? {} : { [traceLabel]: keptText({ folder, traces: true }) }),
        }),
      ]);
      this.#made.resolve();
      const { Id: container } = await engine.do<{ readonly Id: string }>(
        "POST",
        `/containers/create?name=${this.#name}`,
        this.#spec(image, labels),
        "creating the keeper's container",
      );
      const { socket, reader } = await engine.hijack(
        `/containers/${container}/attach?stream=1&stdin=1&stdout=1&stderr=1`,
        "attaching to the keeper's container",
      );
      this.#socket = socket;
      this.#reading = this.#read(sayingsOf(streamsOf(reader, (text) => this.#hearComplaint(text))));
      this.#reading.catch((error: unknown) => this.#request.onMissed(String(error)));
      await engine.do("POST", `/containers/${container}/start`, undefined, "starting the keeper's container");
    } catch (error) {
      this.#made.reject(error);
      this.#ready.reject(error);
    }
  }

  #spec(image: string, labels: Readonly<Record<string, string>>): object {
    const strace = [
      `${tracerFolder}/ld.so`,
      "--library-path",
      tracerFolder,
      `${tracerFolder}/strace`,
      ...straceOptions,
    ];
    return {
      Image: image,
      Labels: labels,
      Entrypoint: [
        `${tracerFolder}/keeper`,
        gateMount,
        traceMount,
        `${tracerFolder}/hold`,
        `${tracerFolder}/version`,
        ...strace,
      ],
      User: "0",
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      NetworkDisabled: true,
      HostConfig: {
        AutoRemove: true,
        Binds: [`${this.gateVolume}:${gateMount}:nocopy`, `${this.traceVolume}:${traceMount}:nocopy`],
        CapDrop: ["ALL"],
        CapAdd: ["SYS_PTRACE"],
        LogConfig: { Type: "none" },
        NetworkMode: "none",
        PidMode: "host",
        ReadonlyRootfs: true,
        SecurityOpt: ["no-new-privileges", "label=disable"],
        UsernsMode: "host",
      },
    };
  }

  async #makeVolume(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    await this.#request.engine.do(
      "POST",
      "/volumes/create",
      { Name: name, Labels: labels },
      "creating a volume for the trace",
    );
  }

  async #read(sayings: AsyncIterable<Saying>): Promise<void> {
    for await (const saying of sayings) {
      this.#hear(saying);
      // If the reader is slower than strace, the rest of the trace waits in the keeper's volume.
      if (saying.kind === "data") await this.#traces.get(saying.number)?.room();
    }
    const why =
      this.#complaint.trim() ||
      "the keeper, which runs strace, ended before the workload did (killed, out of memory, or its engine ended?)";
    this.#ready.reject(new SeccompGenError({ code: "tracer-not-attached", detail: why }));
    if (this.#isClosing) return;
    this.isLost = true;
    for (const trace of this.#traces.values())
      trace.breakOff("strace ended before the workload did (killed, out of memory, or the engine ended?)");
    this.#request.onMissed(why);
  }

  #hear(saying: Saying): void {
    switch (saying.kind) {
      case "ready":
        return this.#ready.resolve(saying.strace);
      case "full":
        return this.#request.onMissed("more than 1,024 programs ran at once; the keeper let the others run untraced");
      case "hello":
        return this.#answer(saying);
      default: {
        const trace = this.#traces.get(saying.number);
        trace?.hear(saying);
        if (saying.kind === "end") this.#traces.delete(saying.number);
      }
    }
  }

  #answer(hello: Hello): void {
    const wanted = this.#request.onHello(hello);
    if (wanted === undefined) return this.#say("pass", hello.number);
    const trace = new Trace((verb, ...fields) => this.#say(verb, hello.number, fields));
    this.#traces.set(hello.number, trace);
    wanted.onTrace(trace);
    this.#say("trace", hello.number, [keptText(wanted.about), ...wanted.options]);
  }

  #say(verb: "trace" | "pass" | "stop" | "crash", number: number, fields: readonly string[] = []): void {
    this.#socket?.write(`${[verb, number, ...fields].join("\t")}\n`);
  }

  /**
   * Hears that strace could not write its log. strace then prints the log's name and goes on tracing, but those lines
   * are lost (strace 6.1, error_prints.c, perror_msg).
   */
  #hearComplaint(text: string): void {
    this.#complaint = (this.#complaint + text).slice(-4000);
    for (const [, number, reason = ""] of text.matchAll(/strace: \/trace\/(\d+): (.+?)[\r\n]/g)) {
      const isFull = reason.startsWith("No space left");
      this.#traces
        .get(Number(number))
        ?.doubt(
          isFull ? "no space is left where the engine keeps its volumes" : `strace could not write its log: ${reason}`,
        );
    }
  }

  /** Ends every trace on purpose. */
  stopTraces(): void {
    for (const trace of this.#traces.values()) trace.stop();
  }

  /** Lets go of every held or traced program, and removes the container. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    this.#socket?.end();
    const { engine } = this.#request;
    await engine.call("DELETE", `/containers/${this.#name}?force=1`).catch(() => undefined);
    this.#socket?.destroy();
    await this.#reading.catch(() => undefined);
  }

  /** Removes one of the keeper's volumes. If the engine refuses or is gone, resolves to the reason. */
  async removeVolume(name: string): Promise<string | undefined> {
    return removeVolume(this.#request.engine, name);
  }
}

const removalAttempts = 25;
const removalPauseMs = 200;

/** Retries while the engine may still be removing a container that uses the volume. */
async function removeVolume(engine: EngineClient, name: string): Promise<string | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await engine.call("DELETE", `/volumes/${name}?force=1`).catch((error: Error) => error);
    if (answer instanceof Error) return answer.message;
    if (answer.status < 300 || answer.status === 404) return undefined;
    if (attempt === removalAttempts) return messageOf(answer.text);
    await new Promise((resolve) => setTimeout(resolve, removalPauseMs));
  }
}

/** Encodes a document as one word for a label or a file. No character of that word has a special meaning there. */
export function keptText(value: unknown): string {
  return Buffer.from(JSON.stringify(value ?? null)).toString("base64url");
}
