import {
  canonicalRun,
  codeCoverage,
  madeBy,
  parseRecording,
  stringifyRecording,
  type Recording,
} from "../core/recording/index.ts";
import { checkRecording } from "../core/check/index.ts";
import { hostsOf, profileFor, type ChangedFile } from "../project/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { readProfile, resolveFor } from "../core/profile/index.ts";
import type { OtherArguments, RecordingDoubt, ReviewedRecording } from "../words/index.ts";
import { TooManyWays } from "../core/seccomp/index.ts";
import { defaultCapabilities, type ScmpArch } from "../core/tables/index.ts";
import type { ReviewContext } from "./review-profile.ts";

/**
 * Tells what is new in a recording, which new calls the profile still denies, and what makes the recording doubtful.
 */
export async function reviewRecording(
  { path, formerPath, before, after }: ChangedFile,
  context: ReviewContext,
): Promise<ReviewedRecording> {
  const reviewed = { path, formerPath, changedBy: context.authors.of(path) };
  if (after === undefined) return { ...reviewed, state: { type: "removed" } };
  try {
    const old = before === undefined ? undefined : parseRecording(before, `${formerPath ?? path} before`);
    const next = parseRecording(after, path);
    return { ...reviewed, state: { ...compare(old, next, after), ...(await deniedOf(old, next, path, context)) } };
  } catch (error) {
    if (!(error instanceof SeccompGenError)) throw error;
    return { ...reviewed, state: { type: "unreadable", reason: error.message } };
  }
}

type Compared = Extract<ReviewedRecording["state"], { readonly doubts: unknown }>;

/**
 * New calls that the profile beside the recording denies: those that Docker's default denies too, and the others. A
 * profile that cannot be read is reported elsewhere.
 */
async function deniedOf(
  old: Recording | undefined,
  next: Recording,
  path: string,
  { changes, reference }: ReviewContext,
): Promise<Pick<Compared, "deniedByDocker" | "denied">> {
  const profile = profileFor(path);
  const text = profile === undefined ? undefined : await changes.read(profile);
  if (profile === undefined || text === undefined) return { deniedByDocker: [], denied: [] };
  const was = callsOf(old);
  const hosts = hostsOf(next);
  const deniedBy = (filters: Parameters<typeof checkRecording>[1]): ReadonlySet<string> =>
    new Set(
      checkRecording(next, filters)
        .filter(
          ({ kind, syscall, args }) =>
            kind === "denied" &&
            !(args.length === 0
              ? was.has(syscall)
              : was.get(syscall)?.has(args.map(({ value }) => value).join()) === true),
        )
        .map(({ syscall }) => syscall),
    );
  try {
    const names = [...deniedBy(resolveFor(readProfile(text, profile), hosts))].sort();
    const byDocker = deniedBy(resolveFor(reference.profile, hosts));
    return {
      deniedByDocker: names.filter((name) => byDocker.has(name)),
      denied: names.filter((name) => !byDocker.has(name)),
    };
  } catch (error) {
    if (!(error instanceof SeccompGenError || error instanceof TooManyWays)) throw error;
    return { deniedByDocker: [], denied: [] };
  }
}

function compare(
  old: Recording | undefined,
  next: Recording,
  text: string,
): Omit<Compared, "deniedByDocker" | "denied"> {
  const known = new Set(old?.runs.map(canonicalRun));
  const newRuns = next.runs.filter((run) => !known.has(canonicalRun(run)));
  const [was, is] = [callsOf(old), callsOf(next)];
  const added = [...is.keys()].filter((name) => !was.has(name)).sort();
  const otherArguments = otherArgumentsOf(next, was);
  const before = capabilitiesOf(old);
  return {
    type: old === undefined ? "added" : "changed",
    newRuns,
    goneRuns: (old?.runs.length ?? 0) + newRuns.length - next.runs.length,
    added,
    removed: [...was.keys()].filter((name) => !is.has(name)).sort(),
    otherArguments,
    capabilities: [...capabilitiesOf(next)].filter((name) => !before.has(name)).sort(),
    coverage: codeCoverage(next),
    lostNoNewPrivileges: old !== undefined && withoutNewPrivileges(old) && !withoutNewPrivileges(next),
    doubts: doubtsOf({
      old,
      next,
      text,
      fresh: added.length + otherArguments.length > 0 && newRuns.length === 0,
      cut: newRuns.some(({ ended }) => ended === "cut"),
    }),
  };
}

function doubtsOf({
  old,
  next,
  text,
  fresh,
  cut,
}: {
  readonly old: Recording | undefined;
  readonly next: Recording;
  readonly text: string;
  readonly fresh: boolean;
  readonly cut: boolean;
}): readonly RecordingDoubt[] {
  return [
    ...(old !== undefined && fresh ? (["no-new-run"] as const) : []),
    ...(stringifyRecording(next) === text.replaceAll("\r\n", "\n") ? [] : (["not-canonical"] as const)),
    ...(cut ? (["cut"] as const) : []),
  ];
}

/** The new arguments of calls that were recorded before, and the programs that passed them. */
function otherArgumentsOf(
  { syscalls }: Recording,
  was: ReadonlyMap<string, ReadonlySet<string>>,
): readonly OtherArguments[] {
  const told = new Set<string>();
  return Object.entries(syscalls)
    .flatMap(([arch, byName]) =>
      Object.entries(byName).flatMap(([syscall, record]): OtherArguments[] => {
        const known = was.get(syscall);
        if (known === undefined || record.args === undefined) return [];
        const { indices } = record.args;
        const made = madeBy(record);
        const about = { arch: arch as ScmpArch, syscall };
        if (made === undefined) return known.has("many") ? [] : [{ ...about, args: [], programs: record.processes }];
        return made
          .filter(({ tuple }) => !known.has(tuple.join()))
          .map(({ tuple, programs }) => ({
            ...about,
            args: tuple.flatMap((value, at) => (value === null ? [] : [{ index: indices[at] ?? 0, value }])),
            programs,
          }));
      }),
    )
    .filter(({ syscall, args }) => {
      const key = `${syscall} ${args.map(({ index, value }) => `${index}=${value}`).join()}`;
      return !told.has(key) && told.add(key);
    })
    .sort((a, b) => (a.syscall < b.syscall ? -1 : a.syscall > b.syscall ? 1 : 0));
}

/** For each syscall, the recorded values of its arguments as text. All architectures count together. */
function callsOf(recording: Recording | undefined): ReadonlyMap<string, ReadonlySet<string>> {
  const calls = new Map<string, Set<string>>();
  for (const byName of Object.values(recording?.syscalls ?? {})) {
    for (const [name, { args }] of Object.entries(byName)) {
      const values = calls.get(name) ?? new Set();
      calls.set(name, values);
      if (args !== undefined)
        for (const value of args.values === "many" ? ["many"] : args.values.map((tuple) => tuple.join()))
          values.add(value);
    }
  }
  return calls;
}

function capabilitiesOf(recording: Recording | undefined): ReadonlySet<string> {
  return new Set([
    ...defaultCapabilities,
    ...(recording?.runs.flatMap(({ capabilities }) => capabilities ?? []) ?? []),
  ]);
}

function withoutNewPrivileges({ runs }: Recording): boolean {
  return runs.every(({ noNewPrivileges }) => noNewPrivileges === true);
}
