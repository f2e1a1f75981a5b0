import { dirname } from "node:path";
import { parseRecording } from "../aggregator/index.ts";
import type { Recording } from "../aggregator/types.ts";
import { assess } from "../assessment/index.ts";
import { SeccompGenError } from "../errors.ts";
import { lintProfile } from "../lint/index.ts";
import { readProfile } from "../profile/index.ts";
import type { DockerProfile, HostContext } from "../profile/types.ts";
import { escapeLine } from "../review/escape.ts";
import { renderReview } from "../review/review.ts";
import type { ReviewedProfile, ReviewedRecording } from "../review/review.ts";
import { changedFiles } from "./changed-files.ts";
import type { ChangedFile, Changes } from "./changed-files.ts";
import { derive, hostsOf } from "./derivation.ts";
import type { Derivation } from "./derivation.ts";
import { hostOf } from "./host.ts";
import type { HostOptions } from "./host.ts";
import type { FailureKind } from "./failure-kinds.ts";
import { loadReference, resolveFor } from "./reference.ts";
import { parseStoredPolicy } from "./stored-policy.ts";
import type { Terminal } from "./terminal.ts";

export interface ReviewOptions extends HostOptions {
  readonly format: "markdown" | "text" | "json";
  readonly failOn: readonly FailureKind[];
  readonly against: string | undefined;
}

/** `seccomp-gen review [BASE]`: every profile and recording changed since BASE, by meaning. 0 nothing that --fail-on names, 1 something, 2 trouble. */
export async function review(base: string | undefined, options: ReviewOptions, terminal: Terminal): Promise<number> {
  const changes = await changedFiles(base);
  const reference = await loadReference(options.against);
  const profiles: ReviewedProfile[] = [];
  const recordings: ReviewedRecording[] = [];
  for (const file of changes.files) {
    const kind = kindOf(file);
    if (kind === "profile") profiles.push(await reviewProfile(file, changes, hostOf(options), reference));
    else if (kind === "recording") recordings.push(reviewRecording(file));
  }
  // A profile whose recording or options changed must be made again, although it was not touched.
  for (const { path } of changes.files.filter((file) => kindOf(file) !== "profile" && /(^|\/)traces\/[^/]+\/(recording|policy)\.json$/.test(file.path))) {
    const profile = path.replace(/traces\/([^/]+)\/(?:recording|policy)\.json$/, "profiles/$1.json");
    if (profiles.some((reviewed) => reviewed.path === profile)) continue;
    const unchanged = await changes.read(profile);
    if (unchanged !== undefined) profiles.push(await reviewProfile({ path: profile, before: unchanged, after: unchanged }, changes, hostOf(options), reference));
  }
  const model = { base: changes.base, ceilingName: reference.name, profiles: profiles.sort((a, b) => (a.path < b.path ? -1 : 1)), recordings, skipped: changes.skipped };
  terminal.out(renderReview(model, { format: options.format, color: terminal.color }));
  const failures = profiles.flatMap((profile) => failuresOf(profile).filter((kind) => options.failOn.includes("any") || options.failOn.includes(kind)).map((kind) => `${profile.path}: ${kind}`));
  for (const failure of failures) terminal.note(escapeLine(failure));
  for (const { path, state } of profiles) if (state.type === "unreadable") terminal.note(escapeLine(`${path}: cannot be read`));
  return failures.length > 0 || profiles.some(({ state }) => state.type === "unreadable") ? 1 : 0;
}

/** By content: what a repository calls its files is its own business. */
function kindOf({ before, after }: ChangedFile): "profile" | "recording" | undefined {
  for (const text of [after, before]) {
    if (text === undefined) continue;
    if (/"defaultAction"\s*:/.test(text)) return "profile";
    if (/"syscalls"\s*:/.test(text) && /"runs"\s*:/.test(text)) return "recording";
  }
  return undefined;
}

