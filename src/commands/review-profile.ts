import { dirname, join } from "node:path";
import { canonicalRun, codeAnswer, parseRecording, type Recording } from "../core/recording/index.ts";
import { assess, isDangerousElsewhere, type Assessment, type Opening } from "../core/judgement/index.ts";
import {
  derive,
  hostsOf,
  loadReference,
  parseStoredPolicy,
  sourceFolder,
  type ChangedFile,
  type Changes,
  type Derivation,
  type PolicyArguments,
  type Reference,
} from "../project/index.ts";
import type { Carried } from "../core/carrier/index.ts";
import type { Authors } from "./authors.ts";
import { newFindings } from "./new-findings.ts";
import type { ChangedProfile } from "./review-files.ts";
import { openedElsewhere, profileChanges, type Elsewhere, type ProfileChange } from "../core/diff/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { jsonText } from "../core/text/index.ts";
import { dangerousCalls, lintProfile } from "../core/lint/index.ts";
import { ceilingFor, listedHosts, resolveFor, type DockerProfile, type HostContext } from "../core/profile/index.ts";
import type { FailureKind, JudgedProfile, Place, PlacedFinding, ReviewedProfile } from "../words/index.ts";
import { allowsSome, TooManyWays, type ArgIndex, type Filter } from "../core/seccomp/index.ts";
import { defaultCapabilities, type ScmpArch } from "../core/tables/index.ts";

/** What every profile is compared with. */
export interface ReviewContext {
  readonly changes: Changes;
  /** The host for which profiles without a recording are judged. */
  readonly host: (sides: readonly DockerProfile[]) => HostContext;
  readonly reference: Reference;
  readonly authors: Authors;
  /** As `lintProfile`. Profiles that differ only in comments are linted once. */
  readonly lint: Lint;
}

/**
 * Compares one profile with its former state, and with what its recording gives. No content of a file makes it fail. If
 * something cannot be judged, the result says so.
 */
export async function reviewProfile(changed: ChangedProfile, context: ReviewContext): Promise<ReviewedProfile> {
  const reviewed = { path: changed.path, file: changed.file.path, formerPath: changed.formerPath };
  try {
    return { ...reviewed, state: await judge(changed, context) };
  } catch (error) {
    if (error instanceof TooManyWays)
      return { ...reviewed, state: { type: "unreadable", reason: `its rules cannot be compared: ${error.message}` } };
    if (!(error instanceof SeccompGenError)) throw error;
    return { ...reviewed, state: { type: "unreadable", reason: error.message } };
  }
}

/** `hosts`: the hosts for which the ceiling was resolved. */
type Lint = (
  profile: DockerProfile,
  context: Parameters<typeof lintProfile>[1],
  hosts: readonly HostContext[],
) => ReturnType<typeof lintProfile>;

/** Lint reads no comments, so profiles that differ only in comments have the same findings. */
export function lintOnce(): Lint {
  const known = new Map<string, ReturnType<typeof lintProfile>>();
  return (profile, context, hosts) => {
    const rules = profile.syscalls.map((rule) => ({ ...rule, comment: undefined }));
    const about = [context.host, ...hosts].map((host) => ({ ...host, capabilities: [...host.capabilities] }));
    const key = jsonText([{ ...profile, syscalls: rules }, about, [...context.ceiling.keys()], context.ceilingName]);
    const findings = known.get(key) ?? lintProfile(profile, context);
    known.set(key, findings);
    return findings;
  };
}

