import { isExecve, isHeadOf, type Head } from "./head.ts";
import { maxLine } from "./lines.ts";
import { OpeningOrder } from "./opening-order.ts";
import type { Outlet } from "./outlet.ts";
import type { Tally } from "./tally.ts";
import { Threads, type Thread } from "./threads.ts";

/**
 * At most this many calls are open, and their arguments have at most this many bytes. No log has more threads inside
 * calls at one time: the kernel's default limit of ids is lower.
 */
const maxOpen = 65_536;
const maxOpenBytes = 2 * maxLine;

/** Which calls threads are inside of. */
export class OpenCalls {
  /** Where calls are counted. It must know which threads are inside calls. */
  tally: Tally<unknown> | undefined;
  /** The latest first half of a call. With -z, a second half comes without a leader. */
  latestHead: Head | undefined;
  readonly #outlet: Outlet;
  readonly #threads = new Threads(maxOpen);
  readonly #order = new OpeningOrder();
  /** Threads inside execve. */
  readonly #executing = new Set<number | undefined>();

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  thread(pid: number | undefined): Thread {
    return this.#threads.of(pid);
  }

  /** True if many more calls may open before the oldest must be given up. */
  get hasRoom(): boolean {
    return this.#order.count < maxOpen / 2 && this.#order.bytes < maxOpenBytes / 2;
  }

  /**
   * Notes that the thread is inside the call. A hostile log opens calls without end, so the oldest ones are given up.
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

  /** As `open`, for a call that began before others that are already open. */
  openInOrder(pid: number | undefined, head: Head): void {
    this.open(pid, head);
    this.#order.sortLast();
  }

  /** The thread has left its call. Returns the call. */
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

  /** Hands over the call that the thread is inside of. Its second half will not come. */
  drop(pid: number | undefined, type: "none" | "unfinished"): void {
    const head = this.close(pid);
    if (head !== undefined) this.#outlet.give(this.#outlet.brokenCall(head, type));
  }

  /** The log has ended. */
  dropAll(): void {
    for (const { isOpen, tracee } of this.#order.all()) if (isOpen) this.drop(tracee.pid, "unfinished");
  }

  /**
   * Closes the execve of a thread that goes on under its leader's id. With -qqq, strace does not report that. The call
   * is known if the log knows the leader and only this thread is inside execve.
   */
  closeTakenOver(name: string, pid: number | undefined): Head | undefined {
    if (!isExecve(name) || this.#executing.size !== 1 || !this.#outlet.personalities.knows(pid)) return undefined;
    const [by] = this.#executing;
    return isHeadOf(this.#threads.of(by).head, name) ? this.close(by) : undefined;
  }

  /**
   * Closes the only open call. Without -o, the pid column disappears when one thread is left. That thread keeps the
   * mode that it had with a pid.
   */
  closeOnly(name: string): Head | undefined {
    const head = this.#order.only();
    if (!isHeadOf(head, name)) return undefined;
    const pid = head?.tracee.pid;
    const { personalities } = this.#outlet;
    if (!personalities.areNative) personalities.set(undefined, personalities.of(pid));
    return this.close(pid);
  }

  /** The chunk's memory may be reused. */
  letGoOfChunk(): void {
    this.#order.letGoOfChunk();
  }
}
