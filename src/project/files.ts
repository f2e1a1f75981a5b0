import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ownSession, sessionPattern } from "../container/session-name.ts";
import { SeccompGenError } from "../errors.ts";

/**
 * Writes a file so that readers see the old content or the new, never half of one: a temporary file beside it, flushed to disk,
 * then renamed over it (rename(2)). Folders are made as needed. Throws `file-unwritable`; then nothing is left behind.
 */
export async function writeAtomically(path: string, text: string | Uint8Array): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    await mkdir(dirname(path), { recursive: true });
    const mode = await modeOf(path);
    const handle = await open(temporary, "wx", mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new SeccompGenError({ code: "file-unwritable", path, detail: systemDetail(error) }, { cause: error });
  }
}

/** A name beside `path` that no other process uses, and that says whose it is, so that `clean` leaves alone what is still being written. */
export function temporaryPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${ownSession()}.${Buffer.from(crypto.getRandomValues(new Uint8Array(6))).toString("hex")}.tmp`);
}

/** Who is writing the file of that name; undefined: it is no temporary file of ours. */
export function temporaryOf(path: string): string | undefined {
  return new RegExp(`^\\..+?\\.(${sessionPattern})\\.[0-9a-f]{12}\\.tmp$`).exec(basename(path))?.[1];
}

/** An existing file keeps its permissions. */
async function modeOf(path: string): Promise<number> {
  const existing = await stat(path).catch(() => undefined);
  return existing === undefined ? 0o644 : existing.mode & 0o777;
}

/** Checks early, before a long recording, that a file can be written where it will go. Makes nothing: the nearest folder that is there must take files. */
export async function checkWritable(path: string): Promise<void> {
  let folder = dirname(path);
  while (!(await stat(folder).then(() => true, () => false)) && dirname(folder) !== folder) folder = dirname(folder);
  const probe = temporaryPath(join(folder, "seccomp-gen"));
  try {
    await (await open(probe, "wx", 0o600)).close();
  } catch (error) {
    throw new SeccompGenError({ code: "file-unwritable", path, detail: systemDetail(error) }, { cause: error });
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

/** The text of a file; `undefined` where there is none. Throws `file-unreadable` for anything else. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isSystemError(error) && error.code === "ENOENT") return undefined;
    throw new SeccompGenError({ code: "file-unreadable", path, detail: systemDetail(error) }, { cause: error });
  }
}

/** The text of a file that must be there. Throws `file-unreadable`. */
export async function readText(path: string): Promise<string> {
  const text = await readIfPresent(path);
  if (text === undefined) throw new SeccompGenError({ code: "file-unreadable", path, detail: "no such file" });
  return text;
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error;
}

/** What the system said, without our temporary names. */
export function systemDetail(error: unknown): string {
  if (!isSystemError(error)) return String(error);
  const known: Readonly<Record<string, string>> = {
    EACCES: "permission denied",
    EISDIR: "it is a folder",
    ENOENT: "no such file or folder",
    ENOSPC: "no space left on the device",
    ENOTDIR: "a part of the path is not a folder",
    EROFS: "the file system is read-only",
  };
  return known[error.code ?? ""] ?? error.message;
}
