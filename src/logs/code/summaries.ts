import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { analyzeObject, summaryFrom, summaryVersion, type ObjectSummary } from "../../reach/index.ts";

/** The most bytes of a summary as JSON. Those of node, dockerd and LLVM have 4 MB. */
const largestSummary = 64 * 1024 * 1024;

/** The most bytes of all files: enough for the summaries of some thousand libraries. */
const largestCache = 64 * 1024 * 1024;

/** The SHA-256 of each file of an image by its path. `null` if there is no file at a path. */
export type ImageFiles = Map<string, string | null>;

export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * Summaries of objects, stored by the hash of their content, so that a library is read once for all recordings. Beside
 * them is what is known about the files of images, which never change. The folder may be deleted at any time. Its
 * content is not trusted: a file is used only if it is whole and valid, and the folder only if no other user can write
 * to it.
 */
export class Summaries {
  readonly #folder: string;
  readonly #largest: number;
  readonly #known = new Map<string, Promise<ObjectSummary>>();
  #usable: Promise<boolean> | undefined;
  #pruned: Promise<void> | undefined;

  constructor(folder = cacheFolder(), largest = largestCache) {
    this.#folder = folder;
    this.#largest = largest;
  }

  /** What the file's code can reach: from the cache, or computed now. */
  of(bytes: Uint8Array): Promise<ObjectSummary> {
    const hash = hashOf(bytes);
    // Links to one file are often read at once: all tools of an image may be busybox.
    const known = this.#known.get(hash) ?? this.#find(hash, bytes);
    this.#known.set(hash, known);
    return known;
  }

  /** The summary of a file with this content, if the cache has it. */
  async known(hash: string): Promise<ObjectSummary | undefined> {
    const known = this.#known.get(hash) ?? (await this.#kept(hash, summaryFrom));
    if (known !== undefined) this.#known.set(hash, Promise.resolve(known));
    return known;
  }

  async #find(hash: string, bytes: Uint8Array): Promise<ObjectSummary> {
    const known = await this.#kept(hash, summaryFrom);
    if (known !== undefined) return known;
    const summary = analyzeObject(bytes);
    await this.#keep(hash, summary);
    return summary;
  }

  /** What is known about an image's files. `image` is the digest of its configuration. */
  async imageFiles(image: string): Promise<ImageFiles> {
    return (await this.#kept(imageName(image), imageFilesFrom)) ?? new Map<string, string | null>();
  }

  async keepImageFiles(image: string, files: ImageFiles): Promise<void> {
    await this.#keep(imageName(image), Object.fromEntries(files));
  }

  #isUsable(): Promise<boolean> {
    return (this.#usable ??= isOurs(this.#folder));
  }

  async #kept<Kept>(name: string, from: (value: unknown) => Kept | undefined): Promise<Kept | undefined> {
    return (await this.#isUsable()) ? readKept(join(this.#folder, `${name}${ending}`), from) : undefined;
  }

  /** If the cache cannot be written, only time is lost. */
  async #keep(name: string, value: object): Promise<void> {
    if (!(await this.#isUsable())) return;
    const path = join(this.#folder, `${name}${ending}`);
    try {
      await (this.#pruned ??= prune(this.#folder, this.#largest).catch(() => undefined));
      const own = `${path}.${process.pid}`;
      await writeFile(own, gzipSync(JSON.stringify(value), { level: 1 }), { mode: 0o600 });
      await rename(own, path);
    } catch {
      return;
    }
  }
}

function imageName(image: string): string {
  return `image-${hashOf(Buffer.from(image))}`;
}

function imageFilesFrom(value: unknown): ImageFiles | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const files = Object.entries(value);
  return files.every(([, hash]) => hash === null || (typeof hash === "string" && /^[0-9a-f]{64}$/.test(hash)))
    ? new Map(files as readonly (readonly [string, string | null])[])
    : undefined;
}

const ending = `-${summaryVersion}.json.gz`;

/** Makes the folder if it is missing. True if only this user can write to it. */
async function isOurs(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = await stat(folder);
    return uid === process.getuid?.() && (mode & 0o022) === 0;
  } catch {
    return false;
  }
}

/** `undefined` if there is no such file, or if it is torn or holds something else. */
async function readKept<Kept>(path: string, from: (value: unknown) => Kept | undefined): Promise<Kept | undefined> {
  try {
    const text = gunzipSync(await readFile(path), { maxOutputLength: largestSummary }).toString();
    const kept = from(JSON.parse(text));
    // Sets the time of the last use, which `prune` needs.
    if (kept !== undefined) await utimes(path, new Date(), new Date());
    return kept;
  } catch {
    return undefined;
  }
}

/**
 * Deletes what other versions wrote and what an interrupted run left. If the rest is larger than the room, it deletes
 * what was used longest ago, until half of the room is free.
 */
async function prune(folder: string, largest: number): Promise<void> {
  const files: { readonly path: string; readonly size: number; readonly used: number }[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const { size, mtimeMs } = await stat(path);
    if (name.endsWith(ending)) files.push({ path, size, used: mtimeMs });
    else if (Date.now() - mtimeMs > oldEnough) await rm(path, { force: true });
  }
  let total = files.reduce((sum, { size }) => sum + size, 0);
  if (total <= largest) return;
  for (const { path, size } of files.sort((a, b) => a.used - b.used)) {
    if (total <= largest / 2) return;
    await rm(path, { force: true });
    total -= size;
  }
}

/** In milliseconds. Another run may still write to a younger file. */
const oldEnough = 3_600_000;

/** XDG Base Directory Specification. */
function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "seccomp-gen", "reach");
}