async function judge(
  changed: ChangedProfile,
  { changes, host: hostFor, reference, lint }: ReviewContext,
): Promise<JudgedProfile> {
  const { file } = changed;
  const sources = changed.after === undefined ? undefined : await sourcesOf(file, changes);
  const sides = [changed.before?.read(), changed.after?.read()] as const;
  const fallbackHost = hostFor(sides.filter((side) => side !== undefined));
  // Without a profile of its own, a container has Docker's default.
  const [before = reference.profile, after = reference.profile] = sides;
  const hosts = sources === undefined ? listedHosts(fallbackHost, [before, after]) : hostsOf(sources.recording);
  const [host = fallbackHost] = hosts;
  const [former, served] = [resolveFor(before, hosts), resolveFor(after, hosts)];
  const ceiling = ceilingFor(reference.profile, hosts, [...former.keys(), ...served.keys()]);
  const judged = assess(former, served, { ceiling, derived: sources?.derived });
  const arches = hosts.map(({ arch }) => arch);
  const profile = changed.after === undefined ? [] : profileChanges(before, after, arches);
  const assessment = { ...judged, profile: [...profile, ...judged.profile] };
  const elsewhere =
    changed.after === undefined
      ? []
      : openedElsewhere(before, after, {
          hosts,
          ceiling: reference.profile,
          sameProfile: changed.before !== undefined,
        });
  const isSame = changed.before !== undefined && changed.after !== undefined;
  const closedElsewhere = isSame ? openedElsewhere(after, before, { hosts, sameProfile: true }) : [];
  const source =
    changed.after === undefined
      ? "removed"
      : sources === undefined
        ? (await hadRecording(file, changes))
          ? "lost"
          : "none"
        : sources.made.profile === file.after
          ? "same"
          : "different";
  const { after: held } = changed;
  const findings =
    held === undefined
      ? []
      : newFindings(before, after, (profile) =>
          lint(profile, { host, ceiling, ceilingName: reference.name }, hosts),
        ).map((finding) => ({ ...finding, file: file.path, ...held.place(finding.pointer) }));
  return {
    type: changed.before === undefined ? "added" : changed.after === undefined ? "removed" : "changed",
    assessment,
    elsewhere,
    closedElsewhere,
    places: assessment.openings.map((opening) => placeOf(opening, held, after)),
    inCode: assessment.openings.map(({ change }) => codeAnswer(sources?.recording.code, change.arch, change.syscall)),
    source,
    recording: sources?.path,
    newRuns: sources?.newRuns ?? [],
    keeps: changed.before === undefined ? keptDangers(resolveFor(after, hosts)) : [],
    findings,
    failures: failuresOf(assessment, elsewhere, source, findings),
  };
}

/** The calls that attackers look for and that a profile allows with some arguments. */
function keptDangers(filters: Filters): readonly string[] {
  const names = [...filters.values()].flatMap((filter) =>
    dangerousCalls.flatMap((row) => row.names).filter((name) => allowsSome(filter, name)),
  );
  return [...new Set(names)].sort();
}

/** A profile that never had a recording lacks nothing. A profile whose recording is gone does. */
async function hadRecording({ path, formerPath }: ChangedFile, changes: Changes): Promise<boolean> {
  const folders = [path, formerPath ?? path].flatMap((each) => sourceFolder(each) ?? []);
  for (const folder of folders) if ((await changes.readBefore(`${folder}/recording.json`)) !== undefined) return true;
  return false;
}

interface Sources {
  readonly path: string;
  readonly recording: Recording;
  readonly made: Derivation;
  readonly derived: {
    readonly now: Filters;
    readonly formerOptions: Filters;
    readonly formerFacts: Filters;
    readonly before: Filters | undefined;
    readonly recorded: Recorded;
  };
  readonly newRuns: Recording["runs"];
}

type Filters = ReadonlyMap<ScmpArch, Filter>;
type Recorded = (arch: ScmpArch, syscall: string) => readonly ReadonlyMap<ArgIndex, bigint>[];

/** The recorded arguments of a call, as far as they could be read. */
function readArguments({ syscalls }: Recording, arch: ScmpArch, syscall: string): ReturnType<Recorded> {
  const calls = syscalls[arch] ?? {};
  const args = Object.hasOwn(calls, syscall) ? calls[syscall]?.args : undefined;
  if (args === undefined || args.values === "many") return [];
  return args.values.map(
    (tuple) =>
      new Map(tuple.flatMap((value, at) => (value === null ? [] : [[args.indices[at] as ArgIndex, value] as const]))),
  );
}

/**
 * The profiles that the committed recording and options give, and the profiles that their former states gave.
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
  // Deriving takes most of a review's time. A profile that cannot differ from another is therefore not derived again.
  const isSamePolicy = policy.against === undefined && JSON.stringify(policy) === JSON.stringify(formerPolicy);
  const withFormerOptions = isSamePolicy ? made : await make(recording, formerPolicy, changes.readBefore);
  const formerMade =
    formerRecording === undefined || formerText === text
      ? withFormerOptions
      : await make(formerRecording, formerPolicy, changes.readBefore);
  const bare = asRunBefore(recording, formerRecording);
  const claimsNothing = sameClaims(bare, recording);
  const formerRuns = new Set(formerRecording?.runs.map(canonicalRun));
  return {
    path: `${folder}/recording.json`,
    recording,
    made,
    derived: {
      now: filtersOf(made),
      formerOptions: filtersOf(withFormerOptions),
      formerFacts: withoutClaims(
        filtersOf(claimsNothing ? made : await make(bare, policy, changes.read)),
        formerRecording,
      ),
      before: formerRecording === undefined ? undefined : filtersOf(formerMade),
      recorded: (arch, syscall) => readArguments(recording, arch, syscall),
    },
    newRuns: recording.runs.filter((run) => !formerRuns.has(canonicalRun(run))),
  };
}

/**
 * The recording without the facts that only new runs claim. Capabilities, engine and security options stay those of the
 * former runs. If there was no recording, Docker's defaults apply.
 */
