import { resolve as resolvePath } from "node:path";
import type { DockerProfile } from "../../core/profile/index.ts";
import { loadDockerDefault } from "../docker-default.ts";
import { readText, readWithin } from "../files.ts";
import { loadProfile } from "../profile-file.ts";
import { dockerDefaultFor, dockerDefaults, newestDockerDefault } from "../../core/tables/index.ts";

/** A profile for comparing, and its name in output. */
export interface Reference {
  readonly name: string;
  readonly profile: DockerProfile;
  /** The release whose default is used instead, if the Docker version is unknown. */
  readonly standsIn?: string;
}

const versionPattern = /^v?\d+(?:\.\d+){1,3}(?:[-+~][0-9A-Za-z.+~-]*)?$|^\d\d$/;

/** Is the text a version of Docker, which stands for that version's default profile? */
export function isDockerVersion(text: string): boolean {
  return versionPattern.test(text);
}

/**
 * Docker's default of the version in a recording, or of the newest known one if it is no version. A recording never
 * names a file.
 */
export function loadVersion(version: string | undefined): Promise<Reference> {
  return loadReference(version !== undefined && versionPattern.test(version) ? version : undefined);
}

/** Docker's default of a version (`undefined`: the newest known), or a profile file that `read` returns. */
export async function loadReference(versionOrFile: string | undefined, read = readText): Promise<Reference> {
  if (versionOrFile === undefined) {
    const newest = dockerDefaults.find(({ file }) => file === newestDockerDefault)?.releases.at(-1) ?? "newest";
    return { name: `Docker ${newest}'s default`, profile: await loadDockerDefault(newestDockerDefault) };
  }
  if (versionPattern.test(versionOrFile)) {
    const version = versionOrFile.replace(/^v/, "");
    const { file, exact, release } = dockerDefaultFor(version);
    return {
      name: `Docker ${version.split(/[-+~]/)[0]}'s default`,
      profile: await loadDockerDefault(file),
      ...(exact ? {} : { standsIn: release }),
    };
  }
  return { name: versionOrFile, profile: (await loadProfile(versionOrFile, read)).read() };
}

/** A larger file is not read as a ceiling. Docker's default is a hundredth of this. */
const maxCeilingBytes = 4 * 1024 * 1024;

/**
 * Loads the reference that a repository's policy.json names. A pull request may have written that name. The file must
 * be regular, of limited size, and within the repository. Its name is relative to `folder`.
 */
export function loadStored(versionOrFile: string | undefined, folder = "."): Promise<Reference> {
  return loadReference(versionOrFile, (path) => readWithin(resolvePath(folder, path), maxCeilingBytes));
}
