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

/** What decides how a fresh recording is put in its place. */
export interface KeepOptions extends PolicyArguments {
  readonly append: boolean;
  readonly force: boolean;
}

/** A recording that was made now, under the name that it is kept by. */
export interface Fresh {
  readonly name: string;
  /** What was there before it began. */
  readonly before: Recording | undefined;
  readonly recording: Recording;
  /** Why it is not the whole of it: then it is kept beside what is there. */
  readonly trouble: SeccompGenError | undefined;
}

export interface Kept {
  readonly recording: Recording;
  readonly derivation: Derivation;
  readonly paths: { readonly recording: string; readonly profile: string };
}

/** Where a recording and its profile are kept; throws if they could not be written. */
export async function placesOf(name: string): Promise<Kept["paths"]> {
  const paths = { recording: recordingPath(name), profile: profilePath(name) };
  await checkWritable(paths.recording);
  await checkWritable(paths.profile);
  return paths;
}

/** Writes recording, policy and profile. Throws `recording-cut` for what is not the whole of it, once that is kept. */
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

/** Gives the traces away once what they told is written. If a file could not be, they stay, and `stays` says so. */
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
