import { SeccompGenError } from "../core/errors/index.ts";
import { git, readIfPresent, readObjects, runGit } from "../project/index.ts";

/** The files that a project keeps: recordings, their options and profiles, in any of its folders. */
export interface KeptFiles {
  /** The folder in which the paths begin. */
  readonly root: string;
  /** True if they are read from git's index, not from the folder. */
  readonly isIndex: boolean;
  /** traces/NAME/recording.json, in any folder, sorted. */
  readonly recordings: readonly string[];
  /** profiles/NAME.json, in any folder, sorted. */
  readonly profiles: readonly string[];
  /** `undefined` if there is no such file. */
  readonly read: (path: string) => Promise<string | undefined>;
}

const patterns = { recordings: "**/traces/*/recording.json", profiles: "**/profiles/*.json" } as const;

/** The kept files in the current folder and below it. */
export async function keptHere(): Promise<KeptFiles> {
  const { default: glob } = await import("fast-glob");
  const find = async (pattern: string): Promise<readonly string[]> =>
    (await glob(pattern, { followSymbolicLinks: false, ignore: ["**/node_modules/**", "**/.git/**"] })).sort();
  return {
    root: ".",
    isIndex: false,
    recordings: await find(patterns.recordings),
    profiles: await find(patterns.profiles),
    read: readIfPresent,
  };
}

/** The kept files in git's index, which the next commit will hold. */
export async function keptInIndex(): Promise<KeptFiles> {
  const root = (await git(".", ["rev-parse", "--show-toplevel"])).replace(/\n$/, "");
  const list = async (pattern: string): Promise<readonly string[]> =>
    (await git(root, ["ls-files", "--cached", "-z", "--", `:(top,glob)${pattern}`]))
      .split("\0")
      .filter((path) => path !== "")
      .sort();
  const [recordings, profiles] = [await list(patterns.recordings), await list(patterns.profiles)];
  const unmerged =
    (await git(root, ["ls-files", "--unmerged", "-z", "--", `:(top,glob)${patterns.recordings}`])) !== "";
  if (unmerged)
    throw new SeccompGenError({
      code: "usage",
      what: "a recording is in conflict",
      todo: "Choose one side of each marked line, then git add the file.",
    });
  const options = recordings.map((path) => path.replace(/recording\.json$/, "policy.json"));
  const paths = [...recordings, ...options, ...profiles];
  const texts = await readObjects(
    root,
    paths.map((path) => `:${path}`),
  );
  const known = new Map(paths.map((path, at) => [path, texts[at]]));
  return {
    root,
    isIndex: true,
    recordings,
    profiles,
    // Options may name a profile (--against FILE) that is not among the known files.
    read: async (path) => (known.has(path) ? known.get(path) : (await readObjects(root, [`:${path}`]))[0]),
  };
}

/** Recordings that the last commit holds, but that the project no longer keeps. Outside git there are none. */
export async function recordingsGone(kept: KeptFiles): Promise<readonly string[]> {
  const { exitCode, stdout } = await runGit(kept.root, ["ls-tree", "-r", "-z", "--name-only", "HEAD"]);
  if (exitCode !== 0) return [];
  const there = new Set(kept.recordings);
  return stdout.split("\0").filter((path) => /(^|\/)traces\/[^/]+\/recording\.json$/.test(path) && !there.has(path));
}
