import {
  atArgs,
  atArgsEnd,
  atEvent,
  atKind,
  atLast,
  atLine,
  atName,
  atNumber,
  atPid,
  atResult,
  atStart,
  lineKinds,
  width,
  type Digest,
} from "./fields.ts";
import type { Line } from "./call.ts";
import { asBuffer, newlineFrom } from "./lines.ts";
import type { PlainLines } from "./plain-lines.ts";
import { traceeOf } from "./prefix.ts";
import { resultIn, type ReadResult } from "./result.ts";

const noBytes = Buffer.alloc(0);

/** Digests a log, one chunk after the other. */
export class Digester {
  readonly #plain: PlainLines | undefined;
  #bytes: Buffer = noBytes;
  /** The beginning of the first line that is not digested yet. */
  at = 0;
  /** The number of digested lines of the piece in hand, whether or not they were written down. */
  lines = 0;

  constructor(plain: PlainLines | undefined) {
    this.#plain = plain;
  }

  /** The names that the fields number. */
  get names(): readonly string[] {
    return this.#plain?.names ?? [];
  }

  get failures(): readonly ReadResult[] {
    return this.#plain?.failures ?? [];
  }

  /** The number of calls of the piece in hand that were only counted. */
  get counted(): number {
    return this.#plain?.wasm.counted.value ?? 0;
  }

  /** Begins with a chunk, at the beginning of a line. */
  begin(chunk: Uint8Array, start = 0): void {
    this.#bytes = asBuffer(chunk);
    this.at = start;
  }

  /** Takes the next piece of the chunk in hand. False if there is none. */
  load(): boolean {
    this.lines = 0;
    if (this.at >= this.#bytes.length) return false;
    this.#load();
    return true;
  }

  #load(): void {
    if (this.#plain === undefined) return;
    this.#plain.load(this.#bytes, this.at, this.lines);
    this.#plain.user = this;
  }

  /**
   * Digests the next lines that end in the piece, as many as `fields` has room for. Returns how many it wrote down. If
   * it is `counting`, it writes down at most one line, and only counts the lines before that.
   */
  digest(fields: Int32Array, counting: boolean): number {
    const plain = this.#plain;
    if (plain === undefined) return 0;
    if (plain.user !== this) this.#load(); // another log was read in the meantime
    const read = plain.read(fields, 0, Math.floor(fields.length / width), counting);
    this.at = plain.wasm.next();
    this.lines = plain.wasm.lines.value;
    return read;
  }

  /** Passes over the next line, which is too long to be plain. False if none ends in the chunk. */
  passOver(fields: Int32Array): boolean {
    const end = newlineFrom(this.#bytes, this.at);
    if (end < 0) return false;
    fields[atStart] = this.at;
    fields[atLast] = end;
    fields[atKind] = lineKinds.other;
    fields[atLine] = 1;
    this.at = end + 1;
    this.lines = 1;
    return true;
  }
}

/** Where a line begins and ends, understood or not. */
export function placeOf({ fields }: Digest, index: number): { readonly start: number; readonly end: number } {
  return { start: fields[index * width + atStart] as number, end: fields[index * width + atLast] as number };
}

/** The number of the piece's lines up to this one. */
export function lineOf({ fields }: Digest, index: number): number {
  return fields[index * width + atLine] as number;
}

/** Where the event of an understood line begins and ends. */
export function eventPlaceOf({ fields }: Digest, index: number): { readonly start: number; readonly end: number } {
  return { start: fields[index * width + atEvent] as number, end: fields[index * width + atLast] as number };
}

/** The kind of a line that was understood. */
export function kindOf({ fields }: Digest, index: number): number {
  return fields[index * width + atKind] as number;
}

/** The thread of the line. `undefined` if the line has no such column. */
export function pidOf({ fields }: Digest, index: number): number | undefined {
  const pid = fields[index * width + atPid] as number;
  return pid < 0 ? undefined : pid;
}

/** Gives the line what `readLine` found in it. */
export function recallLine(line: Line, bytes: Uint8Array, { fields, names, failures }: Digest, index: number): void {
  const field = index * width;
  line.tracee = traceeOf(fields[field + atPid] as number);
  const number = fields[field + atNumber] as number;
  line.number = number < 0 ? undefined : number;
  line.event = fields[field + atEvent] as number;
  line.column = line.event - (fields[field + atStart] as number) + 1;
  line.last = fields[field + atLast] as number;
  line.name = names[fields[field + atName] as number] ?? "";
  line.before = undefined;
  line.bytes = bytes;
  line.start = fields[field + atArgs] as number;
  line.end = fields[field + atArgsEnd] as number;
  if (fields[field + atKind] !== lineKinds.head)
    line.read = resultIn(fields[field + atResult] as number, failures, bytes, line.last);
}
