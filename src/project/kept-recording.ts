import { access, rename, rm } from "node:fs/promises";
import { mergeRecordings, parseRecording, stringifyRecording, type Recording } from "../core/recording/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { withoutDigests } from "./calls-digest.ts";
import { readIfPresent, systemProblem, writeKept } from "./files.ts";
import { whileLocked } from "./lock.ts";

/** The recording that a file holds. `undefined` if there is none. */
export async function readRecording(path: string): Promise<Recording | undefined> {
  const text = await readIfPresent(path);
  return text === undefined ? undefined : parseRecording(text, path);
}

/** The path for a recording that broke off. */
export function partialPath(path: string): string {
  return path.replace(/\.json$/, ".partial.json");
}

/**
 * The recording that exists before a new one begins. With `--append` it includes the calls of an earlier one that broke
 * off.
 */
export async function knownBefore(path: string, append: boolean): Promise<Recording | undefined> {
  const kept = await readRecording(path);
  const partial = append ? await readRecording(partialPath(path)) : undefined;
  return kept === undefined || partial === undefined ? (kept ?? partial) : mergeRecordings(kept, partial);
}

/** Keeps what a recording saw before it broke off, beside the committed one. Resolves to the error that says so. */
export async function keepPartial(path: string, seen: Recording, trouble: SeccompGenError): Promise<SeccompGenError> {
  const unread = await addPartial(path, seen);
  return new SeccompGenError(
    {
      code: "recording-cut",
      what: trouble.message,
      todo: `${trouble.todo}${unread === undefined ? "" : `\n  ${unreadWords(unread)}.`}`,
      aside: partialPath(path),
    },
    { cause: trouble, exitCode: trouble.exitCode },
  );
}

/**
 * Adds to the partial recording. If the present one cannot be read (a newer format, a damaged file), it is renamed, and
 * the result is its new name.
 */
export async function addPartial(path: string, seen: Recording): Promise<string | undefined> {
  const cut: Recording = { ...seen, runs: seen.runs.map((run) => ({ ...run, ended: "cut" })) };
  return whileLocked(path, async () => {
    let [earlier, unread]: [Recording | undefined, string | undefined] = [undefined, undefined];
    try {
      earlier = await readRecording(partialPath(path));
    } catch (error) {
      if (!(error instanceof SeccompGenError)) throw error;
      unread = await putAside(partialPath(path));
    }
    await writeKept(partialPath(path), stringifyRecording(mergeRecordings(earlier ?? cut, cut)));
    return unread;
  });
}

/** Renames a file to an unused name. Resolves to that name. */
async function putAside(path: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const aside = path.replace(/\.json$/, `.unread-${number}.json`);
    if (
      await access(aside).then(
        () => true,
        () => false,
      )
    )
      continue;
    try {
      await rename(path, aside);
    } catch (error) {
      throw new SeccompGenError({ code: "file-unwritable", path, ...systemProblem(error) }, { cause: error });
    }
    return aside;
  }
}

/** The message about a partial recording that was renamed. */
export function unreadWords(aside: string): string {
  return `the earlier partial recording could not be read; it is kept as ${aside}`;
}

/**
 * Puts a fresh recording in its place. `--append` merges, and `--force` replaces. Without either, a recording that
 * lacks something of the committed one goes beside it, so that neither is lost. The file is read again first: another
 * recording of the same name may have ended since `before` was read. Then the two are merged.
 */
export async function combine(
  path: string,
  before: Recording | undefined,
  fresh: Recording,
  options: { readonly append: boolean; readonly force: boolean },
  notice: (line: string) => void,
): Promise<Recording> {
  const now = await readRecording(path);
  if (
    now !== undefined &&
    (before === undefined || stringifyRecording(mergeRecordings(before, now)) !== stringifyRecording(before))
  ) {
    notice(`${path} was changed by another recording meanwhile, so the two were merged`);
    return mergeRecordings(mergeRecordings(before !== undefined && options.append ? before : now, now), fresh);
  }
  if (before === undefined || options.force) return fresh;
  if (options.append) return mergeRecordings(before, fresh);
  const text = stringifyRecording(fresh);
  const [was, is] = [withoutDigests(before), withoutDigests(fresh)];
  if (stringifyRecording(mergeRecordings(was, is)) === stringifyRecording(is)) return fresh;
  const aside = path.replace(/\.json$/, ".new.json");
  await writeKept(aside, text);
  throw new SeccompGenError({ code: "recording-exists", path, aside });
}

/** Removes the partial recording, because the recording has it all now. */
export async function forgetPartial(path: string): Promise<void> {
  await rm(partialPath(path), { force: true });
}
