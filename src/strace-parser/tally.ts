import { createPlainLines, type PlainLines } from "./plain-lines.ts";

/** Reads a log and lets the parser count calls. */
export interface TallyReader<Kind> {
  /**
   * The number of calls of this kind since the last report. `settled` says that a thread made another call after one of
   * them.
   */
  counted(kind: Kind, calls: number, settled: boolean): void;
  /** The thread's last call was only counted. */
  latest(pid: number | undefined, kind: Kind): void;
}

/** The range of a call's inspected arguments, from the first to the last. The arguments between are compared too. */
export interface InspectedRange {
  readonly first: number;
  readonly last: number;
}

/** A position has three bits, so that a range fits into one byte. */
const mostPosition = 7;

/**
 * Counts calls where the line is read, without handing them over. It is for calls of which a reader needs only the
 * number: most lines of a long log. Make one for each log, and give it to `StraceParser.each`. The reader learns the
 * same whether a call is counted or handed over. A machine without WebAssembly counts none.
 */
export class Tally<Kind> {
  /** @internal */
  lines: PlainLines | undefined = idle.pop() ?? createPlainLines();
  /** @internal The event that is being handed over can be counted. */
  isOffered = false;
  /** @internal There is no more room: call `clear`. */
  isFull = false;
  readonly #reader: TallyReader<Kind>;
  #kinds: Kind[] = [];

  constructor(reader: TallyReader<Kind>) {
    this.#reader = reader;
  }

  /**
   * Memory for the next chunk of the log. A chunk that is read there need not be copied. `undefined` if there is none.
   */
  get room(): Uint8Array | undefined {
    return this.lines?.room;
  }

  /**
   * Call it while a call is handed over. From now on calls like it are only counted, for `kind`. A call is like it if
   * its thread is in the same group, and its name, its outcome (a value, or the same error) and the text of its
   * inspected arguments are the same. The thread joins the group. `kind` must be the same for all calls that are alike.
   * Calls that cannot be told apart in this way are handed over.
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

  /** @internal Forgets what is counted. Call it only while no call is open whose first half was passed over. */
  clear(): void {
    this.report();
    this.lines?.wasm.forget();
    this.#kinds = [];
    this.isFull = false;
  }

  /**
   * Moves a thread whose calls are, or may be, counted into another group. `undefined` forgets the thread, so that its
   * next call is handed over.
   */
  move(pid: number | undefined, group: number | undefined): void {
    this.lines?.wasm.setGroup(pid ?? -1, group ?? 0);
  }

  /** The thread's last call, if that was only counted. It is reported once, here or to the reader. */
  takeLatest(pid: number | undefined): Kind | undefined {
    const entry = this.lines?.wasm.takeLatest(pid ?? -1) ?? -1;
    return entry < 0 ? undefined : this.#kinds[entry];
  }

  /** Gives the reader all counts since the last report. */
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

  /** The log has ended: gives the reader the counts, and counts nothing from now on. */
  end(): void {
    this.clear();
    if (this.lines !== undefined && idle.length === 0 && this.lines.names.length < fewNames) idle.push(this.lines);
    this.lines = undefined;
  }
}

/** One that has served a log serves the next. Making one takes longer than reading a short log. */
const idle: PlainLines[] = [];

/** A module with more names than a kernel has calls may soon have no room for the names of the next log. */
const fewNames = 1000;

const noRoom = -2;
const noThread = -3;
