import { isForkCall } from "./forks.ts";
import { forgetOldest, maxThreads } from "./oldest.ts";
import type { Personality, SyscallEvent } from "./types.ts";

/**
 * The mode in which each thread runs. strace reports when a thread changes its mode. Children and new threads begin in
 * their parent's mode, which strace does not report (syscall.c, `update_personality`). They often appear before the
 * parent's call has returned.
 */
export class Personalities {
  /** Only threads that are not, or may no longer be, in the native mode. */
  readonly #modes = new Map<number | undefined, Personality>();
  readonly #known = new Set<number | undefined>();
  /** Threads inside of a call that makes a thread. */
  readonly #forking = new Set<number | undefined>();

  /** The thread that was seen last. */
  #last: number | undefined;

  /** True if no process is or was in another mode than the native one. */
  get areNative(): boolean {
    return this.#modes.size === 0;
  }

  /** Does the log have a call of the thread, or a change of its mode? */
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

  /** A call returned. It may have made a thread. */
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

  /** A thread appears for the first time. Its parent is one of those that are forking. */
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
