import { forgetOldest, maxThreads, type Tally } from "../../strace-parser/index.ts";
import type { Outcome } from "./call-record.ts";

/**
 * The last call of each thread. If a filter kills or traps the call, strace prints the call's number as its result.
 * Only the thread's next line shows that the filter did it.
 */
export class Unsettled {
  readonly #last = new Map<number | undefined, Outcome>();
  readonly #tally: Tally<Outcome> | undefined;

  constructor(tally: Tally<Outcome> | undefined) {
    this.#tally = tally;
  }

  /**
   * The thread made this call, so the result in the line of its previous call was true. `outcome` is `undefined` for a
   * call whose result says nothing.
   */
  returned(pid: number | undefined, outcome: Outcome | undefined): void {
    this.#catchUp(pid);
    this.returnedLast(pid, outcome);
  }

  /** As `returned`, but without a look at the calls that were only counted. */
  returnedLast(pid: number | undefined, outcome: Outcome | undefined): void {
    const before = this.#last.get(pid);
    before?.record.results.add(before.word);
    if (before === outcome) return;
    if (outcome === undefined) this.#last.delete(pid);
    else {
      if (before === undefined) forgetOldest(this.#last, maxThreads, (oldest) => this.settle(oldest));
      this.#last.set(pid, outcome);
    }
  }

  /** Records the result of the thread's last call: `word`, or else the result in the call's line. */
  settle(pid: number | undefined, word?: string): void {
    this.#catchUp(pid);
    const outcome = this.#last.get(pid);
    outcome?.record.results.add(word ?? outcome.word);
    this.#last.delete(pid);
  }

  /** Settles every thread's last call. The log has ended. */
  settleAll(): void {
    for (const pid of Array.from(this.#last.keys())) this.settle(pid);
  }

  /** Takes in the thread's last call that was only counted. It came before the present call. */
  #catchUp(pid: number | undefined): void {
    const counted = this.#tally?.takeLatest(pid);
    if (counted !== undefined) this.returnedLast(pid, counted);
  }
}
