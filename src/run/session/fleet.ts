import { setTimeout as delay } from "node:timers/promises";
import { member, textOf, type Document, type EngineClient, type HeldContainer } from "../gateway/index.ts";

/** The state of a container that the user's command created. */
export interface Berth {
  readonly container: HeldContainer;
  /** True if its program waits at the gate. Otherwise the engine's event tells when it started. */
  readonly held: boolean;
  /** The number of times that it ended. */
  ends: number;
  /** The number of times that its program was released. */
  starts: number;
  running: boolean;
  /** The exit code of its last end. */
  exitCode: number | undefined;
  health: "none" | "starting" | "healthy" | "unhealthy";
  /** A client asked for a stop or sent a signal. */
  toldToStop: boolean;
  removed: boolean;
}

/** All containers of a session, and which of them run. The engine's events keep it up to date. */
export class Fleet {
  readonly berths: Berth[] = [];
  readonly #engine: EngineClient;
  readonly #over = new AbortController();
  readonly #waiting = new Set<() => void>();
  /** When a container was last created or started. */
  #changedAt = performance.now();

  constructor(engine: EngineClient) {
    this.#engine = engine;
  }

  add(container: HeldContainer, { held, checked }: { readonly held: boolean; readonly checked: boolean }): Berth {
    const berth: Berth = {
      container,
      held,
      starts: 0,
      ends: 0,
      running: false,
      exitCode: undefined,
      health: checked ? "starting" : "none",
      toldToStop: false,
      removed: false,
    };
    this.berths.push(berth);
    this.#changedAt = performance.now();
    this.#stir();
    return berth;
  }

  of(container: HeldContainer): Berth | undefined {
    return this.berths.find((berth) => berth.container === container);
  }

  get running(): readonly Berth[] {
    return this.berths.filter(({ running }) => running);
  }

  /**
   * The program was released after the container had ended `ends` times. It may have ended again since: engine and
   * keeper speak over two connections.
   */
  letGo(berth: Berth, ends: number): void {
    berth.starts += 1;
    if (berth.ends === ends && !berth.removed) berth.running = true;
    this.#stir();
  }

  /** Follows the engine's events until `close`. Resolves once the engine sends them. */
  async watch(): Promise<void> {
    const lines = await this.#engine.lines(
      `/events?${new URLSearchParams({ filters: JSON.stringify({ type: ["container"] }) }).toString()}`,
      this.#over.signal,
    );
    void (async () => {
      for await (const line of lines) this.#hear(line);
    })()
      .catch(() => undefined)
      .then(() => this.#loseAll());
  }

  /** The engine is gone, and will not report the end of any container. */
  #loseAll(): void {
    if (this.#over.signal.aborted) return;
    for (const berth of this.berths) berth.running = false;
    this.#stir();
  }

  #hear(line: string): void {
    const event = JSON.parse(line) as Document;
    const actor = member(event, "Actor");
    const berth = this.berths.find(({ container }) => container.id === textOf(member(actor, "ID")));
    if (berth === undefined) return;
    const action = textOf(member(event, "Action"));
    if (action === "start") {
      berth.running = true;
      if (!berth.held) berth.starts += 1;
    }
    if (action === "kill") berth.toldToStop = true;
    else if (action === "die") {
      berth.running = false;
      berth.ends += 1;
      berth.exitCode = Number(textOf(member(member(actor, "Attributes"), "exitCode")));
    } else if (action === "destroy") {
      [berth.running, berth.removed] = [false, true];
    } else if (action.startsWith("health_status: "))
      berth.health = action.endsWith("unhealthy") ? "unhealthy" : "healthy";
    if (action === "start") this.#changedAt = performance.now();
    this.#stir();
  }

  /** Resolves to `true` when `condition` holds, checked after each change. `false` after `patienceMs` or an abort. */
  async until(condition: () => boolean, patienceMs: number, signal?: AbortSignal): Promise<boolean> {
    const deadline = performance.now() + patienceMs;
    while (!condition()) {
      const left = deadline - performance.now();
      if (left <= 0 || signal?.aborted === true) return false;
      await Promise.race([
        new Promise<void>((resolve) => this.#waiting.add(resolve)),
        delay(Math.min(left, 250), undefined, { ref: false }),
      ]);
    }
    return true;
  }

  /**
   * True if every container was started, and none that runs awaits its first health check. None may have been created
   * or started for a while. Removed containers do not count.
   */
  isUp(quietMs: number): boolean {
    const alive = this.berths.filter(({ removed }) => !removed);
    return (
      alive.some(({ starts }) => starts > 0) &&
      alive.every(({ starts, health, running }) => starts > 0 && (!running || health !== "starting")) &&
      performance.now() - this.#changedAt >= quietMs
    );
  }

  close(): void {
    this.#over.abort();
  }

  #stir(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
