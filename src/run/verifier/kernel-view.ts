import { seccompStatus, type Berth, type Session } from "../session/index.ts";

/** What the kernel said about a container's filter while it ran. `unseen`: nobody asked in time. */
export type FilterSeen = { readonly kind: "filtered" | "unseen" } | { readonly kind: "none"; readonly mode: number };

/**
 * Asks the kernel about each container once the container has started, until `over` aborts. A container is `unseen` if
 * it ended before the question, or if its engine is on another machine.
 */
export async function watchFilters(
  { fleet, engine }: Session,
  over: AbortSignal,
  isMeant: (berth: Berth) => boolean = () => true,
): Promise<ReadonlyMap<Berth, FilterSeen>> {
  const seen = new Map<Berth, FilterSeen>();
  const next = (): Berth | undefined =>
    fleet.berths.find((berth) => berth.starts > 0 && !seen.has(berth) && isMeant(berth));
  while (await fleet.until(() => next() !== undefined, Infinity, over)) {
    const berth = next();
    if (berth === undefined) break;
    const status = await seccompStatus(engine, berth.container.id);
    seen.set(
      berth,
      status === undefined
        ? { kind: "unseen" }
        : status.mode !== 2 || status.own < 1
          ? { kind: "none", mode: status.mode }
          : { kind: "filtered" },
    );
  }
  return seen;
}
