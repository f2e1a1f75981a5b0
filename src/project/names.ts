import { basename, dirname, join } from "node:path";
import { SeccompGenError } from "../core/errors/index.ts";

/** Names become folders and files. They have letters, digits, `.`, `_` and `-`, and no dot in front. */
export function checkName(name: string): string {
  if (name.length <= 128 && /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name)) return name;
  throw new SeccompGenError({
    code: "usage",
    what: `${JSON.stringify(name)} cannot be the name of a recording`,
    todo: "Give another name (--name). It begins with a letter, a digit or _, and has only these, dots and hyphens.",
  });
}

/** `registry:5000/library/nginx:1.27@sha256:…` → `nginx`. */
export function nameFromImage(image: string): string {
  const [withoutDigest = ""] = image.split("@");
  const last = withoutDigest.split("/").at(-1) ?? "";
  return last.split(":")[0] ?? "";
}

export function recordingPath(name: string): string {
  return join("traces", name, "recording.json");
}

export function profilePath(name: string): string {
  return join("profiles", `${name}.json`);
}

/**
 * The recording from which a profile was made, at the place where the command line keeps it: profiles/NAME.json →
 * traces/NAME/recording.json beside its folder.
 */
export function recordingBeside(profile: string): string {
  return join(dirname(profile), "..", recordingPath(basename(profile, ".json")));
}

/** profiles/NAME.json → traces/NAME. `undefined` if the file is in no folder profiles/. */
export function sourceFolder(profile: string): string | undefined {
  return /(?:^|\/)profiles\/[^/]+\.json$/.test(profile) ? dirname(recordingBeside(profile)) : undefined;
}

/**
 * traces/NAME/recording.json or policy.json → the profile made from it, beside that folder:
 * profiles/NAME.json. `undefined` for other paths.
 */
export function profileFor(source: string): string | undefined {
  const [, before, name] = /^((?:.*\/)?)traces\/([^/]+)\/(?:recording|policy)\.json$/.exec(source) ?? [];
  return name === undefined ? undefined : `${before ?? ""}${profilePath(name)}`;
}
