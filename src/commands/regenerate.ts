import { dirname, isAbsolute, join } from "node:path";
import { parseRecording } from "../core/recording/index.ts";
import {
  derive,
  loadReference,
  loadStored,
  lostInMerge,
  type LostInMerge,
  parseStoredPolicy,
  profileFor,
  writeKept,
  type Terminal,
} from "../project/index.ts";
import { noFilterIn } from "./no-filter.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { escapeLine } from "../core/text/index.ts";
import { keptHere, keptInIndex, recordingsGone, type KeptFiles } from "./kept-files.ts";

/** `seccomp-gen generate --all`: regenerates all profiles. */
export async function regenerateAll(terminal: Terminal): Promise<number> {
  const kept = await keptHere();
  if (kept.recordings.length === 0) throw noRecordings();
  let written = 0;
  for (const recording of kept.recordings) {
    const path = profileFor(recording) ?? "";
    const made = await profileMade(recording, kept);
    if (withUnixLines(await kept.read(path)) === made) continue;
    written += 1;
    await writeKept(path, made);
    terminal.note(escapeLine(`${path}: written`));
  }
  const outcome = written === 0 ? "all profiles are up to date" : `${many(written, "profile")} written`;
  terminal.note(`${many(kept.recordings.length, "recording")}; ${outcome}`);
  return 0;
}

/**
 * `seccomp-gen generate --all --check [--staged]`: names the profiles that do not match their recordings. 0 if all
 * match, 1 if any does not.
 */
export async function checkAll(staged: boolean, terminal: Terminal): Promise<number> {
  const kept = staged ? await keptInIndex() : await keptHere();
  const gone = await recordingsGone(kept);
  if (kept.recordings.length + gone.length === 0) {
    if (staged) return 0; // a commit that removes the last one
    throw noRecordings();
  }
  const lostOf = await lostInMerge(kept.root);
  let [different, orphans] = [0, 0];
  for (const recording of kept.recordings) {
    for (const [at, trouble] of (await troublesOf(recording, kept, lostOf)).entries()) {
      if (at === 0) different += 1;
      terminal.note(escapeLine(trouble));
    }
  }
  for (const recording of gone) {
    const path = profileFor(recording);
    if (path === undefined || !kept.profiles.includes(path)) continue;
    orphans += 1;
    terminal.note(escapeLine(`${path} stays, but its recording ${recording} is deleted, so nothing backs it any more`));
    terminal.note(
      escapeLine(`  Restore the recording (git checkout HEAD -- ${dirname(recording)}), or git rm ${path} as well`),
    );
  }
  const doubtful = different + orphans;
  const match = doubtful === 1 ? "does not match its recording" : "do not match their recordings";
  const outcome = doubtful === 0 ? "all profiles are up to date" : `${many(doubtful, "profile")} ${match}`;
  terminal.note(`${many(kept.recordings.length, "recording")}; ${outcome}`);
  const these = different === 1 ? "it" : "them";
  if (different > 0)
    terminal.note(`  seccomp-gen generate --all regenerates ${these}${staged ? "; then git add" : ""}`);
  return doubtful > 0 ? 1 : 0;
}

/** How a profile differs from its recording, in words. */
async function troublesOf(recording: string, kept: KeptFiles, lostOf: LostInMerge): Promise<readonly string[]> {
  const path = profileFor(recording) ?? "";
  const text = await kept.read(recording);
  const lost = text === undefined ? [] : await lostOf(recording, parseRecording(withUnixLines(text), recording));
  const losses =
    lost.length === 0
      ? []
      : [
          `${recording} lost calls in this merge that neither side removed: ${lost.join(", ")}`,
          "  Restore them: git checkout --merge -- the file, and choose line by line",
        ];
  const there = withUnixLines(await kept.read(path));
  if (there === undefined)
    return [...losses, `${path} is missing; if the service is gone, git rm -r ${dirname(recording)} as well`];
  if (there === (await profileMade(recording, kept))) return losses;
  const noFilter = noFilterIn(there, path);
  return [
    ...losses,
    ...(noFilter === undefined ? [] : [`${path}: ${noFilter}`]),
    `${path} does not match ${recording}: it was edited, or is older than the recording or this seccomp-gen`,
  ];
}

/**
 * A profile that the options name is looked up from the folder that holds traces/. It must lie in the repository,
 * because a pull request may have written its name.
 */
async function profileMade(recording: string, kept: KeptFiles): Promise<string> {
  const options = recording.replace(/recording\.json$/, "policy.json");
  const folder = dirname(dirname(dirname(recording)));
  const fromIndex = async (file: string): Promise<string> => {
    const text = isAbsolute(file) ? undefined : await kept.read(join(folder, file));
    if (text !== undefined) return text;
    throw new SeccompGenError({
      code: "file-unreadable",
      path: join(folder, file),
      detail: "it is not in git's index",
      todo: "Add it: git add FILE.",
    });
  };
  const made = await derive(
    parseRecording(withUnixLines(await kept.read(recording)) ?? "", recording),
    parseStoredPolicy(await kept.read(options), options),
    (name) => (kept.isIndex ? loadReference(name, fromIndex) : loadStored(name, folder)),
  );
  return made.profile;
}

/** git may have checked the files out with Windows line ends. */
function withUnixLines<T extends string | undefined>(text: T): T {
  return text?.replaceAll("\r\n", "\n") as T;
}

function many(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function noRecordings(): SeccompGenError {
  return new SeccompGenError({
    code: "usage",
    what: "no recordings here",
    todo:
      "--all reads traces/NAME/recording.json below the current folder. Record something first, or go to the " +
      "folder that holds traces/.",
  });
}
