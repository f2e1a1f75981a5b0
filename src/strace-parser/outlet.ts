import { splitList } from "./argument.ts";
import { beforeBlanks } from "./bytes.ts";
import { LazySyscall, type CallContext, type CallText } from "./call.ts";
import type { Digest } from "./fields.ts";
import type { Head } from "./head.ts";
import { Personalities } from "./personalities.ts";
import type { StraceEvent, SyscallEvent } from "./types.ts";

/** Takes an event. */
export type Visitor = (event: StraceEvent) => void;

const comma = 0x2c;

/** Makes the events of calls, and hands all events to the log's reader. */
export class Outlet {
  /** The mode of each thread. A call's event has the mode of its thread. */
  readonly personalities = new Personalities();
  /** The number of events so far, including calls that were only counted. */
  given = 0;
  /** True once the log had a call. */
  sawCall = false;
  #visit: Visitor = ignore;
  readonly #reused = new LazySyscall();
  #reuses = false;

  /** Hands `visit` the events that `work` reads. `reuses`: every call is the same object. */
  while(visit: Visitor, reuses: boolean, work: () => void): void {
    this.#visit = visit;
    this.#reuses = reuses;
    try {
      work();
    } finally {
      this.#visit = ignore;
      this.#reuses = false;
    }
  }

  give(event: StraceEvent): void {
    this.given += 1;
    this.#visit(event);
  }

  /** The event of a call that was read closely. */
  callOf(text: CallText, context: CallContext): SyscallEvent {
    const event = this.#nextCall();
    event.become(text, context, this.personalities.of(context.tracee.pid));
    this.personalities.follow(event);
    return event;
  }

  /** The event of a call that a digest holds. */
  digestedCall(
    bytes: Uint8Array,
    digest: Digest,
    index: number,
    pid: number | undefined,
    file: string | undefined,
    line: number,
  ): SyscallEvent {
    const event = this.#nextCall();
    event.recall(bytes, digest, index, this.personalities.of(pid), file, line);
    this.personalities.follow(event);
    return event;
  }

  /**
   * The event of a call whose second half never comes. `isCutAnywhere`: the log ends here, maybe within an argument.
   * Otherwise strace wrote all that is known before the call returns.
   */
  brokenCall(head: Head, type: "none" | "unfinished", isCutAnywhere = false): SyscallEvent {
    const { name, bytes, start, end } = head;
    const last = beforeBlanks(bytes, start, end);
    const hasComma = last > start && bytes[last - 1] === comma;
    const whole = isCutAnywhere && !hasComma ? splitList(bytes, start, end).at(-2)?.end : undefined;
    const argsEnd = hasComma ? last - 1 : isCutAnywhere ? (whole ?? start) : end;
    const read = { result: { type }, injected: false };
    return this.callOf({ name, before: undefined, bytes, start, end: argsEnd, read, argsComplete: false }, head);
  }

  #nextCall(): LazySyscall {
    this.sawCall = true;
    return this.#reuses ? this.#reused : new LazySyscall();
  }
}

function ignore(): void {}
