import { runGit, type Changes } from "../project/index.ts";
import type { Authorship } from "../words/index.ts";

/** The people who changed the files of a change. */
export interface Authors {
  readonly of: (path: string) => Authorship;
}

/** Asks git once for all recordings. */
export async function authorsSince({ root, base }: Changes): Promise<Authors> {
  const pathspec = [":(top,glob)**/traces/**"];
  const log = await runGit(root, [
    ...["log", "--format=%x01%h%x02%an", "--name-only", "-z", "--no-merges", "--no-renames", `${base}..HEAD`, "--"],
    ...pathspec,
  ]);
  const commits = new Map<string, { readonly id: string; readonly author: string }[]>();
  for (const part of log.stdout.split("\x01").slice(1)) {
    const [head = "", ...paths] = part.split("\0");
    const [id = "", author = ""] = head.split("\x02");
    for (const path of paths.map((each) => each.replace(/^\n/, ""))) {
      const known = commits.get(path);
      if (known === undefined) commits.set(path, [{ id, author }]);
      else known.push({ id, author });
    }
  }
  const status = await runGit(root, ["status", "--porcelain", "-z", "--untracked-files=all", "--", ...pathspec]);
  const open = new Set(status.stdout.split("\0").map((line) => line.slice(3)));
  return { of: (path) => ({ commits: commits.get(path) ?? [], uncommitted: open.has(path) }) };
}
