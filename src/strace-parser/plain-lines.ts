import { latin1 } from "./bytes.ts";
import { plainLines } from "./data/plain-lines.ts";
import { width } from "./fields.ts";
import { noResult, readResult, type ReadResult } from "./result.ts";

/** TypeScript declares `WebAssembly` only together with the DOM. */
declare const WebAssembly:
  | {
      readonly Module: new (bytes: Uint8Array) => object;
      readonly Instance: new (module: object) => { readonly exports: unknown };
      readonly CompileError: new () => Error;
    }
  | undefined;

interface Global {
  readonly value: number;
}

/** What assembly/plain-lines.ts exports. That file describes each. A pid is -1 if the line has no such column. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly aside: Global;
  readonly asideBytes: Global;
  readonly room: Global;
  readonly roomBytes: Global;
  readonly mostLines: Global;
  readonly fields: Global;
  readonly fieldsOfHead: Global;
  readonly names: Global;
  readonly nameCount: Global;
  readonly failures: Global;
  readonly failureCount: Global;
  readonly lines: Global;
  readonly counted: Global;
  readonly openCount: Global;
  readonly latestHead: { value: number };
  begin(start: number, length: number, base: number, before: number): void;
  read(most: number, counting: boolean): number;
  next(): number;
  countLike(group: number, which: number): number;
  setGroup(pid: number, group: number): void;
  setOpen(pid: number, isOpen: boolean): void;
  takeLatest(pid: number): number;
  nextWithLatest(): number;
  takeCalls(entry: number): number;
  isSettled(entry: number): number;
  forget(): void;
  takeFirstHead(): void;
  takeHeadOf(pid: number): number;
}

/** Reads plain lines, one piece of the text at a time. It keeps only names and counts of a log. */
export class PlainLines {
  /** The names that the fields number. Names are added as they appear. */
  readonly names: string[] = [];
  readonly failures: ReadResult[] = [];
  readonly wasm: Exports;
  /** The owner of the piece in hand. */
  user: unknown;
  /** Text that is put here is read without a copy. */
  readonly room: Uint8Array;
  readonly #bytes: Uint8Array;
  readonly #aside: Uint8Array;
  readonly #fields: Int32Array;
  readonly #head: Int32Array;

  constructor(wasm: Exports) {
    const { buffer } = wasm.memory;
    this.wasm = wasm;
    this.#bytes = new Uint8Array(buffer);
    this.#aside = this.#bytes.subarray(wasm.aside.value, wasm.aside.value + wasm.asideBytes.value);
    this.room = Buffer.from(buffer, wasm.room.value, wasm.roomBytes.value);
    this.#fields = new Int32Array(buffer, wasm.fields.value);
    this.#head = new Int32Array(buffer, wasm.fieldsOfHead.value, width);
  }

  /**
   * Begins with a piece of the text: from `start`, as much as there is room for. `before` is the number of the text's
   * lines that were read already.
   */
  load(text: Uint8Array, start: number, before: number): void {
    if (text.buffer === this.#bytes.buffer)
      return this.wasm.begin(text.byteOffset + start, text.length - start, start, before);
    const piece = text.subarray(start, start + this.#aside.length);
    this.#aside.set(piece);
    this.wasm.begin(this.wasm.aside.value, piece.length, start, before);
  }

  /**
   * Writes the fields of the next lines that end in the piece, at most `most`, from `field` on. Returns the number of
   * lines written. With `counting`, it first counts lines without writing them, and then writes at most one.
   */
  read(fields: Int32Array, field: number, most: number, counting: boolean): number {
    const lines = this.wasm.read(Math.min(most, this.wasm.mostLines.value), counting);
    if (lines > 0) fields.set(this.#fields.subarray(0, lines * width), field);
    while (this.names.length < this.wasm.nameCount.value)
      this.names.push(this.#textIn(this.wasm.names.value, this.names.length));
    while (this.failures.length < this.wasm.failureCount.value) {
      const failure = Buffer.from(this.#textIn(this.wasm.failures.value, this.failures.length), "latin1");
      this.failures.push(readResult(failure, 0, failure.length) ?? noResult);
    }
    return lines;
  }

  /** The fields of the first half that `takeFirstHead` or `takeHeadOf` took out. */
  head(fields: Int32Array): void {
    fields.set(this.#head);
  }

  /** Each entry is the text's length in four bytes, then the text. */
  #textIn(texts: number, index: number): string {
    const at = texts + textBytes * index;
    return latin1(this.#bytes, at + 4, at + 4 + (this.#bytes[at] as number));
  }
}

const textBytes = 68;

/**
 * `undefined` if this machine cannot run the module: no SIMD, no WebAssembly, the other byte order, or no room. (V8
 * reserves gigabytes of addresses for each memory, which `ulimit -v` may not allow.) Each line is then read closely.
 */
export function createPlainLines(): PlainLines | undefined {
  compiled ??= compile();
  if (compiled.module === undefined || typeof WebAssembly === "undefined") return undefined;
  try {
    return new PlainLines(new WebAssembly.Instance(compiled.module).exports as Exports);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** One object for all logs whose lines are all written down. */
export function sharedPlainLines(): PlainLines | undefined {
  shared ??= { lines: createPlainLines() };
  return shared.lines;
}

let compiled: { readonly module: object | undefined } | undefined;
let shared: { readonly lines: PlainLines | undefined } | undefined;

function compile(): { readonly module: object | undefined } {
  if (typeof WebAssembly === "undefined" || new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1)
    return { module: undefined };
  try {
    return { module: new WebAssembly.Module(Buffer.from(plainLines, "base64")) };
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return { module: undefined };
    throw error;
  }
}
