import { codeCoverage, type Recording } from "../core/recording/index.ts";
import type { AllowedCounts } from "../core/diff/index.ts";
import { neverEperm, type Mode, type Policy, type PolicyNote } from "../core/policy/index.ts";
import { emitCompose } from "../core/emitter/index.ts";
import { allowsOperation, allowsSome, enosys } from "../core/seccomp/index.ts";
import { dockerArch, errnoOn, exposureOf, numberAlike, operationsOf } from "../core/tables/index.ts";
import { escapeLine } from "../core/text/index.ts";
import { coverageWords, openWords } from "./code-words.ts";

/** What `record` and `generate` report at the end. */
export interface SummaryModel {
  readonly recording: Recording;
  readonly policy: Policy;
  /** From the ceiling to the new profile. */
  readonly diff: AllowedCounts;
  readonly ceilingName: string;
  readonly mode: Mode;
  /** The files that were written. `undefined` if the profile went to standard output. */
  readonly paths: { readonly recording?: string; readonly profile: string | undefined };
  /** The number of trace lines that could not be read. */
  readonly unparsed: number;
  /** Code paths that services have and the recording missed. */
  readonly missed: readonly string[];
  /** How to verify and run the workload. `undefined` if it was a program on the host. */
  readonly rerun: Rerun | undefined;
  /** True if a verification follows. */
  readonly verified: boolean;
}

/** The user's command, for another run. */
export interface Rerun {
  /** Options of verify, and the command. A placeholder stands for what may be secret. */
  readonly words: string;
  /** True if verify takes one profile. Containers of a script are matched to profiles by their names. */
  readonly takesProfile: boolean;
  /** The containers are services of a Compose file. */
  readonly isCompose: boolean;
}

/**
 * The summary as lines: what is kept, what is pinned, what was denied and to whom, where the files are, what to do
 * next.
 */
export function renderSummary(model: SummaryModel): string {
  const lines = [
    ...kept(model),
    ...pinned(model.policy.notes),
    ...cut(model.policy),
    ...unpinned(model.policy.notes),
    ...errorNumbers(model.policy),
    ...withoutStart(model.recording),
    ...deniedByCeiling(model),
    ...refusedByKernel(model),
    ...inCode(model),
    ...others(model),
    ...notExercised(model),
    ...files(model),
    ...next(model),
  ];
  return [`${escapeLine(model.recording.name)}: profile made`, ...lines.map((line) => `  ${escapeLine(line)}`)].join(
    "\n",
  );
}

function kept({ diff, ceilingName, policy, mode }: SummaryModel): readonly string[] {
  return policy.filters.map(({ arch }) => {
    const enforced =
      mode === "enforce" ? "" : "COMPLAIN MODE protects no more than the default. Enforced, the profile ";
    const share =
      `${enforced}keeps ` +
      `${diff.allowedAfter[arch] ?? 0} of ${diff.allowedBefore[arch] ?? 0} syscalls of ${ceilingName}`;
    return policy.filters.length > 1 ? `${dockerArch(arch)}: ${share}` : share;
  });
}

/** Calls that the profile pins. It pins seen calls, calls that code can make, and companions alike. */
function pinned(notes: readonly PolicyNote[]): readonly string[] {
  const names = [...new Set(notes.flatMap((note) => (note.kind === "pinned" ? [note.syscall] : [])))];
  return names.length === 0 ? [] : [`only with some arguments (explain CALL says which): ${names.join(", ")}`];
}

/** Operations with a history of vulnerabilities that the profile denies, although it allows their calls otherwise. */
function cut({ filters }: Policy): readonly string[] {
  const [native] = filters;
  if (native === undefined) return [];
  const closed = [...native.syscalls.keys()]
    .filter((name) => operationsOf(name).length > 0 && allowsSome(native, name))
    .map((name) => ({ name, own: operationsOf(name).filter((row) => !allowsOperation(native, name, row)) }))
    .filter(({ own }) => own.length > 0);
  const vulnerable = new Set(closed.flatMap(({ own }) => own.flatMap(({ closes }) => closes)));
  return closed.length === 0
    ? []
    : [
        `cut from allowed calls (closes ${vulnerable.size} known vulnerabilities): ` +
          closed.map(({ name, own }) => `${name} (${own.map((row) => row.name).join(", ")})`).join(", "),
      ];
}

