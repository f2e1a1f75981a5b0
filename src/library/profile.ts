import { SeccompGenError } from "../core/errors/index.ts";
import { readProfile as readDocument, type DockerProfile, type NoFilter } from "../core/profile/index.ts";
import { dockerDefaultFor, dockerDefaults, newestDockerDefault } from "../core/tables/index.ts";
import { isDockerVersion, shippedDefault } from "../project/index.ts";
import { plain, textOf, type Plain } from "./plain.ts";

/** A seccomp profile. `readProfile`, `dockerDefault` and `profileOf` make it. */
export class Profile {
  /** Its name in messages. */
  readonly name: string;
  /** Why engines run a container without any filter under this document. `undefined` if they run it with one. */
  readonly noFilter: NoFilter | undefined;
  readonly #text: string;
  readonly #document: DockerProfile;

  /** @internal */
  constructor(name: string, text: string, document: DockerProfile) {
    this.name = name;
    this.#text = text;
    this.noFilter = document.noFilter;
    this.#document = document;
  }

  /** The document, as it was read or made. Write this to a file. `console.log(profile)` leaves it out. */
  get text(): string {
    return this.#text;
  }

  /** The document's members in today's spelling, for JSON.stringify. */
  toJSON(): Plain<DockerProfile> {
    return plain(this.#document);
  }

  /** @internal */
  static documentOf(profile: Profile): DockerProfile {
    if (!(profile instanceof Profile)) throw new TypeError("This is no profile. Read it with readProfile(text) first.");
    return profile.#document;
  }
}

/**
 * Reads a profile as Docker, podman and containerd do, in any of their formats. `name` is its name in messages. Throws
 * SeccompGenError (`profile-json`, `profile-invalid`) with line and column.
 */
export function readProfile(text: string, name = "profile"): Profile {
  return new Profile(name, text, readDocument(textOf(text, "profile"), name));
}

/**
 * The default profile of a Docker version, or of the newest known one if none is given. An unknown version has the
 * default of the nearest older one. Throws SeccompGenError (`usage`) for text that is no version.
 */
export function dockerDefault(version?: string): Profile {
  if (version !== undefined && !isDockerVersion(version))
    throw new SeccompGenError({
      code: "usage",
      what: `${version} is no version of Docker`,
      todo: "Give one such as 28.5.2, or none for the newest.",
    });
  const newest = dockerDefaults.at(-1)?.releases.at(-1);
  const { file, release } =
    version === undefined ? { file: newestDockerDefault, release: newest } : dockerDefaultFor(version);
  const { text, profile } = shippedDefault(file);
  return new Profile(`Docker ${release}'s default`, text, profile);
}
