import { setTimeout as delay } from "node:timers/promises";
import { capture } from "../container/index.ts";
import { startSidecar, whyNotAttached, type Sidecar, type SidecarPlace } from "./sidecar.ts";

const restartPollMs = 200;
/** This long after strace has ended, the engine knows whether the container has. */
const lossCheckMs = 2_000;

/**
 * Traces a container's held program, and again each time that the container is restarted (restart
 * policies, `docker restart`), until it is disposed of.
 */
export class Follower implements AsyncDisposable {
  readonly #place: SidecarPlace;
  readonly #name: string;
  readonly #over = new AbortController();
  #sidecar: Sidecar | undefined;
  #lost: string | undefined;

  private constructor(place: SidecarPlace, name: string) {
    this.#place = place;
    this.#name = name;
  }

  /**
   * Resolves once the first tracer is attached. Rejects with `tracer-not-attached` where that fails
   * although the container runs. `name` is the log's.
   */
  static async attach(place: SidecarPlace, name: string): Promise<Follower> {
    const follower = new Follower(place, name);
    const first = await follower.#attach();
    void follower.#follow(first).catch((error: unknown) => follower.#giveUp(error));
    return follower;
  }

  /** Why the trace is not the whole of it; `undefined` if it is. */
  get lost(): string | undefined {
    return this.#lost ?? this.#sidecar?.trouble.reason;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#sidecar?.remove();
  }

  async #attach(): Promise<Sidecar> {
    const sidecar = startSidecar(this.#place, this.#name, "running");
    this.#lost ??= this.#sidecar?.trouble.reason;
    this.#sidecar = sidecar;
    await sidecar.attached.catch(async (error: unknown) => {
      await sidecar.remove();
      if (!this.#over.signal.aborted && (await this.#isRunning())) throw error;
    });
    if (this.#over.signal.aborted) await sidecar.remove();
    return sidecar;
  }

  async #follow(first: Sidecar): Promise<void> {
    const over = this.#over.signal;
    for (let sidecar = first; ; sidecar = await this.#attach()) {
      const begun = await this.#life();
      await sidecar.ended;
      if (begun.startsWith("true") && (await this.#life()) === begun) {
        await delay(lossCheckMs, undefined, { signal: over });
        if ((await this.#life()) === begun) {
          this.#lost ??= "strace ended before the workload did (killed, or out of memory?)";
          return;
        }
      }
      while (!over.aborted && !(await this.#isRunning())) await delay(restartPollMs);
      if (over.aborted) return;
    }
  }

  /** A container whose later start cannot be traced is stopped: its program would wait for ever. */
  async #giveUp(error: unknown): Promise<void> {
    if (this.#over.signal.aborted) return;
    this.#lost =
      "the container started once more, and the tracer beside it could not be attached again: " +
      (whyNotAttached(error) ?? String(error));
    await capture(this.#place.cli, ["stop", "--time", "1", this.#place.container]);
  }

  /** Whether the container runs, and since when. */
  async #life(): Promise<string> {
    return this.#inspect("{{.State.Running}} {{.State.StartedAt}}");
  }

  async #isRunning(): Promise<boolean> {
    return (await this.#inspect("{{.State.Running}}")) === "true";
  }

  async #inspect(format: string): Promise<string> {
    return (await capture(this.#place.cli, ["inspect", "--format", format, this.#place.container])).stdout;
  }
}
