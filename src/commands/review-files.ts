import { jsonContent, mayHoldProfile, profilesIn, withoutComments, type Carried } from "../core/carrier/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { offsetOf, positionAt, readProfile } from "../core/profile/index.ts";
import { isPlaceOfProfiles, type ChangedFile } from "../project/index.ts";

/** One profile of a changed file, before and after. `undefined` on a side that lacks it. */
export interface ChangedProfile {
  /** The file, and the profile in it if the file holds several (`deploy.yaml#web`). */
  readonly path: string;
  readonly formerPath: string | undefined;
  readonly file: ChangedFile;
  readonly before: Carried | undefined;
  readonly after: Carried | undefined;
}

/** The kind of a changed file. */
export type ReviewedFile =
  | { readonly kind: "profiles"; readonly profiles: readonly ChangedProfile[] }
  | { readonly kind: "recording" | "options" };

/**
 * Judges a file by its content, as its consumers read it, because a repository may give its files any names. A file in
 * a folder for profiles is a profile, or it stops the gate. `undefined` if there is nothing to judge.
 */
export async function reviewedFile(file: ChangedFile): Promise<ReviewedFile | undefined> {
  const { path, formerPath } = file;
  const former = file.before === undefined ? undefined : await contentOf(file.before, formerPath ?? path);
  const held = isList(former) ? former : [];
  const known = new Set(held.map(({ label }) => label).filter((label) => label !== ""));
  const content = file.after === undefined ? undefined : await contentOf(file.after, path, known);
  // A file that was a profile and cannot be read any more is not gone.
  const after = content instanceof SeccompGenError && held.length > 0 ? [unreadable(content)] : content;
  const before = former instanceof SeccompGenError ? undefined : former;
  const isProfile = [after, before].some((side) => isList(side) && side.length > 0);
  if (/(^|\/)traces\/[^/]+\/policy\.json$/.test(path) && !isProfile) return { kind: "options" };
  if (!isProfile) return [after, before].includes("recording") ? { kind: "recording" } : undefined;
  // An engine takes the whole JSON document for the profile, even if no profile is left in it.
  const isWhole = [after, before].some((side) => isList(side) && side[0]?.label === "");
  const [were, are] = [
    sideOf(before, file.before, formerPath ?? path, isWhole),
    sideOf(after, file.after, path, isWhole),
  ];
  return { kind: "profiles", profiles: pairs(file, were, are) };
}

function sideOf(content: Content, text: string | undefined, source: string, isWhole: boolean): readonly Carried[] {
  if (isList(content) && (content.length > 0 || !isWhole)) return content;
  return text === undefined || !isWhole ? [] : [whole(text, source)];
}

/** Profiles are the same if they have the same name. The only profile of a file is the same under any name. */
function pairs(file: ChangedFile, were: readonly Carried[], are: readonly Carried[]): readonly ChangedProfile[] {
  const changed = (before: Carried | undefined, after: Carried | undefined): ChangedProfile => {
    const named = (path: string, carried: Carried | undefined): string =>
      (carried?.label ?? "") === "" ? path : `${path}#${carried?.label}`;
    const path = named(file.path, after ?? before);
    const former = before === undefined ? file.formerPath : named(file.formerPath ?? file.path, before);
    return { path, formerPath: former === path ? undefined : former, file, before, after };
  };
  const [was, is] = [were[0], are[0]];
  if (were.length === 1 && are.length === 1) return [changed(was, is)];
  const former = new Map(were.map((carried) => [carried.label, carried]));
  return [
    ...are.map((after) => changed(former.get(after.label), after)),
    ...were
      .filter(({ label }) => !are.some((after) => after.label === label))
      .map((before) => changed(before, undefined)),
  ];
}

/** The profiles in a text, another kind of content, or why it cannot be read. */
type Content = readonly Carried[] | "recording" | SeccompGenError | undefined;

function isList(content: Content): content is readonly Carried[] {
  return Array.isArray(content);
}

async function contentOf(text: string, path: string, known: ReadonlySet<string> = new Set()): Promise<Content> {
  const isJson = /^\s*(?:[{[]|null\s*$|$)/.test(text);
  const isNamedSo = /\.(?:jsonc?|seccomp)$/i.test(path);
  const isYaml = /\.ya?ml$/i.test(path);
  const content = jsonContent(/\.jsonc$/i.test(path) ? withoutComments(text) : text);
  if (content === "recording") return "recording";
  if (content === "profile" || (content === "broken" && isNamedSo)) return [whole(text, path)];
  if (isPlaceOfProfiles(path) && (isJson || isNamedSo)) return [whole(text, path)];
  // A list or a ConfigMap in JSON is also YAML.
  if (known.size === 0 && !mayHoldProfile(text, isYaml))
    return isPlaceOfProfiles(path) && isYaml ? [unreadable(noProfile(path))] : undefined;
  try {
    const found = await profilesIn(text, isNamedSo || isJson ? `${path}.yaml` : path, known);
    return found.length === 0 && isPlaceOfProfiles(path) && isYaml ? [unreadable(noProfile(path))] : found;
  } catch (error) {
    if (!(error instanceof SeccompGenError)) throw error;
    // No consumer reads a broken file of another name as a profile.
    return isYaml ? [unreadable(error)] : error;
  }
}

function noProfile(source: string): SeccompGenError {
  return new SeccompGenError({ code: "no-profile", source });
}

/** A JSON document, read as an engine would read the file. */
export function whole(text: string, source: string): Carried {
  const own = /\.jsonc$/i.test(source) ? withoutComments(text) : text;
  return {
    label: "",
    read: () => readProfile(own, source),
    place: (pointer) => positionAt(own, offsetOf(own, pointer)),
    isWhole: true,
  };
}

function unreadable(error: SeccompGenError): Carried {
  return {
    label: "",
    read: () => {
      throw error;
    },
    place: () => ({ line: 1, column: 1 }),
    isWhole: false,
  };
}
