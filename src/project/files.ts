import {
  closeSync,
  constants,
  createReadStream,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from "node:fs";
import { basename, dirname, join, normalize, relative, resolve, sep } from "node:path";
import { ownSession, sessionPattern } from "./session-name.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { decoded } from "../core/text/index.ts";
import { profilePath } from "./names.ts";

/**
 * Writes a file so that readers see the old content or the new, never half of it. It writes a temporary file beside it,
 * flushes that to disk, and renames it over the file (rename(2)). Folders are made as needed. An existing file keeps
 * its permissions. A symbolic link stays, and its target is written. To a fifo, a device or a descriptor in /dev/fd it
 * writes directly. Throws `file-unwritable`, and then leaves nothing behind. Regular files are written in this thread,
 * because they never wait. Files that may wait are written in another thread.
 */
export async function writeAtomically(path: string, text: string | Uint8Array): Promise<void> {
  let temporary: string | undefined;
  checkWithin(path);
  try {
    const target = targetOf(path);
    // There is no O_CREAT here, because the kernel refuses it for other people's fifos in /tmp (proc_sys_fs(5),
    // protected_fifos).
    if (target === undefined)
      return await (
        await import("node:fs/promises")
      ).writeFile(path, text, { flag: constants.O_WRONLY | constants.O_APPEND });
    mkdirSync(dirname(target.path), { recursive: true });
    temporary = temporaryPath(target.path);
    const file = openSync(temporary, "wx", target.stats === undefined ? 0o644 : 0o600);
    try {
      writeFileSync(file, text);
      if (target.stats !== undefined) fchmodSync(file, target.stats.mode & 0o777);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, target.path);
  } catch (error) {
    const left = temporary;
    if (left !== undefined) attempt(() => rmSync(left, { force: true }));
    throw new SeccompGenError({ code: "file-unwritable", path, ...systemProblem(error) }, { cause: error });
  }
}

/**
 * Other people write to a checkout. So a path inside the current folder's repository may not lead out of it through a
 * link.
 */
function checkWithin(path: string): void {
  const root = repositoryOf(".");
  const escapes = (to: string): boolean => relative(root, to).split(sep)[0] === ".." || relative(root, to) === "";
  if (escapes(resolve(path))) return;
  const real = landing(path);
  // No commit brings files into .git. Only git-setup names paths there, for its hooks.
  const isGits = (to: string): boolean => relative(root, to).split(sep).includes(".git");
  if (real !== undefined && !escapes(real) && (isGits(resolve(path)) || !isGits(real))) return;
  throw new SeccompGenError({
    code: "file-unwritable",
    path,
    detail: `a symbolic link leads out of ${root}${real === undefined ? "" : `, to ${real}`}`,
    todo: "Remove the link.",
  });
}

/** The result of `work`. `undefined` if the system refuses it. */
function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/**
 * A name beside `path` that no other process uses. It names this process, so that `clean` leaves alone what is still
 * being written.
 */
export function temporaryPath(path: string): string {
  return join(
    dirname(path),
    `.${basename(path)}.${ownSession()}.${Math.floor(Math.random() * 2 ** 48)
      .toString(16)
      .padStart(12, "0")}.tmp`,
  );
}

/** The process that writes the file of that name. `undefined` if it is no temporary file of ours. */
export function temporaryOf(path: string): string | undefined {
  return new RegExp(`^\\..+?\\.(${sessionPattern})\\.[0-9a-f]{12}\\.tmp$`).exec(basename(path))?.[1];
}

/**
 * The file that a write replaces, after all links, and its state. `undefined` for a fifo, a device and the like, and
 * for paths under /proc/ or /dev/fd/.
 */
function targetOf(path: string): { readonly path: string; readonly stats: Stats | undefined } | undefined {
  const stats = attempt(() => statSync(path));
  if (stats !== undefined && !stats.isFile() && !stats.isDirectory()) return undefined;
  let at = resolve(path);
  // The kernel follows at most this many links (path_resolution(7)).
  for (let links = 0; links < 40; links += 1) {
    if (/^\/(?:proc|dev\/fd)\//.test(at)) return undefined;
    const link = at;
    const to = attempt(() => readlinkSync(link));
    if (to === undefined) break;
    at = resolve(realpathSync.native(dirname(at)), to);
  }
  return { path: at, stats };
}

/**
 * Writes a file to a place that this program chose itself: traces/NAME/…, profiles/NAME.json. Other people write to a
 * checkout, so a link in it is followed only within the repository. Throws `file-unwritable`.
 */
export async function writeKept(path: string, text: string, project = projectOf(path)): Promise<void> {
  await checkKept(path, project);
  await writeAtomically(path, text);
}

/**
 * Throws `file-unwritable` if a symbolic link leads a kept file out of `project`'s repository, or into git's own
 * folder.
 */
export async function checkKept(path: string, project = projectOf(path)): Promise<void> {
  if (project === undefined) return;
  const real = landing(path);
  const root = repositoryOf(project);
  const inside = real === undefined ? undefined : relative(root, real);
  if (inside !== undefined && inside.split(sep)[0] !== ".." && !inside.split(sep).includes(".git")) return;
  throw new SeccompGenError({
    code: "file-unwritable",
    path,
    detail: `a symbolic link leads ${real === undefined ? "nowhere" : `out of ${root}, to ${real}`}`,
    todo: "Remove the link, or say with --output where the file goes.",
  });
}

/** The folder that holds `traces` and `profiles`. `undefined` if the path is none that we choose. */
function projectOf(path: string): string | undefined {
  const prefix = /^((?:.*\/)?)(?:traces\/[^/]+|profiles)\/[^/]+$/.exec(normalize(path))?.[1];
  return prefix === "" ? "." : prefix;
}

/** The root of the git repository, or else the folder itself. */
function repositoryOf(project: string): string {
  const own = landing(project) ?? resolve(project);
  for (let folder = own; ; folder = dirname(folder)) {
    if (attempt(() => lstatSync(join(folder, ".git"))) !== undefined) return folder;
    if (dirname(folder) === folder) return own;
  }
}

/** The path of a file that exists or would be made, with all links followed. `undefined` if a link leads nowhere. */
function landing(path: string): string | undefined {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const at = folder;
    const real = attempt(() => realpathSync.native(at));
    if (real !== undefined) return join(real, relative(folder, resolve(path)));
    if (attempt(() => lstatSync(at).isSymbolicLink()) === true) return undefined;
  }
}

/**
 * Checks before a long recording that a file can be written to its place. It makes a file in the nearest existing
 * folder, and removes it at once.
 */
export async function checkWritable(path: string): Promise<void> {
  await checkKept(path);
  let folder = dirname(path);
  while (attempt(() => statSync(folder)) === undefined && dirname(folder) !== folder) folder = dirname(folder);
  const probe = temporaryPath(join(folder, "seccomp-gen"));
  try {
    closeSync(openSync(probe, "wx", 0o600));
  } catch (error) {
    throw new SeccompGenError({ code: "file-unwritable", path, ...systemProblem(error) }, { cause: error });
  } finally {
    attempt(() => rmSync(probe, { force: true }));
  }
}

/** The text of a file. `undefined` if there is none. Throws `file-unreadable` if it cannot be read. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    const stats = attempt(() => statSync(path));
    if ((stats?.size ?? 0) > maxDocumentBytes) throw tooLarge(path);
    return stats?.isFile() === true ? decoded(readFileSync(path)) : await boundedText(createReadStream(path), path);
  } catch (error) {
    if (error instanceof SeccompGenError) throw error;
    if (isSystemError(error) && error.code === "ENOENT") return undefined;
    throw new SeccompGenError({ code: "file-unreadable", path, ...systemProblem(error) }, { cause: error });
  }
}

/** Larger documents are not read. Profiles and recordings are a hundredth of this. */
export const maxDocumentBytes = 4 * 1024 * 1024;

function tooLarge(path: string): SeccompGenError {
  const detail = `it has more than ${maxDocumentBytes >> 20} MB, and no profile and no recording has`;
  const todo = "Name the profile or the recording. A log is read by seccomp-gen generate.";
  return new SeccompGenError({ code: "file-unreadable", path, detail, todo });
}

/**
 * The text of a stream: of a fifo, a packed file or standard input. It reads no more bytes than a document can have.
 * For a longer text it throws `file-unreadable`, which names `path`.
 */
export async function boundedText(chunks: AsyncIterable<Uint8Array>, path: string): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    if ((length += chunk.length) > maxDocumentBytes) throw tooLarge(path);
    parts.push(new Uint8Array(chunk)); // some sources reuse their memory
  }
  return decoded(Buffer.concat(parts));
}

