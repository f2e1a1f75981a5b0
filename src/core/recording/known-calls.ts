import type { ScmpArch } from "../tables/index.ts";
import { inspectedArguments } from "./inspected-arguments.ts";
import { followsProgram } from "./programs.ts";
import type { Recording, SyscallRecord } from "./types.ts";

/**
 * Calls about which another run could say nothing that a profile needs. They were carried out. They have no inspected
 * arguments, or these had too many values to be pinned. Calls that show which program runs are never among them.
 */
export function fullyKnown(recording: Recording): ReadonlyMap<ScmpArch, readonly string[]> {
  return new Map(
    Object.entries(recording.syscalls).map(([arch, calls]) => [
      arch as ScmpArch,
      Object.entries(calls)
        .filter(([name, record]) => isFullyKnown(arch as ScmpArch, name, record))
        .map(([name]) => name),
    ]),
  );
}

function isFullyKnown(arch: ScmpArch, name: string, { results, args }: SyscallRecord): boolean {
  return (
    wasCarriedOut(name, results) &&
    (args?.values === "many" || inspectedArguments(arch, name) === undefined) &&
    !followsProgram(name)
  );
}

/** Answers of filters, and of missing privileges or features. On another day the call may succeed. */
const refusals: ReadonlySet<string> = new Set(["EPERM", "EACCES", "ENOSYS", "SIGSYS", "?"]);

/**
 * The kernel carried the call out, or said why it could not. A connect(2) that finds no listener may be left out of a
 * profile.
 */
function wasCarriedOut(name: string, results: readonly string[]): boolean {
  if (name === "exit" || name === "exit_group") return true;
  return results.includes("ok") || (name !== "connect" && results.some((result) => !refusals.has(result)));
}

/** The calls of `more` that `base` does not have, or not with these argument values. Sorted. */
export function newCalls(base: Recording | undefined, more: Recording): readonly string[] {
  const names = Object.entries(more.syscalls).flatMap(([arch, calls]) => {
    const before = base?.syscalls[arch as ScmpArch] ?? {};
    return Object.entries(calls)
      .filter(([name, record]) => !Object.hasOwn(before, name) || hasNewValues(before[name], record))
      .map(([name]) => name);
  });
  return [...new Set(names)].sort();
}

function hasNewValues(before: SyscallRecord | undefined, { args }: SyscallRecord): boolean {
  const known = before?.args?.values ?? [];
  if (args === undefined || known === "many") return false;
  if (args.values === "many") return true;
  const tuples = new Set(known.map((tuple) => tuple.join()));
  return args.values.some((tuple) => !tuples.has(tuple.join()));
}
