import { lstat, readFile, readlink, realpath } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { telltales, yamlTelltales } from "../core/carrier/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { decoded } from "../core/text/index.ts";
import { maxDocumentBytes } from "./files.ts";
import { git, readObjects, runGit } from "./git.ts";
import { sourceFolder } from "./names.ts";

/**
 * A file that differs between a revision and the working tree. A side that lacks the file is `undefined`. Paths are
 * relative to the repository.
 */
export interface ChangedFile {
  readonly path: string;
  /** Its former name, if git sees a renaming. */
  readonly formerPath?: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** A changed file that the review did not read. */
export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
  /** True if a reviewer must see it, because it may be a profile, lead to one, or hide one. */
  readonly alarming: boolean;
}

/** The changes, and where they are. */
export interface Changes {
  /** The repository's top folder. */
  readonly root: string;
  /** The commit that the working tree is compared with. */
  readonly base: string;
  readonly files: readonly ChangedFile[];
  readonly skipped: readonly SkippedFile[];
  /**
   * A file of the working tree, changed or not. `undefined` if there is none, or if it is no
   * regular file of the repository.
   */
  readonly read: (path: string) => Promise<string | undefined>;
  /** The same for a file of the commit `base`. */
  readonly readBefore: (path: string) => Promise<string | undefined>;
}

/**
 * At most this many files are reviewed. The review says if there are more, because a larger change may hide a profile.
 */
const maxFiles = 2000;

/** Files that users may give to engines as profiles, and everything in the folders where profiles are kept. */
function isLookedAt(path: string): boolean {
  return (
    isNamedLikeProfile(path) ||
    // The folders themselves count too: a link or a submodule may replace them.
    /(?:^|\/)profiles(?:\/|$)/i.test(path) ||
    /(?:^|\/)traces(?:$|\/[^/]*$)/i.test(path) ||
    /(?:^|\/)traces\/(?:.*\/)?(?:recording|policy)\.json$/.test(path)
  );
}

/**
 * The files that may hold a profile, judged by their content. They are files of `commit`. If it is `undefined`, they
 * are files of the working tree, including those that git does not know yet.
 */
async function telling(root: string, commit: string | undefined): Promise<ReadonlySet<string>> {
  const found = await Promise.all([
    grep(root, commit, telltales, ":/"),
    grep(root, commit, yamlTelltales, ":(top,icase)*.yaml", ":(top,icase)*.yml"),
  ]);
  return new Set(found.flat());
}

async function grep(
  root: string,
  commit: string | undefined,
  patterns: readonly string[],
  ...paths: readonly string[]
): Promise<readonly string[]> {
  // The search finds nothing in UTF-16 text except its first bytes.
  const marks = Buffer.from("\n^\xff\xfe\n^\xfe\xff", "latin1");
  const { stdout, stderr, exitCode } = await runGit(
    root,
    ["grep", "-lziE", "-f", "-", ...(commit === undefined ? ["--untracked"] : [commit]), "--", ...paths],
    Buffer.concat([Buffer.from(patterns.join("\n")), marks]),
  );
  if (exitCode > 1)
    throw new SeccompGenError({
      code: "usage",
      what: `git grep failed: ${stderr.trim().split("\n").at(-1) ?? ""}`,
      todo: "Run it in a git repository that holds the profiles.",
    });
  const found = stdout.split("\0").filter((path) => path !== "");
  return commit === undefined ? found : found.map((path) => path.slice(commit.length + 1));
}

/**
 * The files in the working tree that changed since this branch left `base` (by default the main branch). Untracked
 * files count too. What `base` changed meanwhile does not count. Throws `usage` outside of a repository and for unknown
 * revisions.
 */
