import { dirname, join } from "node:path";
import { parseRecording } from "../core/recording/index.ts";
import {
  derive,
  loadStored,
  profilePath,
  readIfPresent,
  readStoredPolicy,
  readText,
  writeKept,
  type Terminal,
} from "../project/index.ts";
import { warnOfNoFilter } from "./no-filter.ts";
import { SeccompGenError } from "../core/errors/index.ts";

/** Every recording that is kept as the command line keeps them: traces/NAME/recording.json. */
export async function keptRecordings(): Promise<readonly string[]> {
  const { default: glob } = await import("fast-glob");
  return (await glob("traces/*/recording.json", { followSymbolicLinks: false })).sort();
}

/** The profile that belongs to a recording: traces/NAME/recording.json → profiles/NAME.json. */
export function profileOf(recording: string): string {
  return profilePath(dirname(recording).split("/").at(-1) ?? "");
}

/**
 * `seccomp-gen generate --all [--check]`: makes all profiles again, or says which are not what
 * their recordings give. 0 fine, 1 with --check: some differ.
 */
export async function regenerateAll(check: boolean, terminal: Terminal): Promise<number> {
  const recordings = await keptRecordings();
  if (recordings.length === 0)
    throw new SeccompGenError({
      code: "usage",
      what: "no recordings here",
      todo:
        "--all reads traces/NAME/recording.json below the current folder; record something first, or go " +
        "to the folder that holds traces/.",
    });
  let different = 0;
  for (const recording of recordings) {
    const made = await derive(
      parseRecording(await readText(recording), recording),
      await readStoredPolicy(recording),
      loadStored,
    );
    const path = join(".", profileOf(recording));
    const there = await readIfPresent(path);
    if (there === made.profile) continue;
    different += 1;
    if (check) {
      if (there !== undefined) warnOfNoFilter(there, path, terminal);
      terminal.note(
        there === undefined
          ? `${path} is missing`
          : `${path} is not what ${recording} gives: it was edited, or it is older than the recording or ` +
              "this seccomp-gen",
      );
    } else {
      await writeKept(path, made.profile);
      terminal.note(`${path}: written`);
    }
  }
  const many = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
  const differing =
    different === 1
      ? "differs: seccomp-gen generate --all makes it again"
      : "differ: seccomp-gen generate --all makes them again";
  const outcome = check ? differing : "written";
  const all = different === 0 ? "all profiles are up to date" : `${many(different, "profile")} ${outcome}`;
  terminal.note(`${many(recordings.length, "recording")}; ${all}`);
  return check && different > 0 ? 1 : 0;
}
