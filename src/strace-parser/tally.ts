import { createPlainLines, type PlainLines } from "./plain-lines.ts";

/** Who reads a log and lets calls be counted. */
export interface TallyReader<Kind> {
  /**
   * The number of calls of this kind since the last report. `settled`: after one of them its thread
   * made another call.
   */
  counted(kind: Kind, calls: number, settled: boolean): void;
  /** The call that the thread made last was only counted. */
  latest(pid: number | undefined, kind: Kind): void;
}

/**
 * Which arguments of a call are inspected, from the first to the last; the arguments between are
 * compared too.
 */
export interface InspectedRange {
  readonly first: number;
  readonly last: number;
}

/** What is counted is found by four bits each. */
const mostPosition = 7;

/**
 * Calls of a log of which a reader wants to know no more than how often they are made. They are
 * counted where the line is read, and not handed over: most lines of a long log are of this kind.
 * One for each log, given to `StraceParser.each`; whether a call is counted or handed over makes no
 * difference to what is known in the end, and a machine without WebAssembly counts none.
 */
export class Tally<Kind> {
  /** @internal */
  lines: PlainLines | undefined = idle.pop() ?? createPlainLines();
  /** @internal The event that is being handed over is one that can be counted. */
  isOffered = false;
  /** @internal There was no more room: `clear` is to be called. */
  isFull = false;
  readonly #reader: TallyReader<Kind>;
  #kinds: Kind[] = [];

  constructor(reader: TallyReader<Kind>) {
    this.#reader = reader;
  }

  /**
   * Memory for the next chunk of the log: what is read there need not be copied. `undefined` if
   * there is none.
   */
  get room(): Uint8Array | undefined {
    return this.lines?.room;
  }

  /**
   * Asked while a call is handed over: from now on calls like it are only counted, for `kind`.
   * These are the ones of threads of the same group (to which its thread belongs from now on), with
   * the same name and the same outcome (a value, or the same error), and the same text for the
   * inspected arguments. `kind` must be the same for the like of them. Calls that cannot be told
   * apart so are handed over.
   */
  count(kind: Kind, group: number, inspected?: InspectedRange): void {
    if (this.lines === undefined || !this.isOffered || (inspected !== undefined && inspected.last > mostPosition))
      return;
    const entry = this.lines.wasm.countLike(
      group,
      inspected === undefined ? 0 : 128 + 16 * inspected.first + inspected.last,
    );
    this.isFull = entry === noRoom;
    if (entry >= this.#kinds.length) this.#kinds.push(kind);
  }

  /** @internal Begins anew. No first half may be open that was passed over. */
  clear(): void {
    this.report();
    this.lines?.wasm.forget();
    this.#kinds = [];
    this.isFull = false;
  }

  /**
   * A thread of which calls were counted, or might have been, is of another group from now on.
   * `undefined` forgets it, so that its next call is handed over.
   */
  move(pid: number | undefined, group: number | undefined): void {
    this.lines?.wasm.setGroup(pid ?? -1, group ?? 0);
  }

  /**
   * The call that the thread made last, where that was only counted; said once, here or to the
   * reader.
   */
  takeLatest(pid: number | undefined): Kind | undefined {
    const entry = this.lines?.wasm.takeLatest(pid ?? -1) ?? -1;
    return entry < 0 ? undefined : this.#kinds[entry];
  }

  /** Gives the reader all that was counted since the last report. */
  report(): void {
    if (this.lines === undefined) return;
    const { wasm } = this.lines;
    for (const [entry, kind] of this.#kinds.entries()) {
      const calls = wasm.takeCalls(entry);
      if (calls > 0) this.#reader.counted(kind, calls, wasm.isSettled(entry) !== 0);
    }
    for (let pid = wasm.nextWithLatest(); pid > noThread; pid = wasm.nextWithLatest()) {
      const kind = this.#kinds[wasm.takeLatest(pid)];
      if (kind !== undefined) this.#reader.latest(pid < 0 ? undefined : pid, kind);
    }
  }

  /** The log has ended: tells the reader what was counted, and counts nothing from now on. */
  end(): void {
    this.clear();
    if (this.lines !== undefined && idle.length === 0 && this.lines.names.length < fewNames) idle.push(this.lines);
    this.lines = undefined;
  }
}

/** One that has served a log serves the next: to make it takes longer than to read a short log. */
const idle: PlainLines[] = [];

/** With more names than a kernel has calls, there may soon be no room for those of the next log. */
const fewNames = 1000;

const noRoom = -2;
const noThread = -3;
