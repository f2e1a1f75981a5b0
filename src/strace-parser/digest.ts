import { atArgs, atArgsEnd, atEvent, atKind, atLast, atName, atNumber, atPid, atResult, atStart, lineKinds, width } from "./fields.ts";
import type { Digest } from "./fields.ts";
import type { Line } from "./call.ts";
import { asBuffer, escape, newlineFrom } from "./lines.ts";
import { plainLinesReader } from "./plain-lines.ts";
import { traceeOf } from "./prefix.ts";
import { resultIn } from "./result.ts";
import type { ReadResult } from "./result.ts";

const noBytes = Buffer.alloc(0);

/** Digests a log, one chunk after the other. */
export class Digester {
  readonly #plain = plainLinesReader();
  #bytes: Buffer = noBytes;
  #coloured = false;
  /** So far the lines of the chunk are digested. */
  at = 0;

  /** What the fields number. */
  get names(): readonly string[] {
    return this.#plain?.names ?? [];
  }

  get failures(): readonly ReadResult[] {
    return this.#plain?.failures ?? [];
  }

  /** Begins with a chunk, at the beginning of a line. */
  begin(chunk: Uint8Array, start = 0): void {
    this.#bytes = asBuffer(chunk);
    this.#coloured = chunk.includes(escape);
    this.at = start;
  }

  /** Digests the next lines that end in the chunk, as many as `fields` has room for; returns how many. */
  digest(fields: Int32Array): number {
    const room = Math.floor(fields.length / width);
    let lines = 0;
    while (lines < room) {
      const read = this.#plain?.read(this.#bytes, this.at, this.#coloured, fields, lines * width, room - lines) ?? 0;
      if (read > 0) this.at = this.#plain?.next() ?? 0;
      else if (!this.#passOver(fields, lines * width)) break;
      lines += Math.max(1, read);
    }
    return lines;
  }

  /** The next line, which is too long to be plain; false: none ends in the chunk. */
  #passOver(fields: Int32Array, field: number): boolean {
    const end = newlineFrom(this.#bytes, this.at);
    if (end < 0) return false;
    fields[field + atStart] = this.at;
    fields[field + atLast] = end;
    fields[field + atKind] = lineKinds.other;
    this.at = end + 1;
    return true;
  }
}

/** Where a line begins and ends, whether it was understood or not. */
export function placeOf({ fields }: Digest, index: number): { readonly start: number; readonly end: number } {
  return { start: fields[index * width + atStart] as number, end: fields[index * width + atLast] as number };
}

/** Where the event of a line begins and ends that was understood. */
export function eventPlaceOf({ fields }: Digest, index: number): { readonly start: number; readonly end: number } {
  return { start: fields[index * width + atEvent] as number, end: fields[index * width + atLast] as number };
}

/** What a line is that was understood. */
export function kindOf({ fields }: Digest, index: number): number {
  return fields[index * width + atKind] as number;
}

/** The thread whose line it is; undefined: there is no such column. */
export function pidOf({ fields }: Digest, index: number): number | undefined {
  const pid = fields[index * width + atPid] as number;
  return pid < 0 ? undefined : pid;
}

/** What `readLine` said of a line that it understood. */
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
  if (fields[field + atKind] !== lineKinds.head) line.read = resultIn(fields[field + atResult] as number, failures, bytes, line.last);
}
