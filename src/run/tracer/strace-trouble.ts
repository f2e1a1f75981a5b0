import { traceFolder } from "./strace-command.ts";

/**
 * strace names its log when it cannot write there, goes on tracing, and loses what it says (strace
 * 6.1, error_prints.c, perror_msg).
 */
const unwritten = new RegExp(`strace: ${traceFolder.replaceAll(".", "\\.")}/\\S+: (.+?)[\\r\\n]`);

/** Hears the standard error of a strace, and calls once when its log cannot be written. */
export function hearTrouble(onTrouble: (why: string) => void): (chunk: Uint8Array) => void {
  let heard = false;
  let unended = "";
  return (chunk) => {
    if (heard) return;
    const text = unended + Buffer.from(chunk).toString("latin1");
    unended = text.slice(text.lastIndexOf("\n") + 1).slice(-maxLine);
    const reason = unwritten.exec(text)?.[1];
    if (reason === undefined) return;
    heard = true;
    onTrouble(
      /^No space left/.test(reason)
        ? "no space was left for it where the engine keeps its volumes"
        : `strace could not write it: ${reason}`,
    );
  };
}

/** Longer than any such line. */
const maxLine = 4096;
