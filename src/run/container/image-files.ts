import { execa } from "execa";
import type { FileSource } from "../../logs/index.ts";
import { capture, output, type ContainerCli } from "./cli.ts";
import { sessionOptions } from "./leftovers.ts";

/** A larger file is not read: no executable that anyone ships is as large. */
const largestFile = 512 * 1024 * 1024;

/**
 * The files of an image. A container of it is created for them and never started, so nothing of the
 * image runs.
 */
export class ImageFiles implements FileSource, AsyncDisposable {
  readonly #cli: ContainerCli;
  readonly #container: string;

  private constructor(cli: ContainerCli, container: string) {
    this.#cli = cli;
    this.#container = container;
  }

  static async open(cli: ContainerCli, image: string): Promise<ImageFiles> {
    const words = ["create", ...sessionOptions(), "--network", "none", "--entrypoint", "/", image];
    const created = await output(cli, words, "creating a container to read its files");
    return new ImageFiles(cli, created.trim().split("\n").at(-1) ?? "");
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    const [program = "", ...first] = this.#cli.words;
    const { stdout, failed } = await execa(program, [...first, "cp", "-L", `${this.#container}:${path}`, "-"], {
      encoding: "buffer",
      reject: false,
      maxBuffer: largestFile,
      stdin: "ignore",
      stderr: "ignore",
    });
    return failed ? undefined : fileOfTar(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await capture(this.#cli, ["rm", "-f", this.#container]).catch(() => undefined);
  }
}

/** The content of an archive of one regular file (tar(5), ustar). */
function fileOfTar(bytes: Uint8Array): Uint8Array | undefined {
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(512, bytes.byteLength));
  const kind = header[156];
  if (header.length < 512 || (kind !== 0x30 && kind !== 0)) return undefined;
  const size = Number.parseInt(header.toString("latin1", 124, 135), 8);
  return Number.isNaN(size) ? undefined : bytes.subarray(512, 512 + size);
}
