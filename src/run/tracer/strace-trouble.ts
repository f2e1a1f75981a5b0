import { traceFolder } from "./strace-command.ts";

/**
 * strace names its log when it cannot write there, goes on tracing, and loses what it says (strace
 * 6.1, error_prints.c, perror_msg).
 */
const unwritten = new RegExp(`strace: ${traceFolder.replaceAll(".", "\\.")}/\\S+: (.+?)[\\r\\n]`);

/** Longer than any such line. */
const maxLine = 4096;

/** Listens to the standard error of a strace for why its log cannot be written. */
export class StraceTrouble {
  #reason: string | undefined;
  #unended = "";

  /** Takes the next bytes. */
  readonly hear = (chunk: Uint8Array): void => {
    if (this.#reason !== undefined) return;
    const text = this.#unended + Buffer.from(chunk).toString("latin1");
    this.#unended = text.slice(text.lastIndexOf("\n") + 1).slice(-maxLine);
    const reason = unwritten.exec(text)?.[1];
    if (reason === undefined) return;
    this.#reason = reason.startsWith("No space left")
      ? "no space was left for it where the engine keeps its volumes"
      : `strace could not write it: ${reason}`;
  };

  /** The first reason; `undefined` while all is well. */
  get reason(): string | undefined {
    return this.#reason;
  }
}
