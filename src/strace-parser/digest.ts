import { Kept, latin1 } from "./bytes.ts";
import { lineKinds, LinePlaces, readLine } from "./call.ts";
import type { Line } from "./call.ts";
import { atArgs, atArgsEnd, atEvent, atKind, atLast, atName, atNumber, atPid, atResult, atStart, width } from "./fields.ts";
import type { Digest } from "./fields.ts";
import { asBuffer, escape, isOdd, maxLine, newlineFrom } from "./lines.ts";
import { traceeOf } from "./prefix.ts";
import { CommonResults, isResult, resultIn } from "./result.ts";
import type { ReadResult } from "./result.ts";

/** So many numbers the digest of so many bytes may need; where lines are short, it ends before them. */
export function roomFor(bytes: number): number {
  return Math.ceil(bytes / shortest) * width;
}

/** Most lines of strace are longer. */
const shortest = 32;

/** More different names are none of calls. */
const maxNames = 65_536;

const noBytes = Buffer.alloc(0);

/** Digests a log, one chunk after the other. */
export class Digester {
  readonly names: string[] = [];
  readonly #results = new CommonResults();
  readonly #known = new Map<string, number>();
  readonly #numbers = new Kept<number>((bytes, start, end) => this.#numberOf(latin1(bytes, start, end)), 2048);
  readonly #line = new LinePlaces();
  #bytes: Buffer = noBytes;
  #coloured = false;
  /** So far the lines of the chunk are digested. */
  at = 0;

  /** The failures that the fields number. */
  get failures(): readonly ReadResult[] {
    return this.#results.failures;
  }

  /** Begins with a chunk, at the beginning of a line. */
  begin(chunk: Uint8Array, start = 0): void {
    this.#bytes = asBuffer(chunk);
    this.#coloured = chunk.includes(escape);
    this.at = start;
  }

  /** Digests the next lines that end in the chunk, as many as `fields` has room for; returns how many. */
  digest(fields: Int32Array): number {
    const bytes = this.#bytes;
    const line = this.#line;
    const room = fields.length - width;
    let field = 0;
    let at = this.at;
    while (field <= room) {
      const end = newlineFrom(bytes, at);
      if (end < 0) break;
      fields[field + atStart] = at;
      fields[field + atLast] = end;
      fields[field + atKind] = lineKinds.other;
      if (!isOdd(bytes, at, end, this.#coloured) && end - at <= maxLine) {
        readLine(line, bytes, at, end);
        if (line.kind !== lineKinds.other) this.#note(line, bytes, fields, field);
      }
      field += width;
      at = end + 1;
    }
    this.at = at;
    return field / width;
  }

  #note(line: LinePlaces, bytes: Uint8Array, fields: Int32Array, field: number): void {
    const name = this.#numbers.getHashed(bytes, line.name, line.nameEnd, line.nameHash);
    if (name < 0 || line.comm >= 0) return;
    if (line.kind !== lineKinds.head) {
      const common = this.#results.numberOf(bytes, line.result, line.resultEnd);
      if (common < 0 && !isResult(bytes, line.result, line.resultEnd)) return;
      fields[field + atResult] = common >= 0 ? common : -line.result;
    }
    fields[field + atLast] = line.last;
    fields[field + atKind] = line.kind;
    fields[field + atName] = name;
    fields[field + atPid] = line.pid;
    fields[field + atNumber] = line.number;
    fields[field + atEvent] = line.event;
    fields[field + atArgs] = line.start;
    fields[field + atArgsEnd] = line.end;
  }

  #numberOf(name: string): number {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (this.names.length >= maxNames) return -1;
    this.#known.set(name, this.names.length);
    return this.names.push(name) - 1;
  }
}

/** Where a line begins and ends, whether it was understood or not. */
export function placeOf({ fields }: Digest, index: number): { readonly start: number; readonly end: number } {
  return { start: fields[index * width + atStart] as number, end: fields[index * width + atLast] as number };
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