/**
 * The text of a file that a repository names. It must be regular, have at most `maxBytes`, not be reached through a
 * link, and lie within the current folder's repository. Throws `file-unreadable`.
 */
export async function readWithin(path: string, maxBytes: number): Promise<string> {
  const reject = (detail: string, todo: string): never => {
    throw new SeccompGenError({ code: "file-unreadable", path, detail, todo });
  };
  const stats = attempt(() => lstatSync(path));
  if (stats === undefined) return reject("no such file", "Check the path that policy.json names.");
  const inside = relative(repositoryOf("."), landing(path) ?? "/");
  if (inside === "" || inside.split(sep)[0] === "..")
    return reject("it lies outside the repository", "Copy it into the repository, or name it with --against.");
  if (!stats.isFile()) return reject("it is not a regular file", "Copy the profile itself there.");
  if (stats.size > maxBytes) return reject(`it is larger than ${maxBytes} bytes`, "Name a profile.");
  return readText(path);
}

/** The text of a file that must be there. Throws `file-unreadable`. */
export async function readText(path: string): Promise<string> {
  const text = await readIfPresent(path);
  if (text === undefined)
    throw new SeccompGenError({ code: "file-unreadable", path, detail: "no such file", todo: meantProfile(path) });
  return text;
}

/** Advice if a file is missing: users often give a recording's name instead of its profile's path. */
function meantProfile(path: string): string {
  if (path.includes("/")) return "Check the path.";
  const meant = profilePath(path.replace(/\.json$/, ""));
  return attempt(() => statSync(meant).isFile()) === true ? `Did you mean ${meant}?` : "Check the path.";
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error;
}

/** The system's message without our temporary names, and what to do about it. */
export function systemProblem(error: unknown): { readonly detail: string; readonly todo: string } {
  const code = isSystemError(error) ? error.code : undefined;
  const [detail, todo] = systemProblems.get(code ?? "") ?? [
    isSystemError(error) ? error.message : String(error),
    "Run the command again once the cause is gone.",
  ];
  return { detail, todo };
}

const systemProblems = new Map<string, readonly [detail: string, todo: string]>([
  ["EACCES", ["permission denied", "Run the command as a user who has the permission, or give it to this one."]],
  ["EISDIR", ["it is a folder", "Name a file."]],
  ["ENOENT", ["no such file or folder", "Check the path."]],
  ["ENOSPC", ["no space left on the device", "Free space, then run the command again."]],
  ["ENOTDIR", ["part of the path is not a folder", "Check the path."]],
  ["EROFS", ["the file system is read-only", "Choose another place."]],
]);
