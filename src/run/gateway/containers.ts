import { randomBytes } from "node:crypto";
import {
  type Document,
  documentBytes,
  isDocument,
  member,
  parseDocument,
  parseValue,
  textOf,
  withMember,
  wordsOf,
} from "./document.ts";
import type { EngineClient } from "./engine-client.ts";
import { heldExec, heldSpec, imageConfig } from "./hold.ts";
import { dockerSpec, libpodSpec } from "./libpod.ts";
import { type Plan, type Planner, Refusal } from "./link.ts";
import {
  commitChanges,
  releasedChanges,
  releasedEvent,
  releasedExec,
  releasedInspect,
  releasedListed,
  releasedVolumes,
  type Given,
} from "./restore.ts";
import { routeOf, withParameter } from "./routes.ts";
import { streamsOf } from "./streams.ts";

/** The image of a container as the engine inspects it. */
export interface InspectedImage {
  readonly reference: string;
  readonly document: Document;
}

/** A container that the user's command made. */
export interface HeldContainer {
  readonly token: string;
  /** True if its programs wait at the gate before they start. */
  readonly held: boolean;
  readonly id: string;
  /** The body of `containers/create`, as the command gave it. */
  readonly spec: Document;
  readonly image: InspectedImage;
  readonly name: string | undefined;
}

/** The changed body of `containers/create`. */
export type SpecChange = (spec: Document) => Document;

/** What the gateway does with a container that a client is about to create. */
export type Decision =
  | { readonly kind: "hold"; readonly change: SpecChange }
  /** The gateway changes the request, but does not hold the container's programs. */
  | { readonly kind: "confine"; readonly change: SpecChange }
  /** The container runs as the client asked. */
  | { readonly kind: "leave" };

/** Decides what is recorded, and hears what happens. */
export interface Overseer {
  decide(spec: Document, image: InspectedImage, name: string | undefined): Decision;
  created(container: HeldContainer): void;
  /** A container was made without a change. */
  leftAlone(spec: Document, id: string): void;
  /** The engine has no such image. Its client may pull it and ask again. */
  unknownImage(reference: string): void;
  /** Resolves once a held container may be made. */
  prepare(): Promise<void>;
  /** Resolves once programs can be held. Rejects if programs can never be held. Then nothing is started. */
  ready(): Promise<void>;
  madeNetwork(id: string): void;
  /** Resolves once a client may remove images from which containers were made. */
  imagesGo(): Promise<void>;
  /** Waits until the container's program starts once more. `before` counts its earlier starts. */
  letGo(container: HeldContainer, before: number): Promise<void>;
  /** The number of times that the container's program was released. */
  starts(container: HeldContainer): number;
}

export interface Gate {
  readonly volume: string;
  /** Writes a profile to a file that the engine can read. Podman's requests take no profile as text. */
  readonly profileFile: (text: string) => string;
  /** Is the volume of this name one of ours? The answer decides which events a client sees. */
  readonly isOurVolume: (name: string) => boolean;
  /**
   * The socket that the user's command gets, and the engine's own socket, which containers get instead. `undefined` if
   * this host has none.
   */
  readonly sockets: { readonly ours: readonly string[]; readonly engines: string | undefined };
}

/** All containers made through one gateway, and the plans for requests about them. */
export class Containers {
  readonly #engine: EngineClient;
  readonly #gate: () => Gate;
  readonly #overseer: Overseer;
  readonly #byId = new Map<string, HeldContainer>();
  readonly #byToken = new Map<string, HeldContainer>();
  readonly #given = new Map<string, Given>();

  constructor(engine: EngineClient, gate: () => Gate, overseer: Overseer) {
    this.#engine = engine;
    this.#gate = gate;
    this.#overseer = overseer;
  }

  withToken(token: string): HeldContainer | undefined {
    return this.#byToken.get(token);
  }

  /** Plans each request. `leaves`: containers that this client creates stay unchanged. */
  planner(leaves: boolean): Planner {
    return ({ method, target }) => this.#plan(method, target, leaves);
  }

