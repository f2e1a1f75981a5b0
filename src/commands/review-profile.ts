import { dirname, join } from "node:path";
import { canonicalRun, parseRecording, type Recording } from "../core/recording/index.ts";
import { assess, type Assessment, type Opening } from "../core/judgement/index.ts";
import {
  derive,
  hostsOf,
  loadReference,
  parseStoredPolicy,
  resolveFor,
  sourceFolder,
  type ChangedFile,
  type Changes,
  type Derivation,
  type PolicyArguments,
  type Reference,
} from "../project/index.ts";
import type { Authors } from "./authors.ts";
import { diffFilters } from "../core/diff/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { dangerousCalls, lintProfile } from "../core/lint/index.ts";
import {
  offsetOf,
  positionAt,
  profilePointer,
  readProfile,
  type DockerProfile,
  type HostContext,
} from "../core/profile/index.ts";
import type { FailureKind, JudgedProfile, Place, PlacedFinding, ReviewedProfile } from "../words/index.ts";
import { allowsSome, TooManyWays, type Filter } from "../core/seccomp/index.ts";
import { allCapabilities, exposureOf, nativeArch, type ScmpArch } from "../core/tables/index.ts";

/** What every profile is held against. */
export interface ReviewContext {
  readonly changes: Changes;
  /** For profiles without a recording. */
  readonly fallbackHost: HostContext;
  readonly reference: Reference;
  readonly authors: Authors;
}

/**
 * Judges one profile against what it was, and against what its recording gives. Nothing in the
 * files makes it fail: what cannot be judged is said.
 */
export async function reviewProfile(file: ChangedFile, context: ReviewContext): Promise<ReviewedProfile> {
  const reviewed = { path: file.path, formerPath: file.formerPath };
  try {
    return { ...reviewed, state: await judge(file, context) };
  } catch (error) {
    if (error instanceof TooManyWays)
      return { ...reviewed, state: { type: "unreadable", reason: `its rules cannot be compared: ${error.message}` } };
    if (!(error instanceof SeccompGenError)) throw error;
    return { ...reviewed, state: { type: "unreadable", reason: error.message } };
  }
}

async function judge(file: ChangedFile, { changes, fallbackHost, reference }: ReviewContext): Promise<JudgedProfile> {
  const sources = file.after === undefined ? undefined : await sourcesOf(file, changes);
  const hosts = sources === undefined ? [fallbackHost] : hostsOf(sources.recording);
  const [host = fallbackHost] = hosts;
  const ceiling = resolveFor(reference.profile, hosts);
  // Without a profile of its own a container has Docker's default.
  const before =
    file.before === undefined ? reference.profile : readProfile(file.before, `${file.formerPath ?? file.path} before`);
  const after = file.after === undefined ? reference.profile : readProfile(file.after, file.path);
  const assessment = assess(resolveFor(before, hosts), resolveFor(after, hosts), {
    ceiling,
    derived: sources?.derived,
  });
  const elsewhere = file.after === undefined ? [] : openedElsewhere(before, after, hosts, assessment);
  const source =
    file.after === undefined
      ? "removed"
      : sources === undefined
        ? "none"
        : sources.made.profile === file.after
          ? "same"
          : "different";
  const findings =
    file.after === undefined
      ? []
      : newFindings(file, { before, after, text: file.after }, { host, ceiling, ceilingName: reference.name });
  return {
    type: file.before === undefined ? "added" : file.after === undefined ? "removed" : "changed",
    assessment,
    elsewhere,
    places: assessment.openings.map((opening) => placeOf(opening, file)),
    source,
    recording: sources?.path,
    newRuns: sources?.newRuns ?? [],
    keeps: file.before === undefined ? keptDangers(resolveFor(after, hosts)) : [],
    findings,
    failures: failuresOf(assessment, elsewhere, source, findings),
  };
}

/** Calls that attackers look for, of those that a profile allows with some arguments. */
function keptDangers(filters: Filters): readonly string[] {
  const names = [...filters.values()].flatMap((filter) =>
    dangerousCalls.flatMap((row) => row.names).filter((name) => allowsSome(filter, name)),
  );
  return [...new Set(names)].sort();
}

/**
 * Which rules count depends on the host (includes, excludes): what is closed on those that were
 * recorded may be open on others.
 */
function openedElsewhere(
  before: DockerProfile,
  after: DockerProfile,
  hosts: readonly HostContext[],
  here: Assessment,
): readonly string[] {
  const conditions = [before, after]
    .flatMap(({ syscalls }) => syscalls.flatMap(({ includes, excludes }) => [includes, excludes]))
    .filter((condition) => condition !== undefined);
  if (conditions.length === 0) return [];
  const arches = new Set([
    ...hosts.map(({ arch }) => arch),
    ...conditions.flatMap((condition) => condition.arches ?? []).flatMap((name) => nativeArch(name) ?? []),
  ]);
  const others = [...arches].flatMap((arch) =>
    hosts.slice(0, 1).flatMap((host) =>
      [allCapabilities, []].flatMap((capabilities) =>
        [undefined, "0.0"].map((kernel): HostContext => ({
          ...host,
          arch,
          capabilities: new Set(capabilities),
          kernel,
        })),
      ),
    ),
  );
  const known = new Set(here.openings.map(({ change }) => change.syscall));
  const opened = others.flatMap((other) =>
    diffFilters(resolveFor(before, [other]), resolveFor(after, [other])).syscalls.filter(
      ({ kind }) => kind === "newly-allowed" || kind === "widened",
    ),
  );
  return [...new Set(opened.map(({ syscall }) => syscall))].filter((name) => !known.has(name)).sort();
}

