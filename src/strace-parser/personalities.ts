import type { Personality, SyscallEvent } from "./types.ts";

const forks = /^(?:v?fork|clone3?)$/;

/**
 * Which mode each thread runs in. strace says it when a thread changes; children and new threads begin in their parent's without a word (strace syscall.c,
 * `update_personality`), often before the parent's call has returned.
 */
export class Personalities {
  /** Only threads that are not, or no longer surely, in the native mode. */
  readonly #modes = new Map<number | undefined, Personality>();
  readonly #known = new Set<number | undefined>();
  /** Threads inside of a call that makes a thread. */
  readonly #forking = new Set<number | undefined>();

  of(pid: number | undefined): Personality {
    if (this.#modes.size === 0) return "64 bit";
    if (!this.#known.has(pid)) this.#inherit(pid);
    return this.#modes.get(pid) ?? "64 bit";
  }

  set(pid: number | undefined, personality: Personality): void {
    this.#known.add(pid);
    this.#modes.set(pid, personality);
  }

  /** A call of the thread broke off. */
  interrupted(pid: number | undefined, name: string | undefined): void {
    this.#known.add(pid);
    if (name !== undefined && forks.test(name)) this.#forking.add(pid);
  }

  resumed(pid: number | undefined): void {
    this.#forking.delete(pid);
  }

  /** A call returned: it may have made a thread. */
  follow({ name, result, tracee, personality }: SyscallEvent): void {
    this.#known.add(tracee.pid);
    if (personality === "64 bit" || result.type !== "value" || result.value <= 0n || !forks.test(name)) return;
    const child = Number(result.value);
    if (!this.#modes.has(child)) this.set(child, personality);
  }

  ended(pid: number | undefined): void {
    this.#modes.delete(pid);
    this.#known.delete(pid);
    this.#forking.delete(pid);
  }

  /** A thread that is seen for the first time: its parent is one of those that are forking. */
  #inherit(pid: number | undefined): void {
    const parents = [...this.#forking].map((parent) => this.#modes.get(parent) ?? "64 bit");
    const [first] = parents;
    if (first !== undefined && first !== "64 bit" && parents.every((mode) => mode === first)) this.#modes.set(pid, first);
    this.#known.add(pid);
  }
}
