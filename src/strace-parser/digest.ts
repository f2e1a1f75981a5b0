import { Line, readLine } from "./call.ts";
import { escape, inWords, isOdd, maxLine, newlineFrom } from "./lines.ts";
import { noTracee, traceeOf } from "./prefix.ts";
import { readResult, smallNumber, smallResult } from "./result.ts";

/**
 * Lines that one thread has read for another: what `readLine` said of each, as numbers. A line it did not understand, or of which there is more to say
 * than the numbers hold (a thread's name, a call's number), is only a place, and read where its meaning is known.
 */
export interface Digest {
  /** `width` numbers a line: offsets into the text. */
  readonly fields: Int32Array;
  readonly lines: number;
  /** All names that the fields number, those of earlier digests of the same log too. */
  readonly names: readonly string[];
}

/** What stands where among the numbers of a line. */
const width = 9;
const [atStart, atLast, atKind, atName, atPid, atEvent, atArgs, atArgsEnd, atResult] = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;

/** The kinds of lines, by number. */
const kinds = ["other", "call", "head", "tail"] as const;

const noPid = -1;

/** So many numbers the digest of so many bytes may need; where lines are short, it ends before them. */
export function roomFor(bytes: number): number {
  return Math.ceil(bytes / shortest) * width;
}

/** Most lines of strace are longer. */
const shortest = 32;

/** More different names are none of calls. */
const maxNames = 65_536;

/** Digests a log, one piece after the other. */
export class Digester {
  readonly names: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #line = new Line();

  /** Digests the lines that end in the chunk, as many as `fields` has room for, and says where the last one ended. */
  digest(chunk: Uint8Array, fields: Int32Array): { readonly lines: number; readonly end: number } {
    const { bytes, words, start } = inWords(chunk);
    const coloured = chunk.includes(escape);
    const room = Math.floor(fields.length / width);
    let lines = 0;
    let at = start;
    for (let end = newlineFrom(bytes, words, at); end >= 0 && lines < room; end = newlineFrom(bytes, words, at)) {
      const field = lines * width;
      fields[field + atStart] = at - start;
      fields[field + atLast] = end - start;
      fields[field + atKind] = isOdd(bytes, at, end, coloured) || end - at > maxLine ? 0 : this.#read(bytes, at, end, start, fields, field);
      lines += 1;
      at = end + 1;
    }
    return { lines, end: at - start };
  }

  /** Returns the line's kind. */
  #read(bytes: Uint8Array, start: number, end: number, origin: number, fields: Int32Array, field: number): number {
    const line = this.#line;
    readLine(line, bytes, start, end);
    if (line.kind === "other" || line.number !== undefined || line.tracee.comm !== undefined) return 0;
    const name = this.#numberOf(line.name);
    if (name < 0) return 0;
    fields[field + atLast] = line.last - origin;
    fields[field + atName] = name;
    fields[field + atPid] = line.tracee.pid ?? noPid;
    fields[field + atEvent] = line.event - origin;
    fields[field + atArgs] = line.start - origin;
    fields[field + atArgsEnd] = line.end - origin;
    if (line.kind !== "head") {
      const small = smallNumber(bytes, line.resultAt, line.last);
      fields[field + atResult] = small >= 0 ? small : origin - line.resultAt;
    }
    return kinds.indexOf(line.kind);
  }

  #numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    if (this.names.length >= maxNames) return -1;
    this.#numbers.set(name, this.names.length);
    this.names.push(name);
    return this.names.length - 1;
  }
}

/** Where a line begins and ends, whether it was understood or not. */
export function placeOf({ fields }: Digest, index: number): { readonly start: number; readonly end: number } {
  return { start: fields[index * width + atStart] as number, end: fields[index * width + atLast] as number };
}

/** What `readLine` said of the line that the digest holds; `other`: it has to be read. */
export function recallLine(line: Line, bytes: Uint8Array, { fields, names }: Digest, index: number): void {
  const field = index * width;
  line.kind = kinds[fields[field + atKind] as number] ?? "other";
  if (line.kind === "other") return;
  const pid = fields[field + atPid] as number;
  line.tracee = pid === noPid ? noTracee : traceeOf(pid);
  line.number = undefined;
  line.event = fields[field + atEvent] as number;
  line.column = line.event - (fields[field + atStart] as number) + 1;
  line.last = fields[field + atLast] as number;
  line.name = names[fields[field + atName] as number] ?? "";
  line.before = undefined;
  line.bytes = bytes;
  line.start = fields[field + atArgs] as number;
  line.end = fields[field + atArgsEnd] as number;
  if (line.kind === "head") return;
  const result = fields[field + atResult] as number;
  if (result < 0) line.resultAt = -result;
  line.read = result >= 0 ? smallResult(result) : (readResult(bytes, -result, line.last) ?? smallResult(0));
}
