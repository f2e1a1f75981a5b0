import { lineOf } from "./digest.ts";
import { width } from "./fields.ts";
import type { OpenCalls } from "./open-calls.ts";
import type { PlainCalls } from "./plain-calls.ts";
import type { PlainLines } from "./plain-lines.ts";

/**
 * First halves of calls that the parser passed over while it counted calls. They matter as soon as a later line may
 * depend on them.
 */
export class PassedOverHeads {
  readonly #open: OpenCalls;
  readonly #calls: PlainCalls;
  readonly #fields = new Int32Array(width);

  constructor(open: OpenCalls, calls: PlainCalls) {
    this.#open = open;
    this.#calls = calls;
  }

  /** Opens, in order, all first halves whose calls have not ended. `before` is the number of lines before the piece. */
  openAll(bytes: Uint8Array, before: number): void {
    const lines = this.#open.tally?.lines;
    if (lines === undefined) return;
    const { wasm } = lines;
    if (wasm.latestHead.value !== 0) this.#open.latestHead = undefined;
    while (wasm.openCount.value > 0) {
      wasm.takeFirstHead();
      this.#openTaken(lines, bytes, before);
    }
    wasm.latestHead.value = 0;
  }

  /** Opens the first half of one thread's call, if it was passed over. `before` is as for `openAll`. */
  openOf(pid: number, bytes: Uint8Array, before: number): void {
    const lines = this.#open.tally?.lines;
    if (lines?.wasm.takeHeadOf(pid) === 1) this.#openTaken(lines, bytes, before);
  }

  #openTaken(lines: PlainLines, bytes: Uint8Array, before: number): void {
    lines.head(this.#fields);
    const digest = { fields: this.#fields, lines: 1, names: lines.names, failures: lines.failures };
    const place = lineOf(digest, 0);
    const head = this.#calls.openPassedOver(bytes, digest, before + place);
    if (place !== lines.wasm.latestHead.value) return;
    this.#open.latestHead = head;
    lines.wasm.latestHead.value = 0;
  }
}
