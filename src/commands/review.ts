import {
  changedFiles,
  hostOf,
  layoutOf,
  loadReference,
  profileFor,
  writeAtomically,
  type Changes,
  type HostOptions,
  type Terminal,
} from "../project/index.ts";
import { escapeLine } from "../core/text/index.ts";
import {
  failureKinds,
  renderReview,
  type FailureKind,
  type ReviewView,
  type ReviewedOptions,
  type ReviewedProfile,
  type ReviewedRecording,
} from "../words/index.ts";
import { authorsSince } from "./authors.ts";
import { reviewedFile, whole } from "./review-files.ts";
import { lintOnce, reviewProfile, type ReviewContext } from "./review-profile.ts";
import { reviewRecording } from "./review-recording.ts";
import { productVersion } from "./version.ts";

export interface ReviewOptions extends HostOptions {
  /** `undefined`: text on a terminal, markdown elsewhere. */
  readonly format: ReviewView["format"] | undefined;
  /** The same review in other formats, each as FORMAT=FILE. */
  readonly also: readonly { readonly format: ReviewView["format"]; readonly file: string }[];
  readonly failOn: readonly FailureKind[];
  readonly against: string | undefined;
  readonly all?: boolean | undefined;
}

/**
 * `seccomp-gen review [BASE]`: reviews the meaning of every profile and recording that changed since BASE. The exit
 * code is 1 if it finds something that --fail-on names, or a file that cannot be read. Otherwise it is 0, or 2 for
 * trouble.
 */
export async function review(base: string | undefined, options: ReviewOptions, terminal: Terminal): Promise<number> {
  const changes = await changedFiles(base);
  const reference = await loadReference(options.against);
  const context: ReviewContext = {
    changes,
    host: (sides) => hostOf(options, sides),
    reference,
    authors: await authorsSince(changes),
    lint: lintOnce(),
  };
  const profiles: ReviewedProfile[] = [];
  const recordings: ReviewedRecording[] = [];
  const optionFiles: ReviewedOptions[] = [];
  for (const [at, file] of changes.files.entries()) {
    terminal.status?.(`${at + 1} of ${changes.files.length} files reviewed`);
    const found = await reviewedFile(file);
    if (found?.kind === "profiles")
      for (const profile of found.profiles) profiles.push(await reviewProfile(profile, context));
    else if (found?.kind === "recording") recordings.push(await reviewRecording(file, context));
    else if (found?.kind === "options")
      optionFiles.push({ path: file.path, before: compact(file.before), after: compact(file.after) });
  }
  terminal.status?.("");
  profiles.push(...(await untouchedProfiles(changes, new Set(profiles.map(({ path }) => path)), context)));
  const stops = stopsOf(
    profiles,
    options.failOn,
    changes.skipped.some(({ alarming }) => alarming) || recordings.some(({ state }) => state.type === "unreadable"),
  );
  const model = {
    base: changes.base,
    ceilingName: reference.name,
    profiles,
    recordings,
    options: optionFiles,
    skipped: changes.skipped,
    stops,
  };
  const version = productVersion();
  for (const { format, file } of options.also)
    await writeAtomically(file, renderReview(model, { color: false, width: Infinity, version, format }));
  const format = options.format ?? (terminal.rows === undefined ? "markdown" : "text");
  terminal.out(renderReview(model, { ...layoutOf(terminal, options.all), version, format }));
  for (const { path, state } of profiles) {
    const failures =
      state.type === "unreadable" ? ["cannot be read"] : state.failures.filter((kind) => stops.includes(kind));
    for (const failure of failures) terminal.note(escapeLine(`${path}: ${failure}`));
  }
  for (const { path, reason, alarming } of changes.skipped)
    if (alarming) terminal.note(escapeLine(`${path}: not looked at: ${reason}`));
  return stops.length > 0 ? 1 : 0;
}

/** A profile whose recording or options changed must be regenerated, even if nobody touched it. */
async function untouchedProfiles(
  changes: Changes,
  known: ReadonlySet<string>,
  context: ReviewContext,
): Promise<readonly ReviewedProfile[]> {
  const sources = changes.files.flatMap(({ path }) => profileFor(path) ?? []);
  const profiles: ReviewedProfile[] = [];
  for (const path of new Set(sources)) {
    const text = known.has(path) ? undefined : await changes.read(path);
    if (text === undefined) continue;
    const same = whole(text, path);
    const file = { path, before: text, after: text };
    profiles.push(await reviewProfile({ path, formerPath: undefined, file, before: same, after: same }, context));
  }
  return profiles;
}

function compact(text: string | undefined): string {
  return text === undefined ? "no options" : text.replace(/\s+/g, " ").trim();
}

/**
 * The found kinds of failure that fail the check: those that --fail-on names. A file that could not be read always
 * fails it.
 */
function stopsOf(
  profiles: readonly ReviewedProfile[],
  failOn: readonly FailureKind[],
  unread: boolean,
): readonly FailureKind[] {
  const found = new Set(
    profiles.flatMap(({ state }): readonly FailureKind[] => (state.type === "unreadable" ? ["any"] : state.failures)),
  );
  if (unread) found.add("any");
  return failureKinds.filter(
    (kind) => found.has(kind) && (kind === "any" || failOn.includes("any") || failOn.includes(kind)),
  );
}
