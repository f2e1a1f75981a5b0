import { posix } from "node:path";
import { ownSession } from "../../project/index.ts";
import type { FileSource, ProcessFiles } from "../../logs/index.ts";
import { sessionLabel } from "../container/index.ts";
import { member, textOf, type EngineClient, type HeldContainer } from "../gateway/index.ts";

/** A larger file is not read. No published executable is that large. */
const largestFile = 512 * 1024 * 1024;

/** More links than the kernel follows (path_resolution(7)). */
const mostLinks = 40;

/** At most this many files are requested at once and wait to be read. */
const mostAhead = 4;

/**
 * The files of a container, as the engine archives them. Nothing is run to read them. If the
 * container is gone, a new one is created from its image and never started.
 */
export class ContainerFiles implements FileSource, AsyncDisposable {
  readonly #engine: EngineClient;
  readonly #container: string;
  readonly #isOurs: boolean;
  /** Paths that will be read next, in this order. */
  #coming: string[] = [];
  readonly #ahead = new Map<string, Promise<Uint8Array | undefined>>();

  private constructor(engine: EngineClient, container: string, isOurs: boolean) {
    this.#engine = engine;
    this.#container = container;
    this.#isOurs = isOurs;
  }

  static async open(engine: EngineClient, { id, image }: HeldContainer): Promise<ContainerFiles> {
    const doing = "reading a program's files";
    if ((await engine.get(`/containers/${id}/json`, doing)) !== undefined) return new ContainerFiles(engine, id, false);
    const spec = {
      Image: textOf(member(image.document, "Id")),
      Labels: { [sessionLabel]: ownSession() },
      Entrypoint: ["/"],
      NetworkDisabled: true,
      HostConfig: { NetworkMode: "none", LogConfig: { Type: "none" } },
    };
    const made = await engine.do<{ readonly Id: string }>("POST", "/containers/create", spec, doing);
    return new ContainerFiles(engine, made.Id, true);
  }

  /** Announces which files will be read, so that they can be fetched ahead. */
  expect(files: readonly ProcessFiles[]): void {
    this.#coming = [...new Set(files.flatMap(({ executable, objects }) => [executable, ...objects]))];
    this.#fetchAhead();
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
    let at = path;
    for (let links = 0; links <= mostLinks; links += 1) {
      const query = new URLSearchParams({ path: at }).toString();
      const tar = await this.#engine.download(`/containers/${this.#container}/archive?${query}`, largestFile);
      const found = tar === undefined ? undefined : firstOf(tar);
      if (found === undefined || "bytes" in found) return found?.bytes;
      at = posix.resolve(posix.dirname(at), found.link);
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#coming = [];
    await Promise.allSettled(this.#ahead.values());
    if (this.#isOurs)
      await this.#engine.call("DELETE", `/containers/${this.#container}?force=1`).catch(() => undefined);
  }
}

const block = 512;

/** An archive's first file or link (tar(5), ustar with the records of pax before it). */
function firstOf(bytes: Buffer): { readonly bytes: Uint8Array } | { readonly link: string } | undefined {
  let longLink: string | undefined;
  for (let at = 0; at + block <= bytes.length;) {
    const header = bytes.subarray(at, at + block);
    const kind = String.fromCharCode(header[156] ?? 0);
    const size = Number.parseInt(header.toString("latin1", 124, 135), 8);
    if (Number.isNaN(size)) return undefined;
    const content = bytes.subarray(at + block, at + block + size);
    if (kind === "0" || kind === "\0") return content.length === size ? { bytes: content } : undefined;
    if (kind === "2") return { link: longLink ?? header.toString("utf8", 157, 257).replace(/\0.*$/s, "") };
    if (kind !== "x") return undefined;
    longLink = /^\d+ linkpath=(.*)$/m.exec(content.toString("utf8"))?.[1];
    at += block + Math.ceil(size / block) * block;
  }
  return undefined;
}