  #plan(method: string, target: string, leaves: boolean): Plan | undefined {
    const route = routeOf(method, target);
    switch (route.kind) {
      case "create":
        return leaves ? undefined : this.#create(target, route.name, route.libpod);
      case "network":
        return leaves ? undefined : { answer: async (status, body) => this.#madeNetwork(status, body) };
      case "remove-images":
        return {
          request: async (body) => {
            await this.#overseer.imagesGo();
            return { target, body };
          },
        };
      case "start":
        return this.#start(target, route.container);
      case "attach":
        return this.#attach(target, route.container);
      case "exec":
        return this.#exec(target, route.container);
      case "commit":
        return this.#commit(target, route.container);
      case "inspect":
        return { answer: onSuccess((body) => this.#inspected(parseDocument(body))) };
      case "inspect-exec":
        return { answer: onSuccess((body) => releasedExec(parseDocument(body))) };
      case "changes":
        return { answer: onSuccess((body) => mapped(parseValue(body), releasedChanges)) };
      case "list":
        return {
          answer: onSuccess((body) =>
            mapped(parseValue(body), (listed) =>
              listed.flatMap((each) => (isDocument(each) ? (releasedListed(each) ?? []) : [each])),
            ),
          ),
        };
      case "volumes":
        return { answer: onSuccess((body) => releasedVolumes(parseDocument(body))) };
      case "events":
        return { line: (line) => this.#eventLine(line) };
      case "hijack":
        return { hijacks: true };
      case "other":
        return undefined;
    }
  }

  #create(target: string, name: string | undefined, libpod: boolean): Plan {
    let making: Omit<HeldContainer, "id"> | undefined;
    let given: Given | undefined;
    let isUnknown = false;
    let left: Document | undefined;
    return {
      request: async (bytes) => {
        const own = parseDocument(bytes);
        const spec = libpod ? dockerSpec(own) : this.#withEngineSocket(own);
        const sent = (changed: Document): { readonly target: string; readonly body: Buffer } => ({
          target,
          body: documentBytes(libpod ? libpodSpec(own, spec, changed, this.#gate().profileFile) : changed),
        });
        const image = await this.#image(textOf(member(spec, "Image")));
        isUnknown = image === undefined;
        // The engine does not have the image. The client pulls it and asks again.
        if (image === undefined) {
          this.#overseer.unknownImage(textOf(member(spec, "Image")));
          return { target, body: bytes };
        }
        const called = name ?? (textOf(member(own, "name")) || undefined);
        const decision = this.#overseer.decide(spec, image, called);
        if (decision.kind === "leave") {
          left = spec;
          return sent(spec);
        }
        const host = member(spec, "HostConfig");
        given = {
          hadBinds: wordsOf(member(host, "Binds")) !== undefined,
          securityOptions: wordsOf(member(host, "SecurityOpt")),
        };
        making = {
          token: randomBytes(8).toString("hex"),
          held: decision.kind === "hold",
          spec,
          image,
          name: called,
        };
        if (decision.kind === "hold") await this.#overseer.prepare();
        // The program may reach the gate before the engine's answer is read, so the token is known from now on.
        const holding = { token: making.token, gateVolume: this.#gate().volume };
        const held =
          decision.kind === "hold" ? heldSpec(spec, imageConfig(member(image.document, "Config")), holding) : spec;
        return sent(decision.change(held));
      },
      answer: async (status, body) => {
        if (status === 201 && isUnknown) await this.#takeBack(body);
        if (status === 201 && left !== undefined)
          this.#overseer.leftAlone(left, textOf(member(parseDocument(body), "Id")));
        if (status !== 201 || making === undefined || given === undefined) return body;
        const container: HeldContainer = { ...making, id: textOf(member(parseDocument(body), "Id")) };
        this.#byId.set(container.id, container);
        this.#byToken.set(container.token, container);
        this.#given.set(container.id, given);
        this.#overseer.created(container);
        return body;
      },
    };
  }

  /** `undefined` if the engine has no image of that name. */
  async #image(reference: string): Promise<InspectedImage | undefined> {
    const document = await this.#engine.get<Document>(`/images/${encodeURI(reference)}/json`, "inspecting an image");
    return document === undefined ? undefined : { reference, document };
  }

  /** Removes a container that would run untraced, because its image came after we had asked for it. */
  async #takeBack(body: Buffer): Promise<never> {
    const id = textOf(member(parseDocument(body), "Id"));
    await this.#engine.call("DELETE", `/containers/${id}?force=1&v=1`);
    throw new Refusal(
      500,
      "seccomp-gen could not trace this container: its image came while it was created. Create it again.",
    );
  }

  #start(target: string, id: string): Plan {
    let container: HeldContainer | undefined;
    let before = 0;
    return {
      request: async (body) => {
        container = await this.#find(id);
        before = container === undefined ? 0 : this.#overseer.starts(container);
        if (container !== undefined) await this.#overseer.ready();
        return { target, body };
      },
      answer: async (status, body) => {
        if (status === 204 && container !== undefined) await this.#overseer.letGo(container, before);
        return body;
      },
    };
  }

  /** When a client attaches, podman creates the container's first process and looks for the holder. */
  #attach(target: string, id: string): Plan {
    return {
      hijacks: true,
      request: async (body) => {
        if ((await this.#find(id))?.held === true) await this.#overseer.ready();
        return { target, body };
      },
    };
  }

  #exec(target: string, id: string): Plan {
    return {
      request: async (bytes) => {
        const container = await this.#find(id);
        return {
          target,
          body: container?.held === true ? documentBytes(heldExec(parseDocument(bytes), container.token)) : bytes,
        };
      },
    };
  }

  #commit(target: string, id: string): Plan {
    return {
      request: async (body) => {
        const inspected = await this.#engine.get<Document>(
          `/containers/${encodeURIComponent(id)}/json`,
          "inspecting a container",
        );
        const changes = commitChanges(member(inspected, "Config"));
        return { target: changes.reduce((all, change) => withParameter(all, "changes", change), target), body };
      },
    };
  }

