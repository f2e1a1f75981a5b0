import { constants } from "node:os";
import { hearCrash } from "../tracer/index.ts";
import { Deferred } from "./deferred.ts";
import type { Saying } from "./frames.ts";
import { withoutHeld } from "./without-held.ts";

/** How a trace ended. */
export type TraceEnd =
  /** strace saw every traced process end, and every byte that it wrote was read. */
  | { readonly kind: "complete" }
  /** The first process crashed. strace was ended so that this process could die. If it dies, the trace is complete. */
  | { readonly kind: "crashed"; readonly signal: string }
  | { readonly kind: "broken"; readonly why: string };

/** Sends the keeper a command about this trace. */
type Say = (verb: "stop" | "crash", ...fields: readonly string[]) => void;

/** At most this many pieces of up to 128 KiB wait to be read. */
const mostPending = 256;

/** The growing trace of one program and of everything that it starts. */
export class Trace {
  readonly #say: Say;
  readonly #pending: Buffer[] = [];
  #received = 0;
  #isOver = false;
  /** strace was ended on purpose, or had nothing to trace. Then its end says nothing about the trace. */
  #mayEnd = false;
  #wake: (() => void) | undefined;
  #emptied: (() => void) | undefined;
  readonly #attached = new Deferred<boolean>();
  readonly #end = new Deferred<TraceEnd>();
  #broken: string | undefined;
  #crash: string | undefined;
  #isLet = false;

  constructor(say: Say) {
    this.#say = say;
  }

  /** The bytes of the trace, without the holder's own calls. */
  get chunks(): AsyncIterable<Uint8Array> {
    return hearCrash(withoutHeld(this.#bytes()), ({ thread, signal }) => {
      this.#crash = signal;
      this.#say("crash", `${thread}`, `${constants.signals[signal]}`);
    });
  }

  /** Was strace attached? The program goes on either way. */
  get attached(): Promise<boolean> {
    return this.#attached.promise;
  }

  get end(): Promise<TraceEnd> {
    return this.#end.promise;
  }

  /** Ends strace. The traced processes go on. */
  stop(): void {
    this.#mayEnd = true;
    this.#say("stop");
  }

  hear(saying: Extract<Saying, { number: number }>): void {
    switch (saying.kind) {
      case "traced":
        return this.#attached.resolve(true);
      case "gone":
        this.#mayEnd = true;
        return this.#attached.resolve(false);
      case "failed":
        this.#broken ??= "strace could not be attached";
        return this.#attached.resolve(false);
      case "let":
        this.#isLet = this.#mayEnd = true;
        return;
      case "about":
        return;
      case "data":
        this.#received += saying.bytes.length;
        this.#pending.push(saying.bytes);
        return this.#stir();
      case "end":
        if (!this.#mayEnd && (saying.how === "killed" || saying.code !== 0))
          this.#broken ??=
            "strace ended before the workload did " +
            `(${saying.how === "killed" ? "signal" : "exit code"} ${saying.code})`;
        if (saying.length !== this.#received)
          this.#broken ??= `strace wrote ${saying.length} bytes, but only ${this.#received} arrived`;
        return this.#finish();
    }
  }

  /** Marks the trace as incomplete. */
  doubt(why: string): void {
    this.#broken ??= why;
  }

  /** Ends the trace as incomplete. */
  breakOff(why: string): void {
    this.#broken ??= why;
    this.#finish();
  }

  #finish(): void {
    this.#isOver = true;
    this.#attached.resolve(false);
    const whole: TraceEnd = this.#isLet ? { kind: "crashed", signal: this.#crash ?? "?" } : { kind: "complete" };
    this.#end.resolve(this.#broken === undefined ? whole : { kind: "broken", why: this.#broken });
    this.#stir();
  }

  #stir(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Resolves when the trace has room for more bytes. */
  async room(): Promise<void> {
    while (this.#pending.length > mostPending) await new Promise<void>((resolve) => (this.#emptied = resolve));
  }

  async *#bytes(): AsyncGenerator<Buffer> {
    for (;;) {
      const next = this.#pending.shift();
      this.#emptied?.();
      if (next !== undefined) yield next;
      else if (this.#isOver) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
