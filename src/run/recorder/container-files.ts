import { posix } from "node:path";
import { ownSession } from "../../project/index.ts";
import { hashOf, Summaries, type FileSource, type ImageFiles, type ProcessFiles } from "../../logs/index.ts";
import { sessionLabel } from "../container/index.ts";
import { member, textOf, type EngineClient, type HeldContainer } from "../gateway/index.ts";

/** A larger file is not read. No published executable is that large. */
const largestFile = 512 * 1024 * 1024;

/** The kernel follows fewer links than this (path_resolution(7)). */
const mostLinks = 40;

/** At most this many files are requested at once and wait to be read. */
const mostAhead = 4;

/** The activity that messages name. */
const doing = "reading a program's files";

/**
 * The files of a container, as the engine archives them. Reading them runs nothing. If the container is gone, a new one
 * of its image replaces it. The new one is never started. A container that the engine removes by itself (`--rm`) can
 * disappear at any moment, even between two files.
 */
export class ContainerFiles implements FileSource, AsyncDisposable {
  readonly #engine: EngineClient;
  readonly #container: HeldContainer;
  readonly #standIns: StandIns;
  /** The container is gone, so the files come from its image. */
  #standIn: StandIn | undefined;
  /** Paths that will be read next, in this order. */
  #coming: string[] = [];
  readonly #ahead = new Map<string, Promise<Uint8Array | undefined>>();

  /** `isGone`: the container is certainly gone. */
  constructor(engine: EngineClient, container: HeldContainer, standIns: StandIns, isGone = false) {
    this.#engine = engine;
    this.#container = container;
    this.#standIns = standIns;
    if (isGone) this.#standIn = standIns.of(container);
  }

  /** Announces which files will be read, so that they can be fetched ahead. */
  async expect(files: readonly ProcessFiles[]): Promise<void> {
    const paths = [...new Set(files.flatMap(({ executable, objects }) => [executable, ...objects]))];
    const hashes = await Promise.all(paths.map((path) => this.hashOf(path)));
    this.#coming = paths.filter((_, index) => hashes[index] === undefined);
    this.#fetchAhead();
  }

  async hashOf(path: string): Promise<string | null | undefined> {
    return this.#standIn?.hashOf(path);
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    const reading = this.#ahead.get(path) ?? this.#read(path);
    this.#coming = this.#coming.filter((each) => each !== path);
    try {
      return await reading;
    } finally {
      this.#ahead.delete(path);
      this.#fetchAhead();
    }
  }

