import { mergeRecordings, parseRecording, stringifyRecording, type Recording } from "../core/recording/index.ts";
import {
  derive,
  loadStored,
  parseStoredPolicy,
  readText,
  runGit,
  sourceFolder,
  writeAtomically,
  type Terminal,
} from "../project/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { noFilterText, readProfile, resolve } from "../core/profile/index.ts";
import { renderMeaning } from "../words/index.ts";
import { defaultCapabilities, isScmpArch, type ScmpArch } from "../core/tables/index.ts";

/**
 * `seccomp-gen git-textconv FILE`: what git shows of a profile: one line a call. What is no profile
 * is shown as it is: git must not stop.
 */
export async function gitTextconv(file: string, terminal: Terminal): Promise<number> {
  const text = await readText(file);
  try {
    const profile = readProfile(text, file);
    if (profile.noFilter !== undefined) {
      terminal.out(`${noFilterText(profile.noFilter)}\n${text}`);
      return 0;
    }
    const arch: ScmpArch = profile.architectures?.find(isScmpArch) ?? "SCMP_ARCH_X86_64";
    terminal.out(
      renderMeaning(
        profile,
        resolve(profile, { arch, capabilities: new Set(defaultCapabilities), kernel: undefined, runtime: "runc" })
          .filters,
      ),
    );
  } catch (error) {
    if (!(error instanceof SeccompGenError)) throw error;
    terminal.out(text);
  }
  return 0;
}

/**
 * The three sides of a merge, as git hands them over (gitattributes(5), "Defining a custom merge
 * driver"): the result goes to `ours`.
 */
export interface MergeFiles {
  readonly ancestor: string;
  readonly ours: string;
  readonly theirs: string;
  /** Where the file is in the repository. */
  readonly path: string;
}

/**
 * `seccomp-gen git-merge KIND %O %A %B %P`: 0 merged, 1 a conflict, left in the file as git marks
 * it.
 */
export async function gitMerge(kind: "profile" | "recording", files: MergeFiles, terminal: Terminal): Promise<number> {
  try {
    const merged = kind === "recording" ? await mergedRecording(files) : await mergedProfile(files);
    await writeAtomically(files.ours, merged);
    return 0;
  } catch (error) {
    if (!(error instanceof SeccompGenError)) throw error;
    terminal.note(`${files.path}: merged as text: ${error.message}`);
    terminal.note("  When its recording is merged: seccomp-gen generate --all");
    return (await runGit(".", ["merge-file", files.ours, files.ancestor, files.theirs])).exitCode === 0 ? 0 : 1;
  }
}

async function mergedRecording({ ours, theirs, path }: MergeFiles): Promise<string> {
  const [left, right] = [
    parseRecording(await readText(ours), `${path} (ours)`),
    parseRecording(await readText(theirs), `${path} (theirs)`),
  ];
  return stringifyRecording(mergeRecordings(left, right));
}

/**
 * What the merged recording gives. git may ask for the profile before it has merged the recording,
 * so both sides' recordings are looked up in the commits that hold the two profiles.
 */
async function mergedProfile({ ours, theirs, path }: MergeFiles): Promise<string> {
  const folder = sourceFolder(path);
  if (folder === undefined)
    throw new SeccompGenError({ code: "usage", what: "it stands in no folder profiles/", todo: "Merge it by hand." });
  const [left, right] = [await sideOf(ours, path, folder), await sideOf(theirs, path, folder)];
  if (left.policy !== right.policy)
    throw new SeccompGenError({
      code: "usage",
      what: "its options (policy.json) differ on the two sides",
      todo: "Merge policy.json, then make the profile again.",
    });
  const { profile } = await derive(
    mergeRecordings(left.recording, right.recording),
    parseStoredPolicy(left.policy, `${folder}/policy.json`),
    loadStored,
  );
  return profile;
}

interface Side {
  readonly recording: Recording;
  readonly policy: string | undefined;
}

/** Recording and options of the newest commit in which the profile is the one of this file. */
async function sideOf(file: string, path: string, folder: string): Promise<Side> {
  const blob = (await runGit(".", ["hash-object", "--", file])).stdout.trim();
  const commits = (
    await runGit(".", [
      "log",
      "--all",
      "HEAD",
      "-100",
      "--format=%H",
      "--",
      `:(top,literal)${path}`,
      `:(top,literal)${folder}/recording.json`,
      `:(top,literal)${folder}/policy.json`,
    ])
  ).stdout
    .split("\n")
    .filter((commit) => commit !== "");
  for (const commit of commits) {
    if ((await runGit(".", ["rev-parse", `${commit}:${path}`])).stdout.trim() !== blob) continue;
    const recording = await runGit(".", ["cat-file", "blob", `${commit}:${folder}/recording.json`]);
    if (recording.exitCode !== 0) continue;
    const policy = await runGit(".", ["cat-file", "blob", `${commit}:${folder}/policy.json`]);
    return {
      recording: parseRecording(recording.stdout, `${folder}/recording.json`),
      policy: policy.exitCode === 0 ? policy.stdout : undefined,
    };
  }
  throw new SeccompGenError({
    code: "usage",
    what: "no commit holds this profile with a recording",
    todo: "Merge it by hand.",
  });
}