/** Calls that attackers look for, and that the profile does not limit to the recorded arguments. */
function unpinned(notes: readonly PolicyNote[]): readonly string[] {
  const lost = notes.flatMap((note) =>
    note.kind === "unpinned" && exposureOf(note.syscall) !== undefined ? [`${note.syscall} (${note.reason})`] : [],
  );
  return lost.length === 0 ? [] : [`NOT PINNED: ${[...new Set(lost)].join("; ")}`];
}

function errorNumbers({ filters }: Policy): readonly string[] {
  const arches = filters.map(({ arch }) => arch);
  const apart = arches.filter((arch) => errnoOn(arch, enosys) !== enosys);
  return numberAlike(arches)
    ? []
    : [
        `a profile has one number an error for all its architectures: on ${apart.map(dockerArch).join(", ")} denied ` +
          "calls answer other errors than meant; generate a profile for each kind of machine from its own recording",
      ];
}

function withoutStart({ runs }: Recording): readonly string[] {
  return runs.some((run) => run.withoutStart === true)
    ? [
        "the log lacks the program's start, so the profile also allows the calls that loaders and C " +
          "libraries make there",
      ]
    : [];
}

function deniedByCeiling({ policy, ceilingName }: SummaryModel): readonly string[] {
  const denied = policy.notes.flatMap((note) =>
    note.kind === "above-ceiling" ? [`${note.syscall} (${note.results.join(", ")}; ${note.processes.join(", ")})`] : [],
  );
  return denied.length === 0
    ? []
    : [`tried, but ${ceilingName} denies it, so it is left out: ${[...new Set(denied)].join("; ")}`];
}

/**
 * Calls that Docker's default allows, but that were answered with EPERM. Either a capability is missing, which no rule
 * can give, or the filter of an older engine answered.
 */
function refusedByKernel({ recording, policy }: SummaryModel): readonly string[] {
  const left = new Set(policy.notes.flatMap((note) => (note.kind === "above-ceiling" ? [note.syscall] : [])));
  const refused = Object.values(recording.syscalls)
    .flatMap((calls) => Object.entries(calls))
    .filter(([name, call]) => !left.has(name) && call.results.includes("EPERM") && !call.results.includes("ok"))
    .map(([name]) => name);
  const ptrace = refused.includes("ptrace")
    ? ["a program uses ptrace, which cannot work under strace: the recording lacks what the program does with it"]
    : [];
  const isOldFilter = refused.some((name) => neverEperm.has(name));
  const byFilter = refused.filter((name) => neverEperm.has(name) || (isOldFilter && name.endsWith("_time64")));
  const byKernel = refused.filter((name) => !byFilter.includes(name));
  const line = (names: readonly string[], why: string): readonly string[] =>
    names.length === 0 ? [] : [`${why}, and the profile allows them: ${[...new Set(names)].join(", ")}`];
  return [
    ...ptrace,
    ...line(byFilter, "the filter of an older engine, which does not know these, answered EPERM to them"),
    ...line(byKernel, "the kernel itself answered EPERM to these"),
  ];
}

/** At most this many calls are named. The recording has the others. */
const mostInCode = 6;

