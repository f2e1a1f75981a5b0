import { readFile, rm } from "node:fs/promises";

/** Files to which docker wrote a container's id during our runs. */
const ours = new Set<string>();

/** The files of `--cidfile FILE`, anywhere in the words. A file's content shows whether docker wrote it. */
function namedFiles(words: readonly string[]): readonly string[] {
  return words.flatMap((word, at) =>
    word === "--cidfile" ? (words[at + 1] ?? []) : word.startsWith("--cidfile=") ? word.slice("--cidfile=".length) : [],
  );
}

/** Removes our files before the next run, because docker refuses a file that exists. */
export async function removeOwnIds(words: readonly string[]): Promise<void> {
  for (const path of namedFiles(words)) if (ours.delete(path)) await rm(path, { force: true });
}

/** Remembers the files that hold the id of one of these containers. */
export async function noteIds(words: readonly string[], ids: readonly string[]): Promise<void> {
  for (const path of namedFiles(words)) {
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (text !== undefined && ids.includes(text.trim())) ours.add(path);
  }
}
