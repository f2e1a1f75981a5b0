import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gateVolumePrefix, traceVolumePrefix } from "../container/index.ts";
import {
  Containers,
  healthTest,
  member,
  type EngineClient,
  openGateway,
  parseToken,
  textsOf,
  type ClientCommand,
  type Document,
  type Gate,
  type Gateway,
  type HeldContainer,
  type InspectedImage,
  type Part,
  type SpecChange,
} from "../gateway/index.ts";
import { ensureKeeperImage, Keeper, removeUnusedGates, type Hello, type Trace, type Tracing } from "../keeper/index.ts";
import { engineFacts } from "./engine-facts.ts";
import { Fleet, type Berth } from "./fleet.ts";
import { openEngine, type OpenEngine } from "./engine.ts";

/** What the session does with a container of the user's command. */
export type Treatment =
  /** It is traced with these further options of strace. */
  | { readonly kind: "trace"; readonly change: SpecChange; readonly strace: readonly string[] }
  /** It runs changed, and untraced. */
  | { readonly kind: "confine"; readonly change: SpecChange }
  /** It runs unchanged. If `ours` is set, it is removed with the others at the end. */
  | { readonly kind: "leave"; readonly ours: boolean };

export interface TracedPart {
  readonly berth: Berth;
  readonly part: Part;
  readonly trace: Trace;
  readonly hello: Hello;
}

export interface SessionRequest {
  readonly command: ClientCommand;
  readonly environment: NodeJS.ProcessEnv;
  readonly notice: (line: string) => void;
  /** When the keeper starts: at once, with the first traced container, or never. */
  readonly traces: "always" | "if needed" | "never";
  /** The folder of the recordings. If this process is killed, `clean` makes a recording in it from a trace. */
  readonly folder: string | undefined;
  readonly about: (berth: Berth, part: Part, hello: Hello) => unknown;
  readonly treat: (spec: Document, image: InspectedImage, name: string | undefined) => Treatment;
  readonly onTrace: (part: TracedPart) => void;
  readonly onMissed: (why: string) => void;
  /** Called before the engine removes an image that the command no longer needs. */
  readonly beforeImagesGo?: () => Promise<void>;
}

/** At most this many runs of a container's health check are traced. Later ones run untraced. */
const tracedProbes = 2;

/** After the engine has answered a `start`, the gateway holds that answer back for at most this long. */
const letGoPatienceMs = 20_000;

/** Everything that stands between a user's command and its engine while it is recorded or verified. */
export class Session implements AsyncDisposable {
  readonly engine: EngineClient;
  readonly facts: Awaited<ReturnType<typeof engineFacts>>;
  readonly fleet: Fleet;
  readonly #request: SessionRequest;
  readonly #containers: Containers;
  readonly #treatments = new Map<HeldContainer, Treatment>();
  readonly #deciding = new Map<Document, Treatment>();
  readonly #probes = new Map<HeldContainer, number>();
  readonly #networks: string[] = [];
  /** Containers of the command that are not recorded. */
  readonly #bystanders: string[] = [];
  readonly #connection: OpenEngine;
  #keeper: Keeper | undefined;
  #starting: Promise<Keeper> | undefined;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #profiles = 0;
  #gateways: readonly Gateway[] = [];
  /** Containers that outlive the session. */
  #staying: readonly Berth[] = [];
  /** Images that the command named but the engine lacks, in order. */
  readonly unknownImages: string[] = [];
  /** strace's version, once it is known. */
  strace: string | undefined;

  static async open(request: SessionRequest): Promise<Session> {
    const open = await openEngine(request.command, request.environment);
    const facts = await engineFacts(open.engine).catch(async (error: unknown) => {
      await open[Symbol.asyncDispose]();
      throw error;
    });
    const session = new Session(request, open, facts);
    try {
      await session.#open();
      return session;
    } catch (error) {
      await session[Symbol.asyncDispose]();
      await session.release();
      throw error;
    }
  }

