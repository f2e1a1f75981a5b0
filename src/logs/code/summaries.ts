import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { analyzeObject, summaryVersion, type ObjectSummary } from "../../reach/index.ts";

/**
 * Summaries of objects, kept by the hash of their content: a library is read once for all
 * recordings. The folder may be deleted at any time.
 */
export class Summaries {
  readonly #folder: string;

  constructor(folder = cacheFolder()) {
    this.#folder = folder;
  }

  /** What the file's code can reach: from the cache, or now. */
  async of(bytes: Uint8Array): Promise<ObjectSummary> {
    const path = join(this.#folder, `${createHash("sha256").update(bytes).digest("hex")}-${summaryVersion}.json.gz`);
    const known = await this.#read(path);
    if (known !== undefined) return known;
    const summary = analyzeObject(bytes);
    await this.#keep(path, summary);
    return summary;
  }

  async #read(path: string): Promise<ObjectSummary | undefined> {
    try {
      const summary = JSON.parse(gunzipSync(await readFile(path)).toString()) as ObjectSummary;
      return summary.version === summaryVersion ? summary : undefined;
    } catch {
      return undefined; // not there, or cut off while it was written
    }
  }

  /** A cache that cannot be written costs time and nothing else. */
  async #keep(path: string, summary: ObjectSummary): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const own = `${path}.${process.pid}`;
      await writeFile(own, gzipSync(JSON.stringify(summary), { level: 1 }), { mode: 0o600 });
      await rename(own, path);
    } catch {
      return;
    }
  }
}

/** XDG Base Directory Specification. */
function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "seccomp-gen", "reach");
}
