import type { DockerProfile, Position } from "../profile/index.ts";

/** A profile that a file holds. */
export interface Carried {
  /** Its name within the file: kind and name, or its place. Empty if it is the whole file. */
  readonly label: string;
  /** Reads it as its consumer does. Throws `profile-json` or `profile-invalid` with the file's lines. */
  readonly read: () => DockerProfile;
  /** The line and column in the file for a JSON pointer within the profile. */
  readonly place: (pointer: string) => Position;
  /** True if its text is the file's own, so that it can be corrected in place. */
  readonly isWhole: boolean;
}
