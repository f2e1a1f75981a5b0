import type { Exercised } from "../../core/recording/index.ts";

/** What is known about a container's run beside its trace. */
export interface RunBeside {
  /** The engine killed it: its stop signal did not end it. */
  readonly killed: boolean;
  readonly health: "none" | "seen" | "missed";
  /** The number of commands that ran as `docker exec` would run them. */
  readonly execs: number;
}

/** What services conventionally do on a signal (nginx(8), manuals of httpd and redis). */
const bySignal = [
  ["SIGHUP", "reload (SIGHUP)"],
  ["SIGUSR1", "log rotation (SIGUSR1)"],
] as const;

/**
 * Code paths that tests of a service often leave out and this run left out too, in plain words. `undefined` if the
 * trace shows no connection and no health check was missed.
 */
export function missedPaths(seen: Exercised | undefined, beside: RunBeside | undefined): readonly string[] | undefined {
  const unchecked =
    beside?.health === "missed" ? ["the health check (it failed, or the container ended before it ran)"] : [];
  if (seen?.served !== true) return unchecked.length === 0 ? undefined : unchecked;
  return [
    ...bySignal.filter(([signal]) => !seen.signals.has(signal)).map(([, words]) => words),
    ...(seen.toldToStop
      ? beside?.killed === true
        ? ["an orderly end (it ignored its stop signal and was killed)"]
        : []
      : ["an orderly end (it never got its stop signal)"]),
    ...(seen.failed ? [] : ["errors (no call failed while it served)"]),
    ...unchecked,
    ...(beside?.execs === 0 ? ["docker exec (--exec CMD)"] : []),
  ];
}
