import { join } from "node:path";
import { SeccompGenError } from "../core/errors/index.ts";
import { lostCalls, mergeThreeWay, parseRecording, type Recording } from "../core/recording/index.ts";
import { mergePolicies } from "./derivation/merge-policies.ts";
import type { PolicyArguments } from "./derivation/derivation.ts";
import { parseStoredPolicy } from "./derivation/stored-policy.ts";
import { readIfPresent } from "./files.ts";
import { git, readObjects, runGit } from "./git.ts";
import { sourceFolder } from "./names.ts";

/**
 * The three sides of a merge, as git passes them (gitattributes(5), "Defining a custom merge driver"). The result goes
 * to `ours`.
 */
export interface MergeFiles {
  readonly ancestor: string;
  readonly ours: string;
  readonly theirs: string;
  /** The file's path in the repository. */
  readonly path: string;
}

/** The inputs of a profile. */
export interface Inputs {
  readonly recording: Recording;
  readonly policy: PolicyArguments;
}

/** The inputs of the three profiles of a merge. There is no ancestor if both sides added the profile. */
export interface Sides {
  readonly base: Inputs | undefined;
  readonly ours: Inputs;
  readonly theirs: Inputs;
}

/**
 * git tells a merge driver no commits, so this searches for the commits that hold the three profiles. First come those
 * that the present operation names. Then comes each commit with its parent, as cherry-pick, revert and stash take them.
 * All matches are returned. They may differ if a recording changed and its profile did not.
 */
export async function candidateMerges(files: MergeFiles): Promise<readonly Sides[]> {
  const blobs = (await git(".", ["hash-object", "--", files.ancestor, files.ours, files.theirs])).trim().split("\n");
  const [base = "", ours = "", theirs = ""] = blobs;
  const trees = new Trees(files.path);
  const head = await trees.inputs("HEAD", ours);
  const named = await operationsUnderWay();
  const found = new Map<string, Sides>();
  const add = (sides: Sides): void => void found.set(JSON.stringify(sides, bigintText), sides);
  for (const { ancestors, other } of named) {
    const right = head && (await trees.inputs(other, theirs));
    if (head === undefined || right === undefined) continue;
    add({ base: await virtualBase(ancestors, trees, base), ours: head, theirs: right });
  }
  if (found.size > 0) return [...found.values()];
  const lefts = head === undefined ? await trees.anywhere(ours) : [head];
  for (const left of lefts) {
    for (const { one, other } of await trees.steps(base, theirs)) add({ base: one, ours: left, theirs: other });
  }
  return [...found.values()];
}

function bigintText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

/** A merge, pick or revert that git is doing, and the other side that it takes in. */
interface Operation {
  /** There are several in a criss-cross merge (git-merge-base(1), --all). */
  readonly ancestors: readonly string[];
  readonly other: string;
}

/** Reads the environment that git gives a merge, and the files in which git notes its progress. */
async function operationsUnderWay(): Promise<readonly Operation[]> {
  const merged = Object.keys(process.env).flatMap((name) => /^GITHEAD_([0-9a-f]{40,64})$/.exec(name)?.[1] ?? []);
  const { exitCode, stdout } = await runGit(".", ["rev-parse", "--absolute-git-dir"]);
  if (exitCode !== 0) return [];
  const place = stdout.replace(/\n$/, "");
  const noted = async (file: string): Promise<string> => (await readIfPresent(join(place, file))) ?? "";
  const lines = (text: string): readonly string[] => text.split("\n").filter((line) => line !== "");
  const picks = [
    lines(await noted("rebase-merge/done")).at(-1) ?? "",
    lines(await noted("sequencer/todo"))[0] ?? "",
    `pick ${(await noted("CHERRY_PICK_HEAD")).trim()}`,
    `pick ${(await noted("REBASE_HEAD")).trim()}`,
    `revert ${(await noted("REVERT_HEAD")).trim()}`,
  ];
  return [
    ...(await Promise.all([...merged, ...lines(await noted("MERGE_HEAD"))].map(mergeWith))),
    ...picks.flatMap((line): Operation[] => {
      const [, command = "", commit] = /^(\w+) (?:-[Cc] )?([0-9a-f]{4,64})\b/.exec(line) ?? [];
      if (commit === undefined) return [];
      return command === "revert"
        ? [{ ancestors: [commit], other: `${commit}^` }]
        : [{ ancestors: [`${commit}^`], other: commit }];
    }),
  ];
}

