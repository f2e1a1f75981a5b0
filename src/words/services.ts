import type { AllowedCounts } from "../core/diff/index.ts";
import type { Policy } from "../core/policy/index.ts";
import { escapeLine } from "../core/text/index.ts";
import { useLines, verifyLines, type Rerun } from "./summary.ts";

/** One of several recordings that were made at once. */
export interface ServiceRow {
  readonly name: string;
  readonly containers: number;
  readonly counts: AllowedCounts;
  readonly derivation: { readonly policy: Policy; readonly ceilingName: string };
  readonly unparsed: number;
  readonly missed: readonly string[];
  readonly paths: { readonly recording: string; readonly profile: string };
}

/**
 * The summary of several recordings: one line each, and then what no container exercised. `verified` says that a
 * verification follows.
 */
export function renderServices(rows: readonly ServiceRow[], rerun: Rerun, verified: boolean): string {
  const head = ["service", "containers", "calls kept", "pinned", "denied and left out", "profile"];
  const table = rows.map((row) => [
    row.name,
    `${row.containers}`,
    kept(row),
    `${notesOf(row, "pinned")}`,
    `${notesOf(row, "above-ceiling")}`,
    row.paths.profile,
  ]);
  const missed = rows.flatMap(({ name, missed: paths }) =>
    paths.length === 0 ? [] : [`${name} did not exercise: ${paths.join(", ")}`],
  );
  const unread = rows.flatMap(({ name, unparsed }) =>
    unparsed === 0 ? [] : [`${name}: ${unparsed} lines of the trace could not be read; the profile may lack calls`],
  );
  const [used = "", ...more] = useLines(
    rows.map(({ name, paths }) => ({ name, profile: paths.profile })),
    rerun,
  );
  const next = verified ? [] : [...verifyLines(`--containers ${rerun.words}`), `then ${used}`, ...more];
  const [{ derivation: first } = { derivation: { ceilingName: "" } }] = rows;
  return [
    `${rows.length} profiles made, compared with ${first.ceilingName}`,
    ...[...columns([head, ...table]), ...missed, ...unread, ...next].map((line) => `  ${escapeLine(line)}`),
  ].join("\n");
}

/** The number of calls kept on the machine's own architecture, which comes first. */
function kept({ counts, derivation }: ServiceRow): string {
  const arch = derivation.policy.filters[0]?.arch;
  return arch === undefined ? "" : `${counts.allowedAfter[arch] ?? 0} of ${counts.allowedBefore[arch] ?? 0}`;
}

function notesOf({ derivation }: ServiceRow, kind: "pinned" | "above-ceiling"): number {
  const names = derivation.policy.notes.flatMap((note) => (note.kind === kind ? [note.syscall] : []));
  return new Set(names).size;
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