  #fetchAhead(): void {
    while (this.#ahead.size < mostAhead) {
      const next = this.#coming.shift();
      if (next === undefined) return;
      const reading = this.#read(next);
      reading.catch(() => undefined); // its reader gets the error
      this.#ahead.set(next, reading);
    }
  }

  async #read(path: string): Promise<Uint8Array | undefined> {
    if (this.#standIn !== undefined) return this.#standIn.read(path);
    const bytes = await readFrom(this.#engine, this.#container.id, path);
    if ((bytes ?? undefined) !== undefined || !(await this.#isGone())) return bytes ?? undefined;
    this.#standIn ??= this.#standIns.of(this.#container);
    return this.#standIn.read(path);
  }

  /** While the engine removes a container, it still reports it, but no longer has its files. */
  async #isGone(): Promise<boolean> {
    const found = await this.#engine.get<{ readonly State?: { readonly Status?: string } }>(
      `/containers/${this.#container.id}/json`,
      doing,
    );
    return found === undefined || found.State?.Status === "removing" || found.State?.Status === "dead";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#coming = [];
    await Promise.allSettled(this.#ahead.values());
  }
}

/** Containers that replace gone ones. All recordings of a command share one container for each image. */
export class StandIns implements AsyncDisposable {
  readonly #engine: EngineClient;
  readonly #byImage = new Map<string, StandIn>();
  readonly #summaries: Summaries;

  constructor(engine: EngineClient, summaries = new Summaries()) {
    this.#engine = engine;
    this.#summaries = summaries;
  }

  of({ image }: HeldContainer): StandIn {
    const id = textOf(member(image.document, "Id"));
    const standIn = this.#byImage.get(id) ?? new StandIn(this.#engine, id, this.#summaries);
    this.#byImage.set(id, standIn);
    return standIn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#byImage.values()].map((standIn) => standIn.remove()));
  }
}

/** At most this many bytes of an image's files are kept for the next service of the same image. */
const mostKept = 128 * 1024 * 1024;

class StandIn {
  readonly #engine: EngineClient;
  readonly #image: string;
  readonly #summaries: Summaries;
  readonly #files: Promise<ImageFiles>;
  #made: Promise<{ readonly Id: string }> | undefined;
  readonly #known = new Map<string, Promise<Uint8Array | undefined>>();
  #kept = 0;

  constructor(engine: EngineClient, image: string, summaries: Summaries) {
    this.#engine = engine;
    this.#image = image;
    this.#summaries = summaries;
    this.#files = summaries.imageFiles(image);
  }

  /** The hash from an earlier recording of the image. Then the engine is not asked. */
  async hashOf(path: string): Promise<string | null | undefined> {
    return (await this.#files).get(path);
  }

  #make(): Promise<{ readonly Id: string }> {
    const spec = {
      Image: this.#image,
      Labels: { [sessionLabel]: ownSession() },
      Entrypoint: ["/"],
      NetworkDisabled: true,
      HostConfig: { NetworkMode: "none", LogConfig: { Type: "none" } },
    };
    return this.#engine.do("POST", "/containers/create", spec, doing);
  }

  /** Asks the engine for each file only once, because the engine starts a process for each file that it archives. */
  read(path: string): Promise<Uint8Array | undefined> {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const reading = this.#read(path);
    this.#known.set(path, reading);
    reading.then(
      (bytes) => {
        this.#kept += bytes?.length ?? 0;
        if (this.#kept > mostKept) this.#known.delete(path);
      },
      () => this.#known.delete(path),
    );
    return reading;
  }

  async #read(path: string): Promise<Uint8Array | undefined> {
    const { Id: container } = await (this.#made ??= this.#make());
    const bytes = await readFrom(this.#engine, container, path);
    if (bytes !== undefined) (await this.#files).set(path, bytes === null ? null : hashOf(bytes));
    return bytes ?? undefined;
  }

  async remove(): Promise<void> {
    const made = await this.#made?.catch(() => undefined);
    if (made === undefined) return;
    const removed = await this.#engine.call("DELETE", `/containers/${made.Id}?force=1`).catch(() => undefined);
    // If the stand-in was removed earlier, its files would seem to be missing.
    if (removed !== undefined && removed.status < 300)
      await this.#summaries.keepImageFiles(this.#image, await this.#files);
  }
}

/** `null` if there is no such regular file. `undefined` if nobody could find out. */
async function readFrom(engine: EngineClient, container: string, path: string): Promise<Uint8Array | null | undefined> {
  let at = path;
  for (let links = 0; links <= mostLinks; links += 1) {
    const query = new URLSearchParams({ path: at }).toString();
    const tar = await engine.download(`/containers/${container}/archive?${query}`, largestFile);
    const found = tar === undefined || tar === null ? tar : firstOf(tar);
    if (found === undefined || found === null || "bytes" in found) return found === null ? null : found?.bytes;
    at = posix.resolve(posix.dirname(at), found.link);
  }
  return null;
}

const block = 512;

/**
 * An archive's first file or link (tar(5), ustar with the records of pax before it). `null` if it begins with something
 * else. `undefined` if it is torn.
 */
function firstOf(bytes: Buffer): { readonly bytes: Uint8Array } | { readonly link: string } | null | undefined {
  let longLink: string | undefined;
  for (let at = 0; at + block <= bytes.length;) {
    const header = bytes.subarray(at, at + block);
    const kind = String.fromCharCode(header[156] ?? 0);
    const size = Number.parseInt(header.toString("latin1", 124, 135), 8);
    if (Number.isNaN(size)) return undefined;
    const content = bytes.subarray(at + block, at + block + size);
    if (kind === "0" || kind === "\0") return content.length === size ? { bytes: content } : undefined;
    if (kind === "2") return { link: longLink ?? header.toString("utf8", 157, 257).split("\0", 1).join("") };
    if (kind !== "x") return null;
    longLink = /^\d+ linkpath=(.*)$/m.exec(content.toString("utf8"))?.[1];
    at += block + Math.ceil(size / block) * block;
  }
  return undefined;
}