async function mergeWith(other: string): Promise<Operation> {
  const { stdout } = await runGit(".", ["merge-base", "--all", "HEAD", other]);
  return { ancestors: stdout.split("\n").filter((line) => line !== ""), other };
}

/** The inputs of one ancestor. Several ancestors are merged first, as git's strategies do. */
async function virtualBase(
  ancestors: readonly string[],
  trees: Trees,
  blob: string | undefined,
): Promise<Inputs | undefined> {
  const [first, ...rest] = ancestors;
  if (first === undefined) return undefined;
  let base = await trees.inputs(first, rest.length === 0 ? blob : undefined);
  for (const [at, next] of rest.entries()) {
    const theirs = await trees.inputs(next, undefined);
    if (base === undefined || theirs === undefined) return undefined;
    const { stdout } = await runGit(".", ["merge-base", "--all", ancestors[at] ?? first, next]);
    const below = await virtualBase(
      stdout.split("\n").filter((line) => line !== ""),
      trees,
      undefined,
    );
    base = mergeInputs({ base: below, ours: base, theirs }).inputs;
  }
  return base;
}

/** A profile's inputs with the changes of both sides, and the conflicts in words. */
export function mergeInputs({ base, ours, theirs }: Sides): {
  readonly inputs: Inputs;
  readonly conflicts: readonly string[];
} {
  const recordings = mergeThreeWay(base?.recording, ours.recording, theirs.recording);
  const policies = mergePolicies(base?.policy ?? parseStoredPolicy(undefined, ""), ours.policy, theirs.policy);
  return {
    inputs: { recording: recordings.ours, policy: policies.policy },
    conflicts: [...recordings.conflicts, ...policies.conflicts].map(({ of, reason }) => `${of}: ${reason}`),
  };
}

/** Commits, and the files in them from which a profile is made. */
class Trees {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** `blob`: the profile's content in that commit, under any of its names. `undefined` for any content. */
  async inputs(commit: string, blob: string | undefined): Promise<Inputs | undefined> {
    const profile = await this.#profileIn(commit, blob);
    return profile === undefined ? undefined : inputsIn(commit, profile);
  }

