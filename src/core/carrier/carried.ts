import { SeccompGenError } from "../errors/index.ts";
import { offsetOf, positionAt, readProfile } from "../profile/index.ts";
import { holdsJsonProfile } from "./json-profile.ts";
import type { Carried } from "./types.ts";
import { withoutComments } from "./without-comments.ts";

/**
 * The profiles that a file holds, as their consumers read them: a JSON document as Docker reads it,
 * `.jsonc` without its comments, YAML as Kubernetes and its operators read it. A JSON document is
 * always taken for a profile, because an engine would take it for one. `known`: labels of profiles that
 * the file held before, and that are listed also if nothing is left of them there.
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

/** The one profile that a file holds, or the one of the label. Throws `usage` if it is not one. */
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
  // Whatever begins like JSON, or is called so, is read as Docker would.
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