  #madeNetwork(status: number, body: Buffer): Buffer {
    if (status === 201) this.#overseer.madeNetwork(textOf(member(parseDocument(body), "Id")));
    return body;
  }

  /** Runs a command as `docker exec` would. It waits at the gate too. */
  async execute(
    { id, token, held }: HeldContainer,
    words: readonly string[],
    patienceMs: number,
  ): Promise<{ readonly exitCode: number; readonly said: string }> {
    const asked = { Cmd: words, AttachStdout: true, AttachStderr: true };
    const spec = held ? heldExec(asked, token) : asked;
    const { Id: exec } = await this.#engine.do<{ readonly Id: string }>(
      "POST",
      `/containers/${id}/exec`,
      spec,
      "executing in the container",
    );
    const { socket, reader } = await this.#engine.hijack(`/exec/${exec}/start`, "executing in the container", {
      Detach: false,
      Tty: false,
    });
    const timer = setTimeout(() => socket.destroy(), patienceMs);
    const said: Buffer[] = [];
    for await (const part of streamsOf(reader, (text) => said.push(Buffer.from(text)))) void part;
    clearTimeout(timer);
    socket.destroy();
    const inspected = await this.#engine.do<Document>("GET", `/exec/${exec}/json`, undefined, "asking how it ended");
    return {
      exitCode: Number(member(inspected, "ExitCode") ?? 255),
      said: Buffer.concat(said).toString("utf8").slice(-2000),
    };
  }

  /** A container by its id, or by another name that the engine knows. `undefined` if this gateway did not make it. */
  async #find(id: string): Promise<HeldContainer | undefined> {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const inspected = await this.#engine.get<Document>(
      `/containers/${encodeURIComponent(id)}/json`,
      "inspecting a container",
    );
    return this.#byId.get(textOf(member(inspected, "Id")));
  }

  #inspected(answer: Document): Document {
    return releasedInspect(answer, this.#given.get(textOf(member(answer, "Id"))));
  }

  #eventLine(line: string): string | undefined {
    try {
      const event = parseDocument(Buffer.from(line));
      const released = releasedEvent(event, this.#gate().isOurVolume);
      if (released === undefined) return undefined;
      return released === event ? line : `${documentBytes(released).toString("utf8")}\n`;
    } catch (error) {
      if (error instanceof SyntaxError) return line;
      throw error;
    }
  }

  /** A container that gets the command's DOCKER_HOST gets the engine's own socket, as it would without us. */
  #withEngineSocket(spec: Document): Document {
    const { ours, engines } = this.#gate().sockets;
    const host = member(spec, "HostConfig");
    if (engines === undefined || !isDocument(host)) return spec;
    const binds = wordsOf(member(host, "Binds"));
    const mounts = member(host, "Mounts");
    const bound = binds?.map((bind) =>
      ours
        .filter((path) => bind.startsWith(`${path}:`))
        .reduce((changed, path) => `${engines}${changed.slice(path.length)}`, bind),
    );
    const mounted = Array.isArray(mounts)
      ? mounts.map((mount) =>
          ours.includes(textOf(member(mount, "Source"))) ? withMember(mount as Document, "Source", engines) : mount,
        )
      : undefined;
    const withBinds = bound === undefined ? host : withMember(host, "Binds", bound);
    return withMember(spec, "HostConfig", mounted === undefined ? withBinds : withMember(withBinds, "Mounts", mounted));
  }
}

function onSuccess(change: (body: Buffer) => unknown): NonNullable<Plan["answer"]> {
  return async (status, body) => (status === 200 ? documentBytes(change(body)) : body);
}

function mapped(value: unknown, change: (list: readonly unknown[]) => readonly unknown[]): unknown {
  return Array.isArray(value) ? change(value) : value;
}
