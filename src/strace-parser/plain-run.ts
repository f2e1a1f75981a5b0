import { Digester, kindOf, lineOf, placeOf } from "./digest.ts";
import { atPid, lineKinds, width } from "./fields.ts";
import type { LineReader } from "./line-reader.ts";
import type { OpenCalls } from "./open-calls.ts";
import type { Outlet } from "./outlet.ts";
import { PassedOverHeads } from "./passed-over-heads.ts";
import type { PlainCalls } from "./plain-calls.ts";
import { sharedPlainLines } from "./plain-lines.ts";

/** At most this many lines are digested before their meaning is read. So they fit into the processor's cache. */
const digestedAtATime = 1024;

/** What the run hands its lines to. */
export interface PlainRunParts {
  readonly outlet: Outlet;
  readonly open: OpenCalls;
  readonly calls: PlainCalls;
  readonly closely: LineReader;
}

/** Reads runs of plain lines. Between them stand the lines that have to be read closely. */
export class PlainRun {
  /** The number of lines read so far. */
  line = 0;
  readonly #parts: PlainRunParts;
  readonly #heads: PassedOverHeads;
  readonly #fields = new Int32Array(digestedAtATime * width);
  #digester: Digester | undefined;

  constructor(parts: PlainRunParts) {
    this.#parts = parts;
    this.#heads = new PassedOverHeads(parts.open, parts.calls);
  }

  /** Reads all lines that end in the bytes. Returns the offset after them. */
  read(bytes: Buffer, start: number): number {
    const { tally } = this.#parts.open;
    const digester = (this.#digester ??= new Digester(tally === undefined ? sharedPlainLines() : tally.lines));
    digester.begin(bytes, start);
    while (digester.load()) {
      const before = this.line;
      for (let lines = this.#digest(bytes, digester); lines > 0; lines = this.#digest(bytes, digester))
        this.#readDigested(bytes, digester, lines, before);
      this.#heads.openAll(bytes, before);
      this.#parts.outlet.given += digester.counted;
      if (digester.lines === 0) {
        if (!digester.passOver(this.#fields)) break;
        this.#readDigested(bytes, digester, 1, before);
      }
      this.line = before + digester.lines;
    }
    return digester.at;
  }

  /** Reads the last line of a log, which no newline ends. */
  readLast(bytes: Uint8Array): void {
    this.line += 1;
    this.#parts.closely.read({ bytes, start: 0, end: bytes.length, complete: false, line: this.line });
  }

  #digest(bytes: Uint8Array, digester: Digester): number {
    const { tally } = this.#parts.open;
    if (tally?.isFull === true) {
      this.#heads.openAll(bytes, this.line);
      tally.clear();
    }
    const { calls } = this.#parts;
    calls.isCounting = tally?.lines !== undefined && calls.areAlone;
    return digester.digest(this.#fields, calls.isCounting);
  }

  /** `before`: the number of lines before the piece. */
  #readDigested(bytes: Buffer, { names, failures }: Digester, lines: number, before: number): void {
    const { calls, closely } = this.#parts;
    const heads = this.#heads;
    const digest = { fields: this.#fields, lines, names, failures };
    for (let index = 0; index < lines; index += 1) {
      const kind = kindOf(digest, index);
      if (kind === lineKinds.head) heads.openAll(bytes, before);
      else if (kind !== lineKinds.other) heads.openOf(digest.fields[index * width + atPid] as number, bytes, before);
      const line = before + lineOf(digest, index);
      if (calls.understand(bytes, digest, index, line)) continue;
      if (kind !== lineKinds.news) heads.openAll(bytes, before);
      const { start, end } = placeOf(digest, index);
      closely.read({ bytes, start, end, complete: true, line });
    }
  }
}
