import { readProfile, resolve, type DockerProfile, type HostContext } from "../../core/profile/index.ts";
import { loadDockerDefault } from "../docker-default.ts";
import { readText } from "../files.ts";
import type { Filter } from "../../core/seccomp/index.ts";
import { dockerDefaultFor, dockerDefaults, newestDockerDefault, type ScmpArch } from "../../core/tables/index.ts";

/** A profile to compare with, and what to call it in output. */
export interface Reference {
  readonly name: string;
  readonly profile: DockerProfile;
  /** Of a Docker version that is not known: the release whose default stands in for its own. */
  readonly standsIn?: string;
}

/**
 * Docker's default of a version (undefined: the newest known), or a profile file, which `read`
 * reads.
 */
export async function loadReference(versionOrFile: string | undefined, read = readText): Promise<Reference> {
  if (versionOrFile === undefined) {
    const newest = dockerDefaults.find(({ file }) => file === newestDockerDefault)?.releases.at(-1) ?? "newest";
    return { name: `Docker ${newest}'s default`, profile: await loadDockerDefault(newestDockerDefault) };
  }
  if (/^v?\d+\.\d+(\.\d+)?([-+~].*)?$/.test(versionOrFile)) {
    const version = versionOrFile.replace(/^v/, "");
    const { file, exact, release } = dockerDefaultFor(version);
    return {
      name: `Docker ${version.replace(/[-+~].*$/, "")}'s default`,
      profile: await loadDockerDefault(file),
      ...(exact ? {} : { standsIn: release }),
    };
  }
  return { name: versionOrFile, profile: readProfile(await read(versionOrFile), versionOrFile) };
}

/** A profile as each host resolves it, by architecture. */
export function resolveFor(profile: DockerProfile, hosts: readonly HostContext[]): ReadonlyMap<ScmpArch, Filter> {
  return new Map(hosts.flatMap((host) => [...resolve(profile, host).filters]));
}