  /** A profile may have had another name on the other side of a rename. */
  async #profileIn(commit: string, blob: string | undefined): Promise<string | undefined> {
    const { stdout } = await runGit(".", ["rev-parse", "--verify", "--quiet", `${commit}:${this.#path}`]);
    if (stdout !== "" && (blob === undefined || stdout.trim() === blob)) return this.#path;
    if (blob === undefined) return undefined;
    const all = await runGit(".", ["ls-tree", "-r", "-z", "--full-tree", commit]);
    const named = all.stdout.split("\0").flatMap((line) => {
      const [, id, path] = /^\d+ blob ([0-9a-f]+)\t([^]*)$/.exec(line) ?? [];
      return id === blob && path !== undefined && sourceFolder(path) !== undefined ? [path] : [];
    });
    return named.length === 1 ? named[0] : undefined;
  }

  /** All inputs from which the profile was made, as far as history shows. */
  async anywhere(blob: string): Promise<readonly Inputs[]> {
    const history = await historyOf(this.#path);
    return given(
      await Promise.all(
        [...history.blobs]
          .filter(([, there]) => there === blob)
          .slice(0, maxCandidates)
          .map(([commit]) => inputsIn(commit, this.#path)),
      ),
    );
  }

  /** Each commit that changed one of the two profiles into the other, in either direction. */
  async steps(
    from: string,
    to: string,
  ): Promise<readonly { readonly one: Inputs | undefined; readonly other: Inputs }[]> {
    const found: { readonly one: Inputs; readonly other: Inputs }[] = [];
    for (const path of new Set([this.#path, ...(await namesOf(to))])) {
      const { blobs, edges } = await historyOf(path);
      const fitting = edges.filter(([start, end]) => blobs.get(start) === from && blobs.get(end) === to);
      for (const [start, end] of fitting.slice(0, maxCandidates)) {
        const [one, other] = await Promise.all([inputsIn(start, path), inputsIn(end, path)]);
        if (one !== undefined && other !== undefined) found.push({ one, other });
      }
      if (found.length > 0) break;
    }
    return found;
  }
}

/** At most this many commits with the same profile are compared. */
const maxCandidates = 16;

function given<T>(list: readonly (T | undefined)[]): readonly T[] {
  return list.filter((each) => each !== undefined);
}

async function inputsIn(commit: string, profile: string): Promise<Inputs | undefined> {
  const folder = sourceFolder(profile);
  if (folder === undefined) return undefined;
  const names = [`${commit}:${folder}/recording.json`, `${commit}:${folder}/policy.json`];
  const [recording, policy] = await readObjects(".", names);
  if (recording === undefined) return undefined;
  return { recording: parseRecording(recording, names[0] ?? ""), policy: parseStoredPolicy(policy, names[1] ?? "") };
}

interface History {
  /** The profile's content in each commit. */
  readonly blobs: ReadonlyMap<string, string>;
  /** From parent to commit, and back. */
  readonly edges: readonly (readonly [string, string])[];
}

/** The commits that changed the profile or its inputs. Only as many are read as are worth the time. */
async function historyOf(path: string): Promise<History> {
  const folder = sourceFolder(path) ?? "";
  const paths = [path, `${folder}/recording.json`, `${folder}/policy.json`];
  const { stdout } = await runGit(".", [
    ...["log", "--all", "HEAD", "-1000", "--full-history", "--format=%H %P", "--"],
    ...paths.map((each) => `:(top,literal)${each}`),
  ]);
  const edges = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(" "))
    .flatMap(([commit = "", ...parents]) =>
      parents.flatMap((parent) => [[parent, commit] as const, [commit, parent] as const]),
    );
  const commits = [...new Set(edges.flat())];
  const asked = commits.map((commit) => `${commit}:${path}\n`).join("");
  const answers = asked === "" ? [] : (await git(".", ["cat-file", "--batch-check=%(objectname)"], asked)).split("\n");
  return { edges, blobs: new Map(commits.map((commit, at) => [commit, answers[at] ?? ""])) };
}

/** The names under which a profile was committed. */
async function namesOf(blob: string): Promise<readonly string[]> {
  const { stdout } = await runGit(".", [
    ...["log", "--all", "HEAD", "-20", "--format=", "--raw", "--no-abbrev", "-z", `--find-object=${blob}`],
  ]);
  return stdout.split("\0").filter((part) => !part.startsWith(":") && sourceFolder(part) !== undefined);
}

/** The calls that a recording lost, by its path and present text. */
export type LostInMerge = (path: string, result: Recording) => Promise<readonly string[]>;

/**
 * The calls that a merge in progress should have kept in a recording, and that are missing. They go missing if somebody
 * settles a conflict by taking one side's whole file. git is asked once which operation is in progress.
 */
export async function lostInMerge(root: string): Promise<LostInMerge> {
  const operations = await operationsUnderWay();
  return (path, result) => lostIn(operations, root, path, result);
}

async function lostIn(
  operations: readonly Operation[],
  root: string,
  path: string,
  result: Recording,
): Promise<readonly string[]> {
  const lost = new Set<string>();
  for (const { ancestors, other } of operations) {
    const [ancestor = ""] = ancestors;
    const names = [`${ancestor}:${path}`, `HEAD:${path}`, `${other}:${path}`];
    const [base, ours, theirs] = await readObjects(root, names);
    if (ours === undefined || theirs === undefined) continue;
    try {
      const merged = mergeThreeWay(
        base === undefined ? undefined : parseRecording(base, path),
        parseRecording(ours, path),
        parseRecording(theirs, path),
      );
      for (const name of lostCalls(merged, result)) lost.add(name);
    } catch (error) {
      if (!(error instanceof SeccompGenError)) throw error;
    }
  }
  return [...lost].sort();
}
