import { isExecve, isHeadOf, type Head } from "./head.ts";
import { maxLine } from "./lines.ts";
import { OpeningOrder } from "./opening-order.ts";
import type { Outlet } from "./outlet.ts";
import type { Tally } from "./tally.ts";
import { Threads, type Thread } from "./threads.ts";

/**
 * More threads than this are not inside of calls at one time (the kernel's default limit of ids is
 * less), nor do they have this many bytes of arguments.
 */
const maxOpen = 65_536;
const maxOpenBytes = 2 * maxLine;

/** Which calls threads are inside of. */
export class OpenCalls {
  /** Where calls are counted. It must know which threads are inside of calls. */
  tally: Tally<unknown> | undefined;
  /** The first half that was printed last: with -z, a second half comes without leader. */
  latestHead: Head | undefined;
  readonly #outlet: Outlet;
  readonly #threads = new Threads(maxOpen);
  readonly #order = new OpeningOrder();
  /** Threads inside of execve. */
  readonly #executing = new Set<number | undefined>();

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  thread(pid: number | undefined): Thread {
    return this.#threads.of(pid);
  }

  /** Even after many more calls, the oldest open one need not be given up. */
  get hasRoom(): boolean {
    return this.#order.count < maxOpen / 2 && this.#order.bytes < maxOpenBytes / 2;
  }

  /**
   * The thread is inside of the call. A hostile log opens calls without end: the oldest are given
   * up.
   */
  open(pid: number | undefined, head: Head): void {
    this.#threads.of(pid).head = head;
    this.#order.add(head);
    this.tally?.lines?.wasm.setOpen(pid ?? -1, true);
    if (isExecve(head.name)) this.#executing.add(pid);
    const order = this.#order;
    while (order.count > maxOpen || (order.bytes > maxOpenBytes && order.count > 1)) {
      const oldest = order.takeOldest();
      if (oldest?.isOpen === true) this.drop(oldest.tracee.pid, "unfinished");
    }
  }

  /** As `open`, of a call that began before others that are open already. */
  openInOrder(pid: number | undefined, head: Head): void {
    this.open(pid, head);
    this.#order.sortLast();
  }

  /** The thread is no longer inside of its call, which is returned. */
  close(pid: number | undefined, thread: Thread = this.#threads.of(pid)): Head | undefined {
    const { head } = thread;
    if (head !== undefined) {
      thread.head = undefined;
      this.#order.remove(head);
      this.tally?.lines?.wasm.setOpen(pid ?? -1, false);
      this.#executing.delete(pid);
    }
    this.#outlet.personalities.resumed(pid);
    return head;
  }

  /** Hands over the call that the thread is inside of: its second half will not come. */
  drop(pid: number | undefined, type: "none" | "unfinished"): void {
    const head = this.close(pid);
    if (head !== undefined) this.#outlet.give(this.#outlet.brokenCall(head, type));
  }

  /** The log has ended. */
  dropAll(): void {
    for (const { isOpen, tracee } of this.#order.all()) if (isOpen) this.drop(tracee.pid, "unfinished");
  }

  /**
   * Closes the execve of a thread that goes on under its leader's id. With -qqq strace does not say
   * so. It is the only thread inside of execve, if the log knows the leader.
   */
  closeTakenOver(name: string, pid: number | undefined): Head | undefined {
    if (!isExecve(name) || this.#executing.size !== 1 || !this.#outlet.personalities.knows(pid)) return undefined;
    const [by] = this.#executing;
    return isHeadOf(this.#threads.of(by).head, name) ? this.close(by) : undefined;
  }

  /**
   * Closes the only open call. Without -o the pid column is gone when one thread is left, which
   * goes on in the mode that it had with a pid.
   */
  closeOnly(name: string): Head | undefined {
    const head = this.#order.only();
    if (!isHeadOf(head, name)) return undefined;
    const pid = head?.tracee.pid;
    const { personalities } = this.#outlet;
    if (!personalities.areNative) personalities.set(undefined, personalities.of(pid));
    return this.close(pid);
  }

  /** The chunk's memory may be used again. */
  letGoOfChunk(): void {
    this.#order.letGoOfChunk();
  }
}
