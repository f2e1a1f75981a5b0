import { stringifyRecording, type Recording } from "../core/recording/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import {
  checkWritable,
  combine,
  derive,
  forgetPartial,
  keepPartial,
  policyOf,
  profilePath,
  recordingPath,
  storePolicy,
  whileLocked,
  writeKept,
  type Derivation,
  type PolicyArguments,
  type Terminal,
} from "../project/index.ts";

/** The options that decide how a fresh recording is stored. */
export interface KeepOptions extends PolicyArguments {
  readonly append: boolean;
  readonly force: boolean;
}

/** A recording that was just made, and the name that it is stored under. */
export interface Fresh {
  readonly name: string;
  /** The stored recording from before this one. */
  readonly before: Recording | undefined;
  readonly recording: Recording;
  /** Why the recording is incomplete. It is then stored beside the existing one. */
  readonly trouble: SeccompGenError | undefined;
}

export interface Kept {
  readonly recording: Recording;
  readonly derivation: Derivation;
  readonly paths: { readonly recording: string; readonly profile: string };
}

/** The paths of a recording and its profile. Throws if they cannot be written. */
export async function placesOf(name: string): Promise<Kept["paths"]> {
  const paths = { recording: recordingPath(name), profile: profilePath(name) };
  await checkWritable(paths.recording);
  await checkWritable(paths.profile);
  return paths;
}

/** Writes recording, policy and profile. Stores an incomplete recording too, then throws `recording-cut`. */
export async function keepRecording(fresh: Fresh, options: KeepOptions, terminal: Terminal): Promise<Kept> {
  const paths = { recording: recordingPath(fresh.name), profile: profilePath(fresh.name) };
  if (fresh.trouble !== undefined) throw await keepPartial(paths.recording, fresh.recording, fresh.trouble);
  return whileLocked(paths.recording, async () => {
    const recording = await combine(paths.recording, fresh.before, fresh.recording, options, terminal.note);
    const derivation = await derive(recording, options);
    await writeKept(paths.recording, stringifyRecording(recording));
    await storePolicy(paths.recording, policyOf(options));
    await writeKept(paths.profile, derivation.profile);
    if (options.append) await forgetPartial(paths.recording);
    return { recording, derivation, paths };
  });
}

/**
 * Releases the traces once the files are written. If a file cannot be written, the traces stay, and `stays` says so.
 */
export async function thenRelease<Result>(
  writing: Promise<Result>,
  release: () => Promise<void>,
  stays: () => void,
): Promise<Result> {
  return writing.then(
    async (result) => (await release(), result),
    async (error: unknown) => {
      if (error instanceof SeccompGenError && error.problem.code === "file-unwritable") stays();
      else await release();
      throw error;
    },
  );
}
