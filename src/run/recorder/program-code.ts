import type { CodeEvidence } from "../../core/recording/index.ts";
import { codeOf, Summaries, type ProcessFiles } from "../../logs/index.ts";
import { member, type Document, type EngineClient } from "../gateway/index.ts";
import type { Berth } from "../session/index.ts";
import { ContainerFiles, StandIns } from "./container-files.ts";

/** The calls that the code of the recorded programs can make, read from the files of their containers. */
export class ProgramCode implements AsyncDisposable {
  readonly #engine: EngineClient;
  readonly #summaries = new Summaries();
  #standIns: StandIns | undefined;
  /** The evidence by image, recording and files. Containers that are gone share it across recordings. */
  readonly #known = new Map<string, { readonly found: CodeEvidence | undefined }>();
  /** The evidence by container, if it was read before the command removed the image. */
  readonly #early = new Map<Berth, { readonly files: string; readonly found: CodeEvidence }>();

  constructor(engine: EngineClient) {
    this.#engine = engine;
  }

  /**
   * The calls that the code of a container's programs can make. `name` is the recording's name: containers of several
   * services may use different files of one image.
   */
  async of(name: string, berth: Berth, files: readonly ProcessFiles[]): Promise<CodeEvidence | undefined> {
    const { container, removed, running } = berth;
    const early = this.#early.get(berth);
    if (early?.files === JSON.stringify(files)) return early.found;
    // If a container is gone or about to go, the files of its image replace its own. Its service makes no difference.
    const isGone = removed || (!running && removesItself(container.spec));
    const place = isGone ? "" : name;
    const key = JSON.stringify([member(container.image.document, "Id"), place, files]);
    const known = this.#known.get(key);
    if (known !== undefined) return known.found;
    const standIns = (this.#standIns ??= new StandIns(this.#engine, this.#summaries));
    await using source = new ContainerFiles(this.#engine, container, standIns, isGone);
    await source.expect(files);
    const found = await codeOf(files, source, this.#summaries);
    this.#known.set(key, { found });
    return found;
  }

  /** Reads the code before the image is removed. If that fails, `of` tries again at the end, and says why it failed. */
  async readEarly(name: string, berth: Berth, files: readonly ProcessFiles[]): Promise<void> {
    const found = await this.of(name, berth, files).catch(() => undefined);
    if (found !== undefined) this.#early.set(berth, { files: JSON.stringify(files), found });
  }

  /** Removes the stand-ins. The next `of` makes new ones if it needs them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#standIns?.[Symbol.asyncDispose]();
    this.#standIns = undefined;
  }
}

/** Does the engine remove the container when it has ended (`--rm`)? */
export function removesItself(spec: Document): boolean {
  return member(member(spec, "HostConfig"), "AutoRemove") === true;
}
