import { atName, atPid, atResult, width } from "./fields.ts";
import type { Digest } from "./fields.ts";
import { outcomeIn } from "./result.ts";

/** A visitor's answer to a call that may be made over and over. */
export interface Again {
  /** The same thread made the same call, and it succeeded, or failed in the same way; arguments, value and place may be others. True: that is enough; false: the event is wanted. */
  again(): boolean;
}

/** So many different calls of threads are remembered; of those that share a slot, the last. */
const slotBits = 12;

/** The answers to the calls that are made over and over, found without making anything. */
export class Repeats {
  readonly #pids = new Int32Array(1 << slotBits);
  readonly #names = new Int32Array(1 << slotBits);
  readonly #outcomes = new Int32Array(1 << slotBits);
  readonly #answers: (Again | undefined)[] = new Array(1 << slotBits).fill(undefined);
  /** Of the call that was asked for last; -1: it has none. */
  #slot = -1;
  #pid = 0;
  #name = 0;
  #outcome = 0;

  /** The call of this line was made before, and its answer says that that is enough. Where not all threads are `native`, the call may be another one. */
  again({ fields }: Digest, index: number, native: boolean): boolean {
    const field = index * width;
    const outcome = outcomeIn(fields[field + atResult] as number);
    if (outcome < 0 || !native) {
      this.#slot = -1;
      return false;
    }
    const pid = fields[field + atPid] as number;
    const name = fields[field + atName] as number;
    const slot = (Math.imul(pid, 0x9e3779b1) ^ Math.imul(name, 0x85ebca6b) ^ Math.imul(outcome, 0xc2b2ae35)) >>> (32 - slotBits);
    this.#slot = slot;
    this.#pid = pid;
    this.#name = name;
    this.#outcome = outcome;
    return this.#pids[slot] === pid && this.#names[slot] === name && this.#outcomes[slot] === outcome && this.#answers[slot]?.again() === true;
  }

  /** Keeps the answer to the call that was asked for last. */
  keep(answer: Again | undefined): void {
    const slot = this.#slot;
    if (slot < 0) return;
    this.#pids[slot] = this.#pid;
    this.#names[slot] = this.#name;
    this.#outcomes[slot] = this.#outcome;
    this.#answers[slot] = answer;
  }
}
