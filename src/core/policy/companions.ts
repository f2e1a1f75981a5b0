import { companionRows, onlyGlibc, twinRows, type CompanionRow } from "./companion-rows.ts";
import { isProgram } from "./runtimes.ts";

/** A companion call and why it is there. */
export interface Companion {
  readonly name: string;
  readonly reason: string;
  readonly source: string;
}

/** What the rows need to know of a recording. */
export interface Seen {
  readonly calls: ReadonlySet<string>;
  readonly programs: ReadonlySet<string>;
  /** True if the recording saw a new process. New threads do not count. */
  readonly forks: boolean;
  /** True if the code of all programs was read and none of it makes this call. */
  readonly isNotInCode: (name: string) => boolean;
}

/** The companions of the observed calls. Only observed calls have twins; companions have none. */
export function companionsOf({ calls, programs, forks, isNotInCode }: Seen): readonly Companion[] {
  const seen = (name: string): boolean => calls.has(name);
  const applies = (row: Pick<CompanionRow, "programs">): boolean =>
    row.programs === undefined || [...programs].some((name) => isProgram(name, row.programs ?? []));
  const fires = (row: CompanionRow): boolean =>
    (row.triggers.length === 0 || row.triggers.some(seen)) &&
    (row.with ?? []).every(seen) &&
    !(row.without ?? []).some(seen) &&
    applies(row);
  const rows = companionRows.filter(fires);
  const twins = twinRows.filter(
    (row) =>
      [...row.names, ...(row.older ?? []), ...(row.glibc ?? [])].some(seen) &&
      (row.forks === undefined || forks) &&
      applies(row),
  );
  const otherLibc = !seen(onlyGlibc);
  const all = [
    ...rows.flatMap(({ names, reason, source, guess }) =>
      names.filter((name) => guess === undefined || !isNotInCode(name)).map((name) => ({ name, reason, source })),
    ),
    ...twins.flatMap(({ names, glibc = [], source }) =>
      [...names, ...(otherLibc ? glibc : [])].map((name) => ({
        name,
        reason: "another libc or architecture uses it for the same operation",
        source,
      })),
    ),
  ];
  const first = new Map(all.toReversed().map((companion) => [companion.name, companion]));
  return [...first.values()].filter(({ name }) => !seen(name));
}
