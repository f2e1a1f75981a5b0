import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import { SeccompGenError } from "../errors.ts";

/** A JSON file that differs between a revision and the working tree; a side without the file is undefined. Paths are relative to the repository. */
export interface ChangedFile {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** What was changed, and where. */
export interface Changes {
  /** The repository's top folder. */
  readonly root: string;
  /** The commit that the working tree is compared with. */
  readonly base: string;
  readonly files: readonly ChangedFile[];
  /** Files too large to be a profile or a recording, and such that are no files. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** A file of the working tree, changed or not; undefined: there is none, or it is none of ours. */
  readonly read: (path: string) => Promise<string | undefined>;
}

/** Larger files are not read: profiles and recordings are a hundredth of it. */
const maxBytes = 4 * 1024 * 1024;

/** The JSON files changed between `base` (undefined: where this branch left the main one) and the working tree, untracked ones too. Throws `usage` outside of a repository and for unknown revisions. */
export async function changedFiles(base: string | undefined): Promise<Changes> {
  const root = (await git(".", ["rev-parse", "--show-toplevel"])).trimEnd();
  const commit = base === undefined ? await mainBase(root) : await commitOf(root, base);
  const listed = await git(root, ["diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", commit, "--", "*.json"]);
  const untracked = await git(root, ["ls-files", "--others", "--exclude-standard", "-z", "--", "*.json"]);
  const files: ChangedFile[] = [];
  const skipped: { path: string; reason: string }[] = [];
  for (const path of [...new Set([...listed.split("\0"), ...untracked.split("\0")])].filter((name) => name !== "").sort()) {
    const after = await fileNow(join(root, path));
    const before = await fileAt(root, commit, path);
    const reason = [before, after].find((side) => side !== undefined && typeof side !== "string");
    if (reason !== undefined && typeof reason !== "string") skipped.push({ path, reason: reason.reason });
    else files.push({ path, before: before as string | undefined, after: after as string | undefined });
  }
  const read = async (path: string): Promise<string | undefined> => {
    const text = await fileNow(join(root, path));
    return typeof text === "string" ? text : undefined;
  };
  return { root, base: commit, files, skipped, read };
}

async function mainBase(root: string): Promise<string> {
  for (const main of ["origin/HEAD", "origin/main", "origin/master", "main", "master"]) {
    const { exitCode, stdout } = await run(root, ["merge-base", "HEAD", main]);
    if (exitCode === 0) return stdout.trim();
  }
  throw new SeccompGenError({ code: "usage", what: "no main branch to compare with", todo: "Name a revision: seccomp-gen review HEAD~1" });
}

async function commitOf(root: string, revision: string): Promise<string> {
  const { exitCode, stdout } = await run(root, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`]);
  if (exitCode === 0) return stdout.trim();
  throw new SeccompGenError({ code: "usage", what: `git knows no revision ${revision}`, todo: "Name a branch, tag or commit; in a shallow clone fetch it first (fetch-depth: 0)." });
}

type Side = string | undefined | { readonly reason: string };

async function fileAt(root: string, commit: string, path: string): Promise<Side> {
  const { stdout: entry } = await run(root, ["ls-tree", "-l", "-z", commit, "--", `:(literal)${path}`]);
  const [, mode = "", size = ""] = /^(\d+) \w+ \w+ +(\S+)\t/.exec(entry) ?? [];
  if (mode === "") return undefined;
  if (!mode.startsWith("100")) return { reason: "it is no file" };
  if (Number(size) > maxBytes) return { reason: "it is too large" };
  return git(root, ["cat-file", "blob", `${commit}:${path}`]);
}

async function fileNow(path: string): Promise<Side> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (!found.isFile()) return { reason: "it is no file" };
  if (found.size > maxBytes) return { reason: "it is too large" };
  return readFile(path, "utf8");
}

async function git(folder: string, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(folder, args);
  if (exitCode !== 0) throw new SeccompGenError({ code: "usage", what: `git ${args[0] ?? ""} failed: ${stderr.trim().split("\n").at(-1) ?? ""}`, todo: "Run it in a git repository that holds the profiles." });
  return stdout;
}

async function run(folder: string, args: readonly string[]): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }> {
  const { execa } = await import("execa");
  const { exitCode, stdout, stderr, code } = await execa("git", args, { cwd: folder, reject: false, stripFinalNewline: false, stdin: "ignore", env: { LC_ALL: "C", GIT_OPTIONAL_LOCKS: "0" } });
  if (code === "ENOENT") throw new SeccompGenError({ code: "usage", what: "git is not installed", todo: "Install git (apt-get install git)." });
  return { exitCode: exitCode ?? 255, stdout, stderr };
}
