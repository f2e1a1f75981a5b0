import { readFile, rm } from "node:fs/promises";

/** Files that runs of ours had docker write the container's id into. */
const ours = new Set<string>();

/** `--cidfile FILE`, wherever it stands: what a file holds tells whether it is one. */
function namedFiles(words: readonly string[]): readonly string[] {
  return words.flatMap((word, at) =>
    word === "--cidfile" ? (words[at + 1] ?? []) : word.startsWith("--cidfile=") ? word.slice("--cidfile=".length) : [],
  );
}

/** Docker refuses a file that is there, and the command is run several times: ours go before the next run. */
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