  private constructor(request: SessionRequest, open: OpenEngine, facts: Session["facts"]) {
    const { engine } = open;
    this.#request = request;
    this.#connection = open;
    this.engine = engine;
    this.facts = facts;
    this.fleet = new Fleet(engine);
    this.#containers = new Containers(engine, () => this.#gate(), {
      decide: (spec, image, name) => {
        const treatment = request.treat(spec, image, name);
        this.#deciding.set(spec, treatment);
        return treatment.kind === "trace" ? { kind: "hold", change: treatment.change } : treatment;
      },
      created: (container) => {
        const treatment = this.#deciding.get(container.spec) ?? { kind: "leave", ours: false };
        this.#deciding.delete(container.spec);
        this.#treatments.set(container, treatment);
        this.fleet.add(container, {
          held: treatment.kind === "trace",
          checked: healthTest(container.spec, container.image.document).length > 0,
        });
      },
      unknownImage: (reference) => void this.unknownImages.push(reference),
      prepare: async () => (await this.#startKeeper()).made,
      ready: async () => void (await this.#keeper?.ready),
      starts: (container) => this.fleet.of(container)?.starts ?? 0,
      letGo: (container, before) => this.#letGo(container, before),
      leftAlone: (spec, id) => {
        const treatment = this.#deciding.get(spec);
        this.#deciding.delete(spec);
        if (treatment?.kind === "leave" && treatment.ours) this.#bystanders.push(id);
      },
      madeNetwork: (id) => void this.#networks.push(id),
      imagesGo: async () => request.beforeImagesGo?.(),
    });
  }