export async function changedFiles(base: string | undefined): Promise<Changes> {
  const root = (await git(".", ["rev-parse", "--show-toplevel"])).replace(/\n$/, "");
  const commit = base === undefined ? await mainBase(root) : await forkPoint(root, await commitOf(root, base));
  const entries = await changedEntries(root, commit);
  const sizes = await sizesOf(
    root,
    entries.flatMap(({ blob }) => (blob === undefined ? [] : [blob])),
  );
  const befores = await blobTexts(root, entries.slice(0, maxFiles), sizes);
  const files: ChangedFile[] = [];
  const skipped: SkippedFile[] = entries
    .slice(maxFiles)
    .map(({ path }) => ({ path, reason: `more than ${maxFiles} files were changed`, alarming: true }));
  for (const { path, formerPath, mode, blob, leadsToProfile } of entries.slice(0, maxFiles)) {
    const after = await fileNow(root, path);
    const before = blob === undefined ? undefined : befores(mode, blob);
    if (before === undefined && after === undefined)
      skipped.push({
        path,
        reason: /\ufffd/.test(path) ? "its name is not UTF-8" : "git did not find it under this name",
        alarming: true,
      });
    else if (isText(before) && isText(after))
      files.push({ path, ...(formerPath === undefined ? {} : { formerPath }), before, after });
    else
      skipped.push({
        path,
        reason: [after, before].flatMap((side) => (isText(side) ? [] : [side.reason]))[0] ?? "",
        alarming:
          isKeptPlace(path) ||
          [before, after].some(looksLikeProfile) ||
          isTooLarge(after) ||
          // A link decides which file an engine gets.
          leadsToProfile === true ||
          (after !== undefined && isNamedLikeProfile(path)),
      });
  }
  let tree: ReturnType<typeof treeOf> | undefined;
  return {
    root,
    base: commit,
    files,
    skipped,
    read: async (path) => textOf(await fileNow(root, path)),
    readBefore: async (path) => textOf(await (await (tree ??= treeOf(root, commit, sourcesOf(entries))))(path)),
  };
}

interface Entry {
  readonly path: string;
  readonly formerPath: string | undefined;
  /** The file as the commit has it. */
  readonly mode: string;
  readonly blob: string | undefined;
  /** True if it is a link to a file that may be a profile. */
  readonly leadsToProfile?: true;
}

/** The changed files to review. Those where profiles and recordings are kept come first. */
async function changedEntries(root: string, commit: string): Promise<readonly Entry[]> {
  const raw = (
    await git(root, [
      "diff",
      "--raw",
      "--no-abbrev",
      "--find-renames",
      "--no-ext-diff",
      "--no-textconv",
      "--ignore-submodules=none",
      "-z",
      commit,
      "--",
    ])
  ).split("\0");
  const entries = new Map<string, Entry>();
  for (let at = 0; at < raw.length;) {
    const [, mode = "", blob = "", status = ""] = /^:(\d+) \d+ ([0-9a-f]+) [0-9a-f]+ ([A-Z])/.exec(raw[at] ?? "") ?? [];
    if (mode === "") break;
    const renamed = status === "R" || status === "C";
    const [first = "", second = ""] = [raw[at + 1], raw[at + 2]];
    const path = renamed ? second : first;
    entries.set(path, {
      path,
      formerPath: status === "R" ? first : undefined,
      mode,
      blob: /^0+$/.test(blob) || status === "C" ? undefined : blob,
    });
    at += renamed ? 3 : 2;
  }
  for (const path of (await git(root, ["ls-files", "--others", "--exclude-standard", "-z"])).split("\0")) {
    if (path !== "" && !entries.has(path))
      entries.set(path, { path, formerPath: undefined, mode: "", blob: undefined });
  }
  const isNamed = ({ path, formerPath }: Entry): boolean => [path, formerPath ?? path].some(isLookedAt);
  const [byName, others] = [
    [...entries.values()].filter(isNamed),
    [...entries.values()].filter((entry) => !isNamed(entry)),
  ];
  const [now, then] = others.length === 0 ? [] : await Promise.all([telling(root, undefined), telling(root, commit)]);
  const byContent = others.filter(
    ({ path, formerPath }) => now?.has(path) === true || then?.has(formerPath ?? path) === true,
  );
  const links: Entry[] = [];
  for (const entry of others) {
    const target = await linkTarget(root, entry.path);
    const leads = (held: string): boolean => held === target || held.startsWith(`${target}/`);
    if (target !== undefined && (isLookedAt(target) || [...(now ?? [])].some(leads)))
      links.push({ ...entry, leadsToProfile: true });
  }
  return [...byName, ...byContent, ...links].sort(
    (a, b) => Number(isKeptPlace(b.path)) - Number(isKeptPlace(a.path)) || (a.path < b.path ? -1 : 1),
  );
}

