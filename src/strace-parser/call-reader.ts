import { beforeBlanks, latin1 } from "./bytes.ts";
import { readCall, readCutCall, readResumed, type CallContext, type CallText } from "./call.ts";
import { firstHalf, isHeadOf, joinHalves, type Head } from "./head.ts";
import type { OpenCalls } from "./open-calls.ts";
import type { Outlet } from "./outlet.ts";
import type { StraceEvent } from "./types.ts";
import { sourceOf, unparsed } from "./unparsed.ts";

/** Reads calls closely, whether they stand in one line or in two halves. */
export class CallReader {
  readonly #outlet: Outlet;
  readonly #open: OpenCalls;

  constructor(outlet: Outlet, open: OpenCalls) {
    this.#outlet = outlet;
    this.#open = open;
  }

  /**
   * Reads a whole call, or opens the call of a first half. `complete` is true if a newline ends the line. Returns false
   * if the text is neither.
   *
   *     8 read(3, "ab", 9) = 2
   *            ^^^^^^^^^^^^^^^^ head
   */
  begin(head: Head, complete: boolean): boolean {
    const { pid } = head.tracee;
    const half = firstHalf(head);
    const whole = wholeCall(head, half, complete);
    if (half === undefined && whole === undefined && complete) return false;
    this.#open.drop(pid, "none");
    if (whole !== undefined) {
      this.#outlet.give(this.#outlet.callOf(whole, head));
    } else if (half === undefined || half.released) {
      this.#outlet.give(this.#outlet.brokenCall(half?.head ?? head, "unfinished", half === undefined));
    } else {
      this.#open.latestHead = half.head;
      this.#open.open(pid, half.head);
      this.#outlet.personalities.interrupted(pid, head.name);
    }
    return true;
  }

  /**
   * Reads the second half of a call together with its first half.
   *
   *     8 <... read resumed>"ab", 9) = 2
   *       ^                             ^ start, end
   */
  resume(bytes: Uint8Array, start: number, end: number, complete: boolean, context: CallContext): void {
    const { tracee } = context;
    const resumed = readResumed(bytes, start, end);
    if (resumed === undefined) {
      this.#outlet.give(unparsed("not a line of strace", latin1(bytes, start, end), tracee, sourceOf(context)));
      return;
    }
    const { name, end: after } = resumed;
    const head = this.#closeFor(name, tracee.pid);
    if (head === undefined) {
      this.#outlet.give(this.#orphan(name, bytes, start, after, end, complete, context));
      return;
    }
    // strace may learn the name or the number only when the call ends.
    const begun: Head = {
      name,
      bytes: head.bytes,
      start: head.start,
      end: head.end,
      isOpen: false,
      tracee: tracee.pid === undefined ? head.tracee : tracee,
      number: head.number ?? context.number,
      file: context.file,
      line: head.line,
      column: head.column,
    };
    if (this.begin(joinHalves(begun, bytes, after, end), complete)) return;
    // strace before 5.0 writes a blank after `resumed>`.
    const trimmed = { ...begun, end: beforeBlanks(begun.bytes, begun.start, begun.end) };
    if (this.begin(joinHalves(trimmed, bytes, after, end), true)) return;
    this.#outlet.give(this.#outlet.brokenCall(head, "unfinished"));
  }

  /**
   * Closes the call that a second half of this name belongs to. Without -o, strace writes the pid column only while
   * several threads live, so the first half may have none.
   */
  #closeFor(name: string, pid: number | undefined): Head | undefined {
    const key = isHeadOf(this.#open.thread(pid).head, name) ? pid : undefined;
    if (isHeadOf(this.#open.thread(key).head, name)) return this.#open.close(key);
    return this.#open.closeTakenOver(name, pid) ?? (pid === undefined ? this.#open.closeOnly(name) : undefined);
  }

  /**
   * A second half without a first half: the log begins inside the call. Its arguments are lost. Its name and result are
   * not.
   *
   *     8 <... read resumed>"ab", 9) = 2
   *                         ^ after
   */
  #orphan(
    name: string,
    bytes: Uint8Array,
    start: number,
    after: number,
    end: number,
    complete: boolean,
    context: CallContext,
  ): StraceEvent {
    const text = latin1(bytes, after, end);
    const tail = /\) *= (.*)$/s.exec(text.slice(text.lastIndexOf('"') + 1));
    const bare = tail === null ? undefined : Buffer.from(`) = ${tail[1]}`, "latin1");
    const call = bare === undefined ? undefined : { name, bytes: bare, start: 0, end: bare.length };
    const whole = call === undefined ? undefined : readClosed(call, complete);
    if (whole !== undefined) return this.#outlet.callOf({ ...whole, argsComplete: false }, context);
    const reason = "the second half of a call that never began";
    return unparsed(reason, latin1(bytes, start, end), context.tracee, sourceOf(context));
  }
}

/** `undefined` if the head is only a first half, or no call. */
function wholeCall(head: Head, half: ReturnType<typeof firstHalf>, complete: boolean): CallText | undefined {
  if (half === undefined) return readClosed(head, complete);
  return half.released ? readCall(half.head) : undefined;
}

function readClosed(call: Parameters<typeof readCall>[0], complete: boolean): CallText | undefined {
  return complete ? readCall(call) : readCutCall(call);
}
