import { Line } from "./call.ts";
import { eventPlaceOf, kindOf, pidOf, recallLine } from "./digest.ts";
import { lineKinds, type Digest } from "./fields.ts";
import { isHeadOf, type Head } from "./head.ts";
import type { OpenCalls } from "./open-calls.ts";
import type { Outlet } from "./outlet.ts";
import type { Thread } from "./threads.ts";
import type { StraceEvent } from "./types.ts";
import type { WovenText } from "./woven-text.ts";

const greater = 0x3e;

/** Takes lines that were understood one by one. Gives each line the meaning that it has after the earlier lines. */
export class PlainCalls {
  /** True if the lines in hand were read while calls were counted. */
  isCounting = false;
  readonly #outlet: Outlet;
  readonly #open: OpenCalls;
  readonly #woven: WovenText;
  /** The call that the line in hand becomes. */
  readonly #line = new Line();

  constructor(file: string | undefined, outlet: Outlet, open: OpenCalls, woven: WovenText) {
    this.#line.file = file;
    this.#outlet = outlet;
    this.#open = open;
    this.#woven = woven;
  }

  /** True if no earlier line changes the meaning of plain calls. */
  get areAlone(): boolean {
    return !this.#woven.isWaiting && this.#outlet.personalities.areNative && this.#open.hasRoom;
  }

  /** False if the line has to be read closely. */
  understand(bytes: Uint8Array, digest: Digest, index: number, line: number): boolean {
    const kind = kindOf(digest, index);
    if (kind === lineKinds.other || kind === lineKinds.news) return false;
    const pid = pidOf(digest, index);
    const thread = this.#open.thread(pid);
    if (this.#woven.isWaiting) {
      if (kind === lineKinds.tail) return false;
      const { start, end } = eventPlaceOf(digest, index);
      if (pid === undefined && this.#woven.goesOn(bytes, start, end)) return true;
    }
    if (kind === lineKinds.tail) return this.#end(pid, thread, bytes, digest, index);
    if (thread.head !== undefined) this.#open.drop(pid, "none");
    if (kind === lineKinds.call)
      this.#offer(this.#outlet.digestedCall(bytes, digest, index, pid, this.#line.file, line));
    else {
      const head = this.headOf(bytes, digest, index, line);
      this.#open.open(pid, head);
      this.#begun(head);
      this.#open.latestHead = head;
    }
    return true;
  }

  /** Opens a call whose line was passed over. Calls that began later may be open already. */
  openPassedOver(bytes: Uint8Array, digest: Digest, line: number): Head {
    const head = this.headOf(bytes, digest, 0, line);
    this.#open.openInOrder(head.tracee.pid, head);
    this.#begun(head);
    return head;
  }

  #begun({ tracee, name }: Head): void {
    this.#outlet.personalities.interrupted(tracee.pid, name);
  }

  /**
   *     8 read(3,  <unfinished ...>
   *            ^^^ start, end
   */
  headOf(bytes: Uint8Array, digest: Digest, index: number, line: number): Head {
    recallLine(this.#line, bytes, digest, index);
    const { name, start, end, tracee, number, file, column } = this.#line;
    return { name, bytes, start, end, isOpen: false, tracee, number, file, line, column };
  }

  /**
   * Reads the second half of a call. Returns false if that half does not plainly belong to the call that the thread is
   * inside of.
   *
   *     8 <... read resumed>"ab", 9) = 2
   *                         ^^^^^^^ start, end
   */
  #end(pid: number | undefined, thread: Thread, bytes: Uint8Array, digest: Digest, index: number): boolean {
    const { head } = thread;
    if (head === undefined) return false;
    const text = this.#line;
    recallLine(text, bytes, digest, index);
    if (!isHeadOf(head, text.name) || (text.end === text.start && head.bytes[head.end - 1] === greater)) return false;
    this.#open.close(pid, thread);
    text.before = head;
    text.number = head.number ?? text.number;
    text.line = head.line;
    text.column = head.column;
    this.#offer(this.#outlet.callOf(text, text));
    return true;
  }

  /** Hands over a call that stands plainly in its line. Calls like it may be counted from now on. */
  #offer(event: StraceEvent): void {
    const { tally } = this.#open;
    if (tally === undefined) return this.#outlet.give(event);
    tally.isOffered = this.isCounting && this.#outlet.personalities.areNative;
    try {
      this.#outlet.give(event);
    } finally {
      tally.isOffered = false;
    }
  }
}
