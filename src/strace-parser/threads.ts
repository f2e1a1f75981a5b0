import type { Head } from "./head.ts";

export interface Thread {
  /** The call that the thread is inside of. */
  head: Head | undefined;
}

/** The threads of a log. A thread stays here when its call ends, because adding it again is slow. */
export class Threads {
  readonly #byPid = new Map<number | undefined, Thread>();
  readonly #mostOpen: number;
  /** The thread of the last line. The next line is mostly of the same thread. */
  #latestPid: number | undefined;
  #latest: Thread | undefined;

  /** `mostOpen`: the most threads that are inside calls at one time. */
  constructor(mostOpen: number) {
    this.#mostOpen = mostOpen;
  }

  of(pid: number | undefined): Thread {
    if (this.#latest !== undefined && this.#latestPid === pid) return this.#latest;
    this.#latestPid = pid;
    this.#latest = this.#byPid.get(pid);
    if (this.#latest === undefined) {
      if (this.#byPid.size > 2 * this.#mostOpen) this.#forgetIdle();
      this.#latest = { head: undefined };
      this.#byPid.set(pid, this.#latest);
    }
    return this.#latest;
  }

  #forgetIdle(): void {
    for (const [pid, { head }] of this.#byPid) if (head === undefined) this.#byPid.delete(pid);
  }
}
