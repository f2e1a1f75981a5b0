import { SeccompGenError } from "../errors/index.ts";
import { offsetOf, positionAt, readProfile } from "../profile/index.ts";
import { holdsJsonProfile } from "./json-profile.ts";
import type { Carried } from "./types.ts";
import { withoutComments } from "./without-comments.ts";

/**
 * The profiles that a file holds, read as their consumers read them. Docker's way is used for JSON, and the way of
 * Kubernetes and its operators for YAML. `.jsonc` is read without its comments. A JSON document always counts as a
 * profile, because an engine would take it for one. `known` has the labels of profiles that the file held before. These
 * profiles are listed even if nothing is left of them.
 */
export async function profilesIn(
  text: string,
  source: string,
  known: ReadonlySet<string> = new Set(),
): Promise<readonly Carried[]> {
  if (/\.jsonc$/i.test(source)) return [whole(withoutComments(text), source, false)];
  if (!mayBeYaml(text, source)) return [whole(text, source, true)];
  const { profilesInYaml } = await import("./yaml.ts");
  return profilesInYaml(text, source, known);
}

/** The only profile that a file holds, or the one with the label. Throws `usage` if there is not exactly one. */
export async function profileIn(text: string, source: string, label?: string): Promise<Carried> {
  const found = await profilesIn(text, source);
  const [first, ...others] = label === undefined ? found : found.filter((carried) => carried.label === label);
  if (first !== undefined && others.length === 0) return first;
  if (found.length === 0) throw new SeccompGenError({ code: "no-profile", source });
  const labels = found.map((carried) => carried.label);
  const shown = labels.slice(0, 10).join(", ") + (labels.length > 10 ? ` and ${labels.length - 10} more` : "");
  throw new SeccompGenError({
    code: "usage",
    what:
      label === undefined
        ? `${source} holds ${found.length} profiles: ${shown}`
        : `${source} holds no profile ${label}, but ${shown}`,
    todo: `Name one of them: ${source}#${labels[0] ?? ""}`,
  });
}

function mayBeYaml(text: string, source: string): boolean {
  if (/\.ya?ml$/i.test(source)) return !holdsJsonProfile(text);
  // A text that begins like JSON, or a file with JSON's extension, is read as Docker reads it.
  return !/\.(?:json|seccomp)$/i.test(source) && !/^\uFEFF?\s*(?:[{[]|null\s*$|$)/.test(text);
}

function whole(text: string, source: string, isWhole: boolean): Carried {
  return {
    label: "",
    read: () => readProfile(text, source),
    place: (pointer) => positionAt(text, offsetOf(text, pointer)),
    isWhole,
  };
}
