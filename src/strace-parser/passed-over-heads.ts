import { lineOf } from "./digest.ts";
import { width } from "./fields.ts";
import type { OpenCalls } from "./open-calls.ts";
import type { PlainCalls } from "./plain-calls.ts";
import type { PlainLines } from "./plain-lines.ts";

/** First halves that were passed over while calls were counted. They matter as soon as a line may depend on them. */
export class PassedOverHeads {
  readonly #open: OpenCalls;
  readonly #calls: PlainCalls;
  readonly #fields = new Int32Array(width);

  constructor(open: OpenCalls, calls: PlainCalls) {
    this.#open = open;
    this.#calls = calls;
  }

  /** Opens all whose calls have not ended, in their order. `before` is the number of lines before the piece. */
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

  /** As `openAll`, for one thread. */
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
