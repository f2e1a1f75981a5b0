import { copyOf } from "./bytes.ts";
import type { Head } from "./head.ts";

/** The open calls, in the order in which they began. */
export class OpeningOrder {
  count = 0;
  /** The length of all text between their parentheses. */
  bytes = 0;
  /** Calls that have ended are removed now and then. */
  #heads: Head[] = [];
  /** All heads before this index have ended. */
  #oldest = 0;
  /** Heads that read from the chunk in hand. */
  readonly #borrowing: Head[] = [];

  add(head: Head): void {
    head.isOpen = true;
    this.#heads.push(head);
    this.#borrowing.push(head);
    this.count += 1;
    this.bytes += head.end - head.start;
    if (this.#heads.length <= 2 * this.count + 1_000) return;
    this.#heads = this.#heads.filter(({ isOpen }) => isOpen);
    this.#oldest = 0;
  }

  remove(head: Head): void {
    head.isOpen = false;
    this.count -= 1;
    this.bytes -= head.end - head.start;
  }

  /** The oldest head that was not taken yet. Its call may have ended. */
  takeOldest(): Head | undefined {
    const head = this.#heads[this.#oldest];
    this.#oldest += 1;
    return head;
  }

  /** Moves the last head of the list in front of the heads whose lines come later. */
  sortLast(): void {
    const head = this.#heads.at(-1);
    if (head === undefined) return;
    for (let at = this.#heads.length - 1; at > this.#oldest; at -= 1) {
      const before = this.#heads[at - 1];
      if (before === undefined || before.line <= head.line) return;
      this.#heads[at] = before;
      this.#heads[at - 1] = head;
    }
  }

  /** The only open call. `undefined` if there is none, or more than one. */
  only(): Head | undefined {
    return this.count === 1 ? this.#heads.find(({ isOpen }) => isOpen) : undefined;
  }

  /** All heads, including those of calls that have ended. */
  all(): readonly Head[] {
    return this.#heads;
  }

  /** The chunk's memory may be reused: copies what open calls still need of it. */
  letGoOfChunk(): void {
    for (const head of this.#borrowing) {
      if (!head.isOpen) continue;
      head.bytes = copyOf(head.bytes, head.start, head.end);
      head.end -= head.start;
      head.start = 0;
    }
    this.#borrowing.length = 0;
  }
}
