import { constants } from "node:fs";
import { open, readlink } from "node:fs/promises";
import { join, normalize } from "node:path";

/** The place from which the files of a recorded program are read: this host, a folder, a container's file system. */
export interface FileSource {
  /** The bytes of a regular file. Links are followed within the source. `undefined` if there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /**
   * The SHA-256 of the file's content, if it is known without reading the file. `null` if there is no such file.
   * `undefined` if the file must be read.
   */
  hashOf?(path: string): Promise<string | null | undefined>;
}

/** A larger file is not read. No published executable is that large. */
const largestFile = 512 * 1024 * 1024;

/** The kernel follows fewer links than this (path_resolution(7)). */
const mostLinks = 40;

/** The files below a folder; `/` is this host. Links are followed as if the folder were the root. */
export function filesBelow(root: string): FileSource {
  return { read: async (path) => readRegular(root, await resolveWithin(root, path)) };
}

/** The path without links, relative to the root. `undefined` if links go in circles. */
async function resolveWithin(root: string, path: string): Promise<string | undefined> {
  let parts = normalize(join("/", path)).split("/").filter(Boolean);
  let done: string[] = [];
  for (let links = 0; parts.length > 0;) {
    const [part = "", ...rest] = parts;
    const target = await linkTarget(join(root, ...done, part));
    if (target === undefined) {
      done = [...done, part];
      parts = rest;
      continue;
    }
    if (++links > mostLinks) return undefined;
    const base = target.startsWith("/") ? [] : done;
    parts = [
      ...normalize(join("/", ...base, target))
        .split("/")
        .filter(Boolean),
      ...rest,
    ];
    done = [];
  }
  return join("/", ...done);
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch {
    return undefined; // no link, or no file: opening it shows which
  }
}

async function readRegular(root: string, path: string | undefined): Promise<Uint8Array | undefined> {
  if (path === undefined) return undefined;
  try {
    // Somebody may have put a link or a fifo there since. No link is followed out of the root, and a fifo is not waited
    // for.
    await using file = await open(join(root, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const status = await file.stat();
    return status.isFile() && status.size <= largestFile ? await file.readFile() : undefined;
  } catch {
    return undefined;
  }
}