function asRunBefore(recording: Recording, former: Recording | undefined): Recording {
  const capabilities = new Set(
    former === undefined ? defaultCapabilities : former.runs.flatMap((run) => run.capabilities ?? defaultCapabilities),
  );
  const engines = new Set(former?.runs.map(({ versions }) => versions.engine));
  const bare = former?.runs.some(({ noNewPrivileges }) => noNewPrivileges !== true) ?? true;
  const init = former === undefined || former.runs.some((run) => run.init === true);
  return {
    ...recording,
    runs: recording.runs.map(({ init: claimed, ...run }) => ({
      ...run,
      versions: {
        ...run.versions,
        ...(former === undefined || engines.has(run.versions.engine)
          ? {}
          : { engine: [...engines].find((engine) => engine !== undefined) ?? "" }),
      },
      capabilities: (run.capabilities ?? defaultCapabilities).filter((name) => capabilities.has(name)),
      ...(bare ? {} : { noNewPrivileges: true }),
      ...(claimed === true && init ? { init: claimed } : {}),
    })),
  };
}

/**
 * Do the runs of two recordings claim the same facts? A run that names no capabilities claims Docker's default ones.
 */
function sameClaims(a: Recording, b: Recording): boolean {
  const [left, right] = [a, b].map(({ runs }) =>
    runs.map((run) => canonicalRun({ ...run, capabilities: run.capabilities ?? defaultCapabilities })).join("\n"),
  );
  return left === right;
}

/** Removes the architectures that no former run showed. */
function withoutClaims(filters: Filters, former: Recording | undefined): Filters {
  if (former === undefined) return filters;
  return new Map([...filters].filter(([arch]) => Object.hasOwn(former.syscalls, arch)));
}

/** Former options that cannot be read count as no options. */
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
 * Loads a profile that options name. Its path begins in the folder where the command would run, and the file must be in
 * the repository.
 */
function loaderIn(folder: string, read: Changes["read"]): typeof loadReference {
  return (versionOrFile) =>
    loadReference(versionOrFile, async (path) => {
      const text = await read(join(folder, path));
      if (text !== undefined) return text;
      throw new SeccompGenError({
        code: "file-unreadable",
        path,
        detail: "no such file in the repository",
        todo: "Commit the file that policy.json names.",
      });
    });
}

function filtersOf({ policy }: Derivation): Filters {
  return new Map(policy.filters.map((filter) => [filter.arch, filter]));
}

/**
 * The place of the call's name in its rule. If the rule does not hold the name as it is, returns the place of the rule.
 */
function placeOf({ claim, change }: Opening, held: Carried | undefined, profile: DockerProfile): Place {
  if (held === undefined || claim?.type !== "profile") return { line: 1, column: 1 };
  const at = profile.syscalls[Number(claim.pointer.split("/").at(-1))]?.names.indexOf(change.syscall) ?? -1;
  return held.place(at === -1 ? claim.pointer : `${claim.pointer}/names/${at}`);
}

function failuresOf(
  { openings, open, profile, pretended }: Assessment,
  elsewhere: readonly Elsewhere[],
  source: JudgedProfile["source"],
  findings: readonly PlacedFinding[],
): readonly FailureKind[] {
  const unfiltered = open || profile.some((change) => change.kind === "no-filter" && change.side === "after");
  return [
    ...(unfiltered || openings.length > 0 || elsewhere.length > 0 || profile.some(widens)
      ? (["widened"] as const)
      : []),
    ...(unfiltered ||
    openings.some(({ level }) => level === "danger") ||
    elsewhere.some(isDangerousElsewhere) ||
    profile.some(endangers) ||
    pretended.length > 0
      ? (["dangerous"] as const)
      : []),
    ...(source === "lost" || source === "different" || openings.some(({ backing }) => backing.type === "options")
      ? (["unbacked"] as const)
      : []),
    ...(unfiltered ||
    openings.some(({ beyondDocker }) => beyondDocker) ||
    elsewhere.some(({ beyondCeiling }) => beyondCeiling)
      ? (["beyond-docker"] as const)
      : []),
    ...(findings.length > 0 ? (["lint"] as const) : []),
  ];
}

function widens(change: ProfileChange): boolean {
  return (
    change.kind === "architecture-added" ||
    change.kind === "member-changed" ||
    (change.kind === "sub-architectures" && change.added.length > 0)
  );
}

/** Does the change pretend success by default, let another agent decide on calls, or switch a mitigation off? */
function endangers(change: ProfileChange): boolean {
  if (change.kind === "default-changed") return change.is.action === "SCMP_ACT_ERRNO" && change.is.errnoRet === 0;
  if (change.kind !== "member-changed" || change.is === undefined) return false;
  return change.member !== "flags" || /SPEC_ALLOW/.test(change.is);
}