  async #open(): Promise<void> {
    await this.fleet.watch();
    if (this.#request.traces === "always") await this.#startKeeper();
    const onFailure = (error: unknown): void =>
      this.#request.onMissed(error instanceof Error ? error.message : String(error));
    const open = (leaves: boolean): Promise<Gateway> =>
      openGateway(this.engine.endpoint, this.#containers.planner(leaves), onFailure);
    this.#gateways = await Promise.all([open(false), open(true)]);
  }

  /** Starts the keeper while the command looks up its images. A container's start waits for the keeper. */
  #startKeeper(): Promise<Keeper> {
    this.#starting ??= (async () => {
      const image = await ensureKeeperImage(
        this.engine,
        this.facts.architecture,
        this.#request.environment,
        this.#request.notice,
      );
      const keeper = new Keeper({
        engine: this.engine,
        image,
        folder: this.#request.folder,
        onHello: (hello) => this.#hello(hello),
        onMissed: this.#request.onMissed,
      });
      this.#keeper = keeper;
      this.#opening = keeper.open();
      void keeper.ready.then(
        (strace) => (this.strace = strace),
        () => undefined,
      );
      return keeper;
    })();
    return this.#starting;
  }

  #gate(): Gate {
    const { endpoint } = this.engine;
    return {
      volume: this.#keeper?.gateVolume ?? "",
      isOurVolume: (name) => name.startsWith(gateVolumePrefix) || name.startsWith(traceVolumePrefix),
      profileFile: (text) => this.#writeProfile(text),
      sockets: {
        ours: this.#gateways.map(({ host }) => host.replace("unix://", "")),
        engines: endpoint.kind === "unix" ? endpoint.path : undefined,
      },
    };
  }

  #writeProfile(text: string): string {
    this.#profiles += 1;
    const path = join(dirname(this.#gateways[0]?.host.replace("unix://", "") ?? ""), `profile-${this.#profiles}.json`);
    writeFileSync(path, text);
    return path;
  }

  /**
   * The environment of the user's command. With `leaves`, the containers that the command starts are not recorded.
   * Commands that it executes in recorded containers are.
   */
  environment({ leaves = false } = {}): NodeJS.ProcessEnv {
    const host = this.#gateways[leaves ? 1 : 0]?.host ?? "";
    const {
      DOCKER_CONTEXT: _context,
      DOCKER_TLS: _tls,
      DOCKER_TLS_VERIFY: _verify,
      DOCKER_CERT_PATH: _certificates,
      ...kept
    } = this.#request.environment;
    const socket =
      this.engine.endpoint.kind === "unix" ? { TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE: this.engine.endpoint.path } : {};
    return { ...kept, DOCKER_HOST: host, ...socket, ...(this.facts.tool === "podman" ? { CONTAINER_HOST: host } : {}) };
  }

  /** True if the command starts one container and ends with it: `docker run`, `podman run`. */
  get runsOne(): boolean {
    const { tool } = this.#request.command;
    return (tool?.name === "docker" || tool?.name === "podman") && tool.verb === "run";
  }

  /** The words to run. They name the gateway if the tool runs as another user, without our environment. */
  words(): readonly string[] {
    const { words, tool } = this.#request.command;
    const host = this.#gateways[0]?.host ?? "";
    const option = tool?.name === "podman" ? "--url" : tool?.name === "docker" && tool.elevated ? "--host" : undefined;
    return option === undefined || tool === undefined
      ? words
      : [...words.slice(0, tool.at + 1), option, host, ...words.slice(tool.at + 1)];
  }

  #hello(hello: Hello): Tracing | undefined {
    const token = parseToken(hello.token);
    const container = token === undefined ? undefined : this.#containers.withToken(token.container);
    const berth = container === undefined ? undefined : this.fleet.of(container);
    const treatment = container === undefined ? undefined : this.#treatments.get(container);
    if (token === undefined || container === undefined || berth === undefined || treatment?.kind !== "trace")
      return undefined;
    const { part } = token;
    const { ends } = berth;
    if (part === "probe" || part === "shell") {
      const probes = (this.#probes.get(container) ?? 0) + 1;
      this.#probes.set(container, probes);
      if (probes > tracedProbes) return undefined;
    }
    return {
      options: treatment.strace,
      about: this.#request.about(berth, part, hello),
      onTrace: (trace) => {
        if (part === "main") void trace.attached.then(() => this.fleet.letGo(berth, ends));
        this.#request.onTrace({ berth, part, trace, hello });
      },
    };
  }

  async #letGo(container: HeldContainer, before: number): Promise<void> {
    const berth = this.fleet.of(container);
    if (berth === undefined || this.#treatments.get(container)?.kind !== "trace" || this.#keeper === undefined) return;
    const keeper = this.#keeper;
    const { ends } = berth;
    await this.fleet.until(
      () => berth.starts > before || keeper.isLost || berth.removed || berth.ends > ends,
      letGoPatienceMs,
    );
  }

  /** Runs a command in a held container, as `docker exec` would, and resolves to its exit code. */
  async execute(
    container: HeldContainer,
    words: readonly string[],
    patienceMs: number,
  ): Promise<{ readonly exitCode: number; readonly said: string }> {
    return this.#containers.execute(container, words, patienceMs);
  }

  /** Stops every running container with its own stop signal. */
  async stopAll(): Promise<void> {
    const ids = [...this.fleet.running.map(({ container }) => container.id), ...this.#bystanders];
    await Promise.all(ids.map((id) => this.engine.call("POST", `/containers/${id}/stop`).catch(() => undefined)));
  }

  /** Ends every strace. The traced processes go on. */
  stopTraces(): void {
    this.#keeper?.stopTraces();
  }

  /** Begins to remove the keeper. Its traces have ended, or end now. */
  endTracing(): void {
    this.#closing ??= (async () => {
      await this.#opening; // a command may end before the keeper has begun
      await this.#keeper?.[Symbol.asyncDispose]();
    })();
    this.#closing.catch(() => undefined); // dispose waits for it, and throws its error
  }

  /**
   * Removes the containers and networks that the command created and left behind. Resolves to the containers that stay.
   */
  async removeAll(stays: (berth: Berth) => boolean = () => false): Promise<readonly Berth[]> {
    const here = this.fleet.berths.filter(({ removed }) => !removed);
    this.#staying = here.filter(stays);
    const left = here.filter((berth) => !this.#staying.includes(berth));
    const remove = (id: string, volumes: boolean): Promise<unknown> =>
      this.engine.call("DELETE", `/containers/${id}?force=1${volumes ? "&v=1" : ""}`).catch(() => undefined);
    // Compose passes anonymous volumes from one container to the next, so they belong to the project.
    await Promise.all([
      ...left.map(({ container }) => remove(container.id, !isComposed(container.spec))),
      ...this.#bystanders.map((id) => remove(id, false)),
    ]);
    for (const network of this.#networks)
      await this.engine.call("DELETE", `/networks/${network}`).catch(() => undefined);
    return this.#staying;
  }

  /** Leaves everything that the command made as it is. */
  leaveAll(): void {
    this.#staying = this.fleet.berths.filter(({ removed }) => !removed);
  }

  /** Removes the traces once nobody needs them. Resolves to the reason if that fails. */
  async release(): Promise<string | undefined> {
    const left = await this.#keeper?.removeVolume(this.#keeper.traceVolume);
    await this.#connection[Symbol.asyncDispose]();
    return left;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.fleet.close();
    await Promise.all(this.#gateways.map((gateway) => gateway[Symbol.asyncDispose]()));
    const keeper = this.#keeper;
    if (keeper === undefined) return;
    this.endTracing();
    await this.#closing;
    // The gate's volume has the holder, which starts the program of a container that stays.
    if (this.#staying.length === 0) await keeper.removeVolume(keeper.gateVolume);
    await removeUnusedGates(this.engine).catch(() => undefined);
  }
}

function isComposed(spec: Document): boolean {
  return textsOf(member(spec, "Labels"))["com.docker.compose.project"] !== undefined;
}