/** The target of a link, as a path from the repository's top folder. `undefined` if it is no link. */
async function linkTarget(root: string, path: string): Promise<string | undefined> {
  const target = await readlink(join(root, path)).catch(() => undefined);
  return target === undefined ? undefined : relative(root, resolve(root, dirname(path), target));
}

/** Does the path's folder or name say that profiles are kept there? */
export function isPlaceOfProfiles(path: string): boolean {
  return /(^|\/)profiles\//i.test(path) || /seccomp[^/]*\.json$|\.seccomp$/i.test(path);
}

function isKeptPlace(path: string): boolean {
  return /(^|\/)(profiles|traces)(\/|$)/i.test(path) || isPlaceOfProfiles(path);
}

function isNamedLikeProfile(path: string): boolean {
  return /\.(?:jsonc?|seccomp)$/i.test(path);
}

function looksLikeProfile(side: Side): boolean {
  return typeof side === "string" && /default_?action|SCMP_ACT_/i.test(side);
}

async function mainBase(root: string): Promise<string> {
  for (const main of ["origin/HEAD", "origin/main", "origin/master", "main", "master"]) {
    const { exitCode, stdout } = await runGit(root, ["merge-base", "HEAD", main]);
    if (exitCode === 0) return stdout.trim();
  }
  const shallow = (await runGit(root, ["rev-parse", "--is-shallow-repository"])).stdout.trim() === "true";
  throw new SeccompGenError({
    code: "usage",
    what: shallow
      ? "this is a shallow clone without the commit where this branch left the main one"
      : "no main branch to compare with",
    todo: shallow
      ? "Fetch the history (git fetch --unshallow; with actions/checkout: fetch-depth: 0), or name a " +
        "revision: seccomp-gen review origin/main"
      : "Name a revision: seccomp-gen review HEAD~1",
  });
}

/** The commit at which this branch left `commit`. If a shallow clone does not hold it, `commit` itself. */
async function forkPoint(root: string, commit: string): Promise<string> {
  const { exitCode, stdout } = await runGit(root, ["merge-base", commit, "HEAD"]);
  return exitCode === 0 ? stdout.trim() : commit;
}

