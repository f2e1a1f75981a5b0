import { isForkCall } from "./forks.ts";
import { forgetOldest, maxThreads } from "./oldest.ts";
import type { Personality, SyscallEvent } from "./types.ts";

/**
 * Which mode each thread runs in. strace says it when a thread changes; children and new threads
 * begin in their parent's without a word (strace syscall.c, `update_personality`), often before the
 * parent's call has returned.
 */
export class Personalities {
  /** Only threads that are not, or no longer surely, in the native mode. */
  readonly #modes = new Map<number | undefined, Personality>();
  readonly #known = new Set<number | undefined>();
  /** Threads inside of a call that makes a thread. */
  readonly #forking = new Set<number | undefined>();

  /** The thread that was seen last. */
  #last: number | undefined;

  /** No process is, or was, in another mode than the native one. */
  get areNative(): boolean {
    return this.#modes.size === 0;
  }

  /** A call of the thread, or a change of its mode, was seen. */
  knows(pid: number | undefined): boolean {
    return this.#known.has(pid);
  }

  of(pid: number | undefined): Personality {
    if (this.#modes.size === 0) return "64 bit";
    if (!this.#known.has(pid)) this.#inherit(pid);
    return this.#modes.get(pid) ?? "64 bit";
  }

  set(pid: number | undefined, personality: Personality): void {
    this.#see(pid);
    forgetOldest(this.#modes, maxThreads, (oldest) => this.#modes.delete(oldest));
    this.#modes.set(pid, personality);
  }

  /** A call of the thread broke off. */
  interrupted(pid: number | undefined, name: string | undefined): void {
    this.#see(pid);
    if (name !== undefined && isForkCall(name)) this.#forking.add(pid);
  }

  resumed(pid: number | undefined): void {
    if (this.#forking.size > 0) this.#forking.delete(pid);
  }

  /** A call returned: it may have made a thread. */
  follow({ name, result, tracee, personality }: SyscallEvent): void {
    this.#see(tracee.pid);
    if (personality === "64 bit" || result.type !== "value" || result.value <= 0n || !isForkCall(name)) return;
    const child = Number(result.value);
    if (!this.#modes.has(child)) this.set(child, personality);
  }

  ended(pid: number | undefined): void {
    this.#modes.delete(pid);
    this.#known.delete(pid);
    this.#last = undefined;
    this.#forking.delete(pid);
  }

  /** A thread that is seen for the first time: its parent is one of those that are forking. */
  #inherit(pid: number | undefined): void {
    const parents = [...this.#forking].map((parent) => this.#modes.get(parent) ?? "64 bit");
    const [first] = parents;
    if (first !== undefined && first !== "64 bit" && parents.every((mode) => mode === first))
      this.#modes.set(pid, first);
    this.#see(pid);
  }

  #see(pid: number | undefined): void {
    if (pid === this.#last && pid !== undefined) return;
    this.#last = pid;
    forgetOldest(this.#known, maxThreads, (oldest) => this.#known.delete(oldest));
    this.#known.add(pid);
  }
}