interface Sources {
  readonly path: string;
  readonly recording: Recording;
  readonly made: Derivation;
  readonly derived: { readonly now: Filters; readonly formerOptions: Filters; readonly before: Filters | undefined };
  readonly newRuns: Recording["runs"];
}

type Filters = ReadonlyMap<ScmpArch, Filter>;

/**
 * What the committed recording gives with the committed options, and what their former states gave:
 * profiles/NAME.json belongs to traces/NAME/recording.json.
 */
async function sourcesOf({ path, formerPath }: ChangedFile, changes: Changes): Promise<Sources | undefined> {
  const folder = sourceFolder(path);
  const text = folder === undefined ? undefined : await changes.read(`${folder}/recording.json`);
  if (folder === undefined || text === undefined) return undefined;
  const recording = parseRecording(text, `${folder}/recording.json`);
  const policy = parseStoredPolicy(await changes.read(`${folder}/policy.json`), `${folder}/policy.json`);
  const former = sourceFolder(formerPath ?? path) ?? folder;
  const formerText =
    (await changes.readBefore(`${former}/recording.json`)) ?? (await changes.readBefore(`${folder}/recording.json`));
  const formerPolicy = parseStoredPolicy(
    await readable(changes, `${former}/policy.json`),
    `${former}/policy.json before`,
  );
  const make = (from: Recording, options: PolicyArguments, read: Changes["read"]): Promise<Derivation> =>
    derive(from, options, loaderIn(dirname(dirname(folder)), read));
  const made = await make(recording, policy, changes.read);
  const formerRecording =
    formerText === undefined ? undefined : parseRecording(formerText, `${former}/recording.json before`);
  // Deriving is most of a review's time: what cannot differ is not made again.
  const isSamePolicy = policy.against === undefined && JSON.stringify(policy) === JSON.stringify(formerPolicy);
  const withFormerOptions = isSamePolicy ? made : await make(recording, formerPolicy, changes.readBefore);
  const formerMade =
    formerRecording === undefined || formerText === text
      ? withFormerOptions
      : await make(formerRecording, formerPolicy, changes.readBefore);
  const formerRuns = new Set(formerRecording?.runs.map(canonicalRun));
  return {
    path: `${folder}/recording.json`,
    recording,
    made,
    derived: {
      now: filtersOf(made),
      formerOptions: filtersOf(withFormerOptions),
      before: formerRecording === undefined ? undefined : filtersOf(formerMade),
    },
    newRuns: recording.runs.filter((run) => !formerRuns.has(canonicalRun(run))),
  };
}

/** Former options that nobody can read are no options. */
async function readable(changes: Changes, path: string): Promise<string | undefined> {
  const text = await changes.readBefore(path);
  try {
    parseStoredPolicy(text, path);
    return text;
  } catch {
    return undefined;
  }
}

/**
 * A profile that options name is looked for where the command would be run, and only in the
 * repository.
 */
function loaderIn(folder: string, read: Changes["read"]): typeof loadReference {
  return (versionOrFile) =>
    loadReference(versionOrFile, async (path) => {
      const text = await read(join(folder, path));
      if (text !== undefined) return text;
      throw new SeccompGenError({ code: "file-unreadable", path, detail: "no such file in the repository" });
    });
}

function filtersOf({ policy }: Derivation): Filters {
  return new Map(policy.filters.map((filter) => [filter.arch, filter]));
}

function placeOf({ claim }: Opening, { path, after }: ChangedFile): Place {
  return after === undefined || claim?.type !== "profile"
    ? { line: 1, column: 1 }
    : positionAt(after, offsetOf(after, profilePointer(after, path) + claim.pointer));
}

/** Errors and warnings that the former profile did not have. */
function newFindings(
  { path }: ChangedFile,
  { before, after, text }: { readonly before: DockerProfile; readonly after: DockerProfile; readonly text: string },
  context: Parameters<typeof lintProfile>[1],
): readonly PlacedFinding[] {
  const key = ({ kind, names }: ReturnType<typeof lintProfile>[number]): string => `${kind} ${names.join()}`;
  const known = new Set(lintProfile(before, context).map(key));
  const base = profilePointer(text, path);
  return lintProfile(after, context)
    .filter((finding) => finding.severity !== "note" && !known.has(key(finding)))
    .map((finding) => ({
      ...finding,
      file: path,
      pointer: base + finding.pointer,
      ...positionAt(text, offsetOf(text, base + finding.pointer)),
    }));
}

function failuresOf(
  { openings, open, profile }: Assessment,
  elsewhere: readonly string[],
  source: JudgedProfile["source"],
  findings: readonly PlacedFinding[],
): readonly FailureKind[] {
  return [
    ...(open || openings.length > 0 || elsewhere.length > 0 || profile.some(({ kind }) => kind === "architecture-added")
      ? (["widened"] as const)
      : []),
    ...(open ||
    openings.some(({ level }) => level === "danger") ||
    elsewhere.some((name) => exposureOf(name)?.level === "danger")
      ? (["dangerous"] as const)
      : []),
    ...(source === "none" || source === "different" || openings.some(({ backing }) => backing.type === "options")
      ? (["unbacked"] as const)
      : []),
    ...(open || openings.some(({ beyondDocker }) => beyondDocker) ? (["beyond-docker"] as const) : []),
    ...(findings.length > 0 ? (["lint"] as const) : []),
  ];
}