async function commitOf(root: string, revision: string): Promise<string> {
  const { exitCode, stdout } = await runGit(root, [
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${revision}^{commit}`,
  ]);
  if (exitCode === 0) return stdout.trim();
  throw new SeccompGenError({
    code: "usage",
    what: `git knows no revision ${revision}`,
    todo:
      "Name a branch, tag or commit; in a shallow clone fetch it first (git fetch origin BRANCH; with " +
      "actions/checkout: fetch-depth: 0).",
  });
}

/** A file's text, or why it was not read. `undefined` if there is no file. */
type Side = string | undefined | { readonly reason: string };

/** Is the file too large to be read here? Engines read profiles of any size, so it may still be a profile. */
function isTooLarge(side: Side): boolean {
  return typeof side === "object" && side.reason === tooLarge;
}

const tooLarge = "it is too large";

function isText(side: Side): side is string | undefined {
  return side === undefined || typeof side === "string";
}

function textOf(side: Side): string | undefined {
  return typeof side === "string" ? side : undefined;
}

async function sizesOf(root: string, blobs: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (blobs.length === 0) return new Map();
  const lines = (await git(root, ["cat-file", "--batch-check=%(objectname) %(objectsize)"], `${blobs.join("\n")}\n`))
    .trimEnd()
    .split("\n");
  return new Map(lines.map((line) => line.split(" ")).map(([blob = "", size]) => [blob, Number(size)]));
}

/** One process of git answers for many files. */
async function blobTexts(
  root: string,
  entries: readonly Pick<Entry, "mode" | "blob">[],
  sizes: ReadonlyMap<string, number>,
): Promise<(mode: string, blob: string) => Side> {
  const isRead = (mode: string, blob: string): boolean =>
    mode.startsWith("100") && (sizes.get(blob) ?? 0) <= maxDocumentBytes;
  const blobs = [
    ...new Set(entries.flatMap(({ mode, blob }) => (blob !== undefined && isRead(mode, blob) ? [blob] : []))),
  ];
  const texts = await readObjects(root, blobs);
  const known = new Map(blobs.map((blob, at) => [blob, texts[at]]));
  return (mode, blob) => {
    if (!mode.startsWith("100")) return { reason: "it was not a file" };
    return isRead(mode, blob) ? known.get(blob) : { reason: "it was too large" };
  };
}

/** The folders that hold the recordings and options of the changed profiles. */
function sourcesOf(entries: readonly Entry[]): ReadonlySet<string> {
  const paths = entries.flatMap(({ path, formerPath }) => (formerPath === undefined ? [path] : [path, formerPath]));
  return new Set(
    paths.map((path) => sourceFolder(path) ?? dirname(path)).filter((folder) => /(^|\/)traces\//.test(folder)),
  );
}

/** Reads files of a commit. It lists them once, and reads all files of the named folders together. */
async function treeOf(
  root: string,
  commit: string,
  folders: ReadonlySet<string>,
): Promise<(path: string) => Promise<Side>> {
  const listed = new Map<string, { readonly mode: string; readonly blob: string }>();
  for (const line of (await git(root, ["ls-tree", "-r", "-z", "--full-tree", commit, "--"])).split("\0")) {
    const [, mode = "", blob = "", path = ""] = /^(\d+) blob ([0-9a-f]+)\t([^]*)$/.exec(line) ?? [];
    if (path !== "") listed.set(path, { mode, blob });
  }
  const kept = [...listed].filter(([path]) => folders.has(dirname(path))).map(([, entry]) => entry);
  let reading: Promise<(mode: string, blob: string) => Side> | undefined;
  const read = async (
    entries: readonly Pick<Entry, "mode" | "blob">[],
  ): Promise<(mode: string, blob: string) => Side> =>
    blobTexts(
      root,
      entries,
      await sizesOf(
        root,
        entries.flatMap(({ blob }) => blob ?? []),
      ),
    );
  return async (path) => {
    const entry = listed.get(path);
    if (entry === undefined) return undefined;
    if (!folders.has(dirname(path))) return (await read([entry]))(entry.mode, entry.blob);
    reading ??= read(kept);
    return (await reading)(entry.mode, entry.blob);
  };
}

/** No path leads out of the repository: not upwards, and not through a link at its end or on its way. */
async function fileNow(root: string, path: string): Promise<Side> {
  if (isAbsolute(path) || /(^|\/)\.\.(\/|$)/.test(path)) return undefined;
  const place = join(root, path);
  const found = await lstat(place).catch(() => undefined);
  if (found === undefined) return undefined;
  if (!found.isFile()) return { reason: "it is not a file" };
  if (found.size > maxDocumentBytes) return { reason: tooLarge };
  if ((await realpath(place)) !== join(await realpath(root), path)) return { reason: "it is reached through a link" };
  return decoded(await readFile(place));
}
