import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { SeccompGenError } from "../../core/errors/index.ts";
import { capture, type SideProcess } from "../container/index.ts";
import { startSidecar, whyNotAttached, type SidecarPlace } from "./sidecar.ts";
import { containerStrace, heldWords, straceWords, traceFolder } from "./strace-command.ts";
import { killedExitCode, type Trace, type TraceEnd, type TracerPlace } from "./trace.ts";
import { withoutHolder } from "./without-holder.ts";

const sideTimeoutMs = 60_000;
/** Processes that a side process leaves behind are still traced for this long. */
const sideGraceMs = 2_000;

/** Where a side process is run and traced, and its log read. */
export interface SidePlace extends SidecarPlace {
  readonly tracer: TracerPlace;
  /** The helper container in which logs are read. */
  readonly reader: string;
  /** Aborted when nobody needs the trace any more. */
  readonly over: AbortSignal;
}

/** What became of a side process, before its log is read. */
interface Ran {
  readonly exitCode: number;
  readonly stderr: string;
  /** Why no sidecar could be attached. */
  readonly unattached: string | undefined;
  /** Why the log is not the whole of it. */
  readonly lost: string | undefined;
}

/** One process that is run under strace in a running container, as the engine's `exec` runs it. */
export class SideTrace implements Trace {
  readonly name: string;
  readonly label: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly end: Promise<TraceEnd>;
  readonly #place: SidePlace;
  readonly #containerOver: AbortSignal | undefined;
  readonly #ran: Promise<Ran>;
  /** Whether the log could be read. */
  readonly #read: Promise<boolean>;
  #setRead: (isWhole: boolean) => void = () => undefined;

  /** `containerOver` is aborted when the container has ended, or is about to be stopped. */
  constructor(place: SidePlace, side: SideProcess, name: string, containerOver?: AbortSignal) {
    this.name = name;
    this.label = side.label;
    this.#place = place;
    this.#containerOver = containerOver;
    this.#ran = runTraced(place, side, name);
    this.#read = new Promise((resolve) => (this.#setRead = resolve));
    this.#ran.catch(() => undefined); // `end` rejects with it
    this.chunks = this.#chunks();
    this.end = this.#end();
  }

  /** Resolves once it and its tracer have ended, to whether it succeeded. */
  async succeeds(): Promise<boolean> {
    const { exitCode, lost } = await this.#ran;
    return exitCode === 0 && lost === undefined;
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    let isWhole = false;
    try {
      await this.#ran;
      const { cli, reader, over } = this.#place;
      const [file = "", ...words] = cli.words;
      const cat = execa(file, [...words, "exec", reader, "cat", `${traceFolder}/${this.name}`], {
        stdin: "ignore",
        encoding: "buffer",
        buffer: { stdout: false, stderr: true },
        reject: false,
        cancelSignal: over,
      });
      yield* withoutHolder(cat.stdout as AsyncIterable<Uint8Array>);
      isWhole = (await cat).exitCode === 0;
    } finally {
      this.#setRead(isWhole);
    }
  }

  async #end(): Promise<TraceEnd> {
    const ran = await this.#ran;
    const isRead = await Promise.race([this.#read, aborted(this.#place.over)]);
    const program = {
      exitCode: ran.exitCode,
      killed: ran.exitCode === killedExitCode,
      whileExitCode: undefined,
      said: ran.stderr,
    };
    const isUntraced = !isRead || (ran.unattached !== undefined && ran.exitCode !== 0);
    const isWhole = !isUntraced && ran.lost === undefined;
    if (this.#containerOver?.aborted === true && !(isWhole && ran.exitCode === 0))
      return { kind: "stopped", by: "container", ...program };
    if (isUntraced) {
      const detail = ran.unattached ?? ran.stderr.trim().split("\n").at(-1) ?? "";
      return { kind: "failed", error: new SeccompGenError({ code: "tracer-not-attached", detail }) };
    }
    return ran.lost === undefined ? { kind: "exited", ...program } : { kind: "cut", reason: ran.lost, ...program };
  }
}

async function runTraced(place: SidePlace, side: SideProcess, name: string): Promise<Ran> {
  const isBeside = place.tracer === "sidecar";
  const program = isBeside
    ? heldWords(place.session, name, side.words)
    : straceWords(containerStrace, `${traceFolder}/${name}`, side.words, { detached: false, more: place.strace });
  const running = capture(place.cli, ["exec", place.container, ...program], { timeout: sideTimeoutMs });
  let unattached: string | undefined;
  const sidecar = isBeside ? startSidecar(place, name, "beginning") : undefined;
  sidecar?.attached.catch((error: unknown) => (unattached = whyNotAttached(error) ?? String(error)));
  const ran = await running;
  await Promise.race([sidecar?.ended, delay(sideGraceMs)]);
  await sidecar?.remove();
  return { exitCode: ran.exitCode, stderr: ran.stderr, unattached, lost: sidecar?.trouble.reason };
}

function aborted(signal: AbortSignal): Promise<false> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(false);
    else signal.addEventListener("abort", () => resolve(false), { once: true });
  });
}
