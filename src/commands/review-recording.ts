import { parseRecording, stringifyRecording } from "../aggregator/index.ts";
import { canonicalRun } from "../aggregator/recording.ts";
import type { Recording } from "../aggregator/types.ts";
import { SeccompGenError } from "../errors.ts";
import type { ChangedFile } from "../project/changed-files.ts";
import type { RecordingDoubt, ReviewedRecording } from "../review/review-model.ts";
import { defaultCapabilities } from "../tables/index.ts";

/** What a recording has that its former state had not, and what makes that doubtful. */
export function reviewRecording({ path, formerPath, before, after }: ChangedFile): ReviewedRecording {
  const reviewed = { path, formerPath };
  if (after === undefined) return { ...reviewed, state: { type: "removed" } };
  try {
    return { ...reviewed, state: compare(before === undefined ? undefined : parseRecording(before, `${formerPath ?? path} before`), parseRecording(after, path), after) };
  } catch (error) {
    if (!(error instanceof SeccompGenError)) throw error;
    return { ...reviewed, state: { type: "unreadable", reason: error.message } };
  }
}

type Compared = Extract<ReviewedRecording["state"], { readonly doubts: unknown }>;

function compare(old: Recording | undefined, next: Recording, text: string): Compared {
  const known = new Set(old?.runs.map(canonicalRun));
  const newRuns = next.runs.filter((run) => !known.has(canonicalRun(run)));
  const [was, is] = [callsOf(old), callsOf(next)];
  const added = [...is.keys()].filter((name) => !was.has(name)).sort();
  const otherArguments = [...is].filter(([name, values]) => was.has(name) && [...values].some((value) => was.get(name)?.has(value) !== true)).map(([name]) => name).sort();
  const before = capabilitiesOf(old);
  return {
    type: old === undefined ? "added" : "changed",
    newRuns,
    goneRuns: (old?.runs.length ?? 0) + newRuns.length - next.runs.length,
    added,
    removed: [...was.keys()].filter((name) => !is.has(name)).sort(),
    otherArguments,
    capabilities: [...capabilitiesOf(next)].filter((name) => !before.has(name)).sort(),
    lostNoNewPrivileges: old !== undefined && withoutNewPrivileges(old) && !withoutNewPrivileges(next),
    doubts: doubtsOf({ old, next, text, fresh: added.length + otherArguments.length > 0 && newRuns.length === 0, cut: newRuns.some(({ ended }) => ended === "cut") }),
  };
}

function doubtsOf({ old, next, text, fresh, cut }: { readonly old: Recording | undefined; readonly next: Recording; readonly text: string; readonly fresh: boolean; readonly cut: boolean }): readonly RecordingDoubt[] {
  return [
    ...(old !== undefined && fresh ? (["no-new-run"] as const) : []),
    ...(stringifyRecording(next) === text.replaceAll("\r\n", "\n") ? [] : (["not-canonical"] as const)),
    ...(cut ? (["cut"] as const) : []),
  ];
}

/** Per syscall, on whatever architecture, the values of its arguments as text. */
function callsOf(recording: Recording | undefined): ReadonlyMap<string, ReadonlySet<string>> {
  const calls = new Map<string, Set<string>>();
  for (const byName of Object.values(recording?.syscalls ?? {})) {
    for (const [name, { args }] of Object.entries(byName)) {
      const values = calls.get(name) ?? new Set();
      calls.set(name, values);
      if (args !== undefined) for (const value of args.values === "many" ? ["many"] : args.values.map((tuple) => tuple.join())) values.add(value);
    }
  }
  return calls;
}

function capabilitiesOf(recording: Recording | undefined): ReadonlySet<string> {
  return new Set([...defaultCapabilities, ...(recording?.runs.flatMap(({ capabilities }) => capabilities ?? []) ?? [])]);
}

function withoutNewPrivileges({ runs }: Recording): boolean {
  return runs.every(({ noNewPrivileges }) => noNewPrivileges === true);
}
