import type { Readable } from "node:stream";

/** The bytes of one direction of a connection. Bytes that nobody has asked for wait in the kernel. */
export class ByteReader {
  readonly #source: Readable;
  #pending: Buffer[] = [];
  #ended = false;
  #wake: (() => void) | undefined;
  readonly #onEnd: (() => void)[] = [];

  constructor(source: Readable) {
    this.#source = source;
    source.pause();
    source.on("data", (chunk: Buffer) => {
      this.#pending.push(chunk);
      source.pause();
      this.#stir();
    });
    for (const event of ["end", "close", "error"] as const) source.on(event, () => this.#end());
  }

  /** The next bytes. `undefined` at the end. */
  async next(): Promise<Buffer | undefined> {
    while (this.#pending.length === 0 && !this.#ended) {
      this.#source.resume();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#pending.shift();
  }

  /** Puts back bytes that were read too far. */
  unread(bytes: Buffer): void {
    if (bytes.length > 0) this.#pending.unshift(bytes);
  }

  /** Calls `onEnd` once no more bytes will come. Meanwhile it reads on, because only a reader sees the end. */
  watchEnd(onEnd: () => void): () => void {
    if (this.#ended) onEnd();
    else this.#onEnd.push(onEnd);
    if (this.#pending.length === 0) this.#source.resume();
    return () => {
      const at = this.#onEnd.indexOf(onEnd);
      if (at >= 0) this.#onEnd.splice(at, 1);
    };
  }

  #stir(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stir();
    for (const onEnd of this.#onEnd.splice(0)) onEnd();
  }
}