/** How many of the calls that the programs' code can make were seen, and which of the others stay denied. */
function inCode({ recording, policy }: SummaryModel): readonly string[] {
  const denied = policy.notes.flatMap((note) =>
    note.kind === "in-code" && note.ran ? [`${note.syscall} (${note.program})`] : [],
  );
  const rest = denied.length - mostInCode;
  const isTaken = policy.filters.some(({ syscalls }) =>
    [...syscalls.values()].flat().some(({ because }) => because.type === "code"),
  );
  return [
    ...codeCoverage(recording).flatMap((coverage) => {
      const open = openWords(coverage.open);
      return [
        coverageWords(coverage) + (isTaken ? "; the ordinary ones among the others are allowed too" : ""),
        ...(open === undefined ? [] : [`open: ${open}`]),
      ];
    }),
    ...(denied.length === 0
      ? []
      : [
          `in the code, never recorded, and denied (explain CALL says how): ${denied.slice(0, mostInCode).join(", ")}` +
            (rest > 0 ? ` and ${rest} more` : ""),
        ]),
  ];
}

function others({ policy, unparsed }: SummaryModel): readonly string[] {
  const beyond = policy.notes.flatMap((note) => (note.kind === "allowed-above-ceiling" ? [note.syscall] : []));
  const unknown = policy.notes.flatMap((note) => (note.kind === "unknown-syscall" ? [note.syscall] : []));
  return [
    ...(beyond.length === 0 ? [] : [`ALLOWED BEYOND THE DEFAULT because of --allow: ${beyond.join(", ")}`]),
    ...(unknown.length === 0 ? [] : [`seen, but no profile can name it: ${namesShown(unknown)}`]),
    ...(unparsed === 0 ? [] : [`${unparsed} lines of the trace could not be read; the profile may lack calls`]),
  ];
}

/** A log may hold any number of names of any length. */
function namesShown(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => (name.length > 40 ? `${name.slice(0, 40)}…` : name));
  return shown.join(", ") + (names.length > shown.length ? ` and ${names.length - shown.length} more` : "");
}

function notExercised({ missed }: SummaryModel): readonly string[] {
  return missed.length === 0
    ? []
    : [`not exercised: ${missed.join(", ")}`, "if production does that, do it in --while and record with --append"];
}

function files({ paths }: SummaryModel): readonly string[] {
  return [
    ...(paths.recording === undefined ? [] : [`recording  ${paths.recording}`]),
    ...(paths.profile === undefined ? [] : [`profile    ${paths.profile}`]),
  ];
}

function next({ recording, rerun, paths, verified }: SummaryModel): readonly string[] {
  const { profile } = paths;
  if (profile === undefined) return [];
  if (rerun === undefined) return [`next: commit the files; run with docker run --security-opt seccomp=${profile} …`];
  if (verified) return [];
  const [used = "", ...more] = useLines([{ name: recording.name, profile }], rerun);
  const verifying = verifyLines(`${rerun.takesProfile ? profile : "--containers"} ${rerun.words}`);
  return [...verifying, `then ${used}`, ...more];
}

/** A line that can be pasted. */
export function verifyLines(words: string): readonly string[] {
  return [
    `next: seccomp-gen verify ${words}`,
    ...(words.includes("…") ? ["(put your own words in place of each …)"] : []),
  ];
}

/** A profile, and the container or the service of a Compose file that it is for. */
export interface Made {
  readonly name: string;
  readonly profile: string;
}

/** How to use profiles that work. For Compose, the lines can be pasted into the Compose file. */
export function useLines(made: readonly Made[], { isCompose }: Rerun): readonly string[] {
  const [only, ...others] = made;
  if (!isCompose)
    return others.length > 0
      ? ["commit the files and run each container with --security-opt seccomp=profiles/NAME.json"]
      : [`commit the files and run with --security-opt seccomp=${only?.profile ?? ""}`];
  const entries = made.flatMap(({ name, profile }) =>
    emitCompose({ name, file: profile }).trimEnd().split("\n").slice(1),
  );
  return ["commit the files, and add these lines to the Compose file:", "services:", ...entries];
}

/** What stands below the verdict of a recording that was verified. */
export function renderUse(made: readonly Made[], rerun: Rerun): string {
  const [first = "", ...more] = useLines(made, rerun).map(escapeLine);
  return [`next: ${first}`, ...more.map((line) => `  ${line}`)].join("\n");
}
