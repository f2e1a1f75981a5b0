import type { TraceEnd } from "../tracer/index.ts";

/** What became of the processes that ran beside a workload, by label: the last attempt counts. */
export class SideOutcomes {
  readonly #failures = new Map<string, string>();
  readonly #succeeded = new Set<string>();

  add(label: string, end: TraceEnd): void {
    const failure = failureOf(end);
    if (end.kind === "stopped") return; // its container ended under it, which says nothing
    if (failure === undefined) {
      this.#failures.delete(label);
      this.#succeeded.add(label);
    } else this.#failures.set(label, failure);
  }

  /** Labels and reasons of those that could not be traced, or failed. */
  failures(): readonly (readonly [label: string, reason: string])[] {
    return [...this.#failures];
  }

  /** Whether one with this label was traced and succeeded at least once. */
  hasSucceeded(label: string): boolean {
    return this.#succeeded.has(label);
  }
}

function failureOf(end: TraceEnd): string | undefined {
  switch (end.kind) {
    case "exited":
      return end.exitCode === 0 ? undefined : `it ended with exit code ${end.exitCode}`;
    case "stopped":
      return undefined;
    case "cut":
      return `its trace broke off: ${end.reason}`;
    case "failed":
      return `it could not be traced: ${"detail" in end.error.problem ? end.error.problem.detail : end.error.message}`;
    default:
      return end satisfies never;
  }
}