async function reviewProfile(file: ChangedFile, changes: Changes, fallbackHost: HostContext, reference: { readonly name: string; readonly profile: DockerProfile }): Promise<ReviewedProfile> {
  const { path } = file;
  try {
    const derivation = file.after === undefined ? undefined : await derivationFor(path, changes);
    const hosts = derivation === undefined ? [fallbackHost] : hostsOf(derivation.recording);
    const ceiling = resolveFor(reference.profile, hosts);
    // Without a profile of its own a container has Docker's default.
    const [before, after] = [file.before, file.after].map((text, side) => (text === undefined ? reference.profile : readProfile(text, side === 0 ? `${path} before` : path))) as [DockerProfile, DockerProfile];
    const derived = derivation === undefined ? undefined : resolveFor(readProfile(derivation.made.profile, path), hosts);
    const [host = fallbackHost] = hosts;
    const context = { host, ceiling, ceilingName: reference.name };
    const known = new Set(file.before === undefined ? [] : lintProfile(before, context).map(({ kind, names }) => `${kind} ${names.join()}`));
    const findings = file.after === undefined ? [] : lintProfile(after, context).filter(({ kind, names, severity }) => severity !== "note" && !known.has(`${kind} ${names.join()}`));
    return {
      path,
      state: {
        type: file.before === undefined ? "added" : file.after === undefined ? "removed" : "changed",
        assessment: assess(resolveFor(before, hosts), resolveFor(after, hosts), { ceiling, derived }),
        source: file.after === undefined ? "removed" : derivation === undefined ? "none" : derivation.made.profile === file.after ? "same" : "different",
        findings,
      },
    };
  } catch (error) {
    if (!(error instanceof SeccompGenError)) throw error;
    return { path, state: { type: "unreadable", reason: error.message } };
  }
}

/** What the committed recording gives with the committed options: profiles/NAME.json belongs to traces/NAME/recording.json. */
async function derivationFor(path: string, changes: Changes): Promise<{ readonly recording: Recording; readonly made: Derivation } | undefined> {
  const name = /(?:^|\/)profiles\/([^/]+)\.json$/.exec(path)?.[1];
  if (name === undefined) return undefined;
  const folder = `${dirname(dirname(path))}/traces/${name}`.replace(/^\.\//, "");
  const text = await changes.read(`${folder}/recording.json`);
  if (text === undefined) return undefined;
  const recording = parseRecording(text, `${folder}/recording.json`);
  const policy = parseStoredPolicy(await changes.read(`${folder}/policy.json`), `${folder}/policy.json`);
  return { recording, made: await derive(recording, policy) };
}

function reviewRecording({ path, before, after }: ChangedFile): ReviewedRecording {
  try {
    const [old, next] = [before, after].map((text) => (text === undefined ? undefined : parseRecording(text, path)));
    const names = (recording: Recording | undefined): readonly string[] => [...new Set(Object.values(recording?.syscalls ?? {}).flatMap((byName) => Object.keys(byName)))];
    const [was, is] = [names(old), names(next)];
    return { path, runs: (next?.runs.length ?? 0) - (old?.runs.length ?? 0), added: is.filter((name) => !was.includes(name)).sort(), removed: was.filter((name) => !is.includes(name)).sort(), unreadable: undefined };
  } catch (error) {
    if (!(error instanceof SeccompGenError)) throw error;
    return { path, runs: 0, added: [], removed: [], unreadable: error.message };
  }
}

function failuresOf({ state }: ReviewedProfile): readonly FailureKind[] {
  if (state.type === "unreadable") return ["any"];
  const { assessment, source, findings } = state;
  const { openings, open, profile } = assessment;
  return [
    ...(open || openings.length > 0 || profile.some(({ kind }) => kind === "architecture-added") ? (["widened"] as const) : []),
    ...(open || openings.some(({ level }) => level === "danger") ? (["dangerous"] as const) : []),
    ...(source === "none" || source === "different" ? (["unbacked"] as const) : []),
    ...(open || openings.some(({ beyondDocker }) => beyondDocker) ? (["beyond-docker"] as const) : []),
    ...(findings.length > 0 ? (["lint"] as const) : []),
  ];
}
