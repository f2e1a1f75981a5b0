import { createHash } from "node:crypto";
import type { Readable } from "node:stream";

/**
 * A sample of a program's output. It tells whether another run wrote the same, and where the output begins to differ.
 */
export interface OutputSample {
  readonly bytes: number;
  /** SHA-256 of all of it. */
  readonly digest: string;
  /** Its first `headBytes` bytes. */
  readonly head: Buffer;
}

const headBytes = 1 << 20;

/** Reads a stream to its end. */
export async function sampleOutput(stream: Readable): Promise<OutputSample> {
  const hash = createHash("sha256");
  const head: Buffer[] = [];
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    hash.update(chunk);
    if (bytes < headBytes) head.push(Buffer.from(chunk.subarray(0, headBytes - bytes)));
    bytes += chunk.length;
  });
  await new Promise<void>((resolve) => stream.once("close", resolve).once("end", resolve));
  return { bytes, digest: hash.digest("hex"), head: Buffer.concat(head) };
}

/**
 * The first line in which two outputs differ, counted from 1, with its text in both. A text is `undefined` if its
 * output has no such line. Both are `undefined` if the outputs differ only after their heads. The result is `undefined`
 * if the outputs are the same.
 */
export function firstDifference(
  before: OutputSample,
  after: OutputSample,
): { readonly line: number; readonly before: string | undefined; readonly after: string | undefined } | undefined {
  if (before.digest === after.digest) return undefined;
  const [left, right] = [before, after].map(({ head }) => head.toString("utf8").split("\n"));
  const at = Array.from({ length: Math.max(left?.length ?? 0, right?.length ?? 0) }, (_, line) => line).find(
    (line) => left?.[line] !== right?.[line],
  );
  return at === undefined
    ? { line: left?.length ?? 0, before: undefined, after: undefined }
    : { line: at + 1, before: left?.[at], after: right?.[at] };
}
