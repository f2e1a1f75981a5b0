import { dirname } from "node:path";
import { mergeThreeWay, parseRecording, stringifyRecording, type Recording } from "../core/recording/index.ts";
import {
  candidateMerges,
  derive,
  loadStored,
  mergeInputs,
  mergePolicies,
  parseStoredPolicy,
  policyText,
  readText,
  runGit,
  sourceFolder,
  writeAtomically,
  type Inputs,
  type MergeFiles,
  type PolicyArguments,
  type Terminal,
} from "../project/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { escapeLine } from "../core/text/index.ts";
import { noFilterText, readProfile, resolve } from "../core/profile/index.ts";
import { renderMeaning } from "../words/index.ts";
import { defaultCapabilities, isScmpArch, type ScmpArch } from "../core/tables/index.ts";

/**
 * `seccomp-gen git-textconv FILE`: prints a profile with one call on a line, for git's diffs. Any other file is shown
 * as it is, because git must not stop.
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

export type MergeKind = "profile" | "recording" | "policy";

/**
 * `seccomp-gen git-merge KIND %O %A %B %P`: merges a file. Resolves to 0 if merged, and to 1 for a conflict. The
 * conflict stays in the file with git's marks. A merge in doubt is a conflict.
 */
export async function gitMerge(kind: MergeKind, files: MergeFiles, terminal: Terminal): Promise<number> {
  const note = (line: string): void => terminal.note(escapeLine(line));
  if (kind === "profile" && !(await wasRecorded(files.path))) return (await mergeAsText(files)) === 0 ? 0 : 1;
  try {
    const merged = await mergers[kind](files);
    if ("text" in merged) {
      await writeAtomically(files.ours, merged.text);
      return 0;
    }
    for (const conflict of merged.conflicts) note(`${files.path}: conflict: ${conflict}`);
    if (merged.sides !== undefined) await markConflicts(files, merged.sides);
    else await mergeAsText(files);
  } catch (error) {
    if (!(error instanceof SeccompGenError)) throw error;
    note(`${files.path}: conflict: ${error.message}`);
    await mergeAsText(files);
  }
  note(`  ${todo[kind]}`);
  return 1;
}

const todo: { readonly [kind in MergeKind]: string } = {
  recording: "Choose one side of each marked line, git add it, then run: seccomp-gen generate --all",
  policy: "Choose the options, git add the file, then run: seccomp-gen generate --all",
  profile: "Merge its recording and policy.json first, then run: seccomp-gen generate --all",
};

type Merged =
  | { readonly text: string }
  | {
      readonly conflicts: readonly string[];
      /** The whole file, with each conflict settled for one side. `undefined` if git merges it as text. */
      readonly sides?: Texts;
    };

interface Texts {
  readonly ours: string;
  readonly base: string;
  readonly theirs: string;
}

const mergers: { readonly [kind in MergeKind]: (files: MergeFiles) => Promise<Merged> } = {
  recording: mergedRecording,
  policy: mergedPolicy,
  profile: mergedProfile,
};

/** Merges as git itself does. Returns 0, or the number of conflicts. */
async function mergeAsText({ ours, ancestor, theirs }: MergeFiles): Promise<number> {
  const labels = ["-L", "ours", "-L", "base", "-L", "theirs"];
  return (await runGit(".", ["merge-file", ...labels, ours, ancestor, theirs])).exitCode;
}

/** Did any commit keep a recording for this profile? */
async function wasRecorded(profile: string): Promise<boolean> {
  const folder = sourceFolder(profile);
  if (folder === undefined) return false;
  const found = await runGit(".", [
    ...["log", "--all", "HEAD", "-1", "--format=%H", "--"],
    `:(top,literal)${folder}/recording.json`,
  ]);
  return found.stdout !== "";
}

/** Only the lines in conflict differ between the sides, so git marks these lines and no others. */
async function markConflicts(files: MergeFiles, sides: Texts): Promise<void> {
  // The three paths are git's temporary files.
  await writeAtomically(files.ancestor, sides.base);
  await writeAtomically(files.theirs, sides.theirs);
  await writeAtomically(files.ours, sides.ours);
  await mergeAsText(files);
}

/** If both sides added a file, git gives an empty one as the ancestor. */
function parseSide(text: string, source: string): Recording | undefined {
  return text.trim() === "" ? undefined : parseRecording(text, source);
}

async function mergedRecording({ ancestor, ours, theirs, path }: MergeFiles): Promise<Merged> {
  const merged = mergeThreeWay(
    parseSide(await readText(ancestor), `${path} (base)`),
    parseRecording(await readText(ours), `${path} (ours)`),
    parseRecording(await readText(theirs), `${path} (theirs)`),
  );
  if (merged.conflicts.length === 0) return { text: stringifyRecording(merged.ours) };
  return {
    conflicts: merged.conflicts.map(({ of, reason }) => `${of}: ${reason}`),
    sides: {
      ours: stringifyRecording(merged.ours),
      base: stringifyRecording(merged.base),
      theirs: stringifyRecording(merged.theirs),
    },
  };
}

async function mergedPolicy({ ancestor, ours, theirs, path }: MergeFiles): Promise<Merged> {
  const read = async (file: string, side: string): Promise<PolicyArguments> => {
    const text = await readText(file);
    return parseStoredPolicy(text.trim() === "" ? undefined : text, `${path} (${side})`);
  };
  const { policy, conflicts } = mergePolicies(
    await read(ancestor, "base"),
    await read(ours, "ours"),
    await read(theirs, "theirs"),
  );
  return conflicts.length === 0
    ? { text: policyText(policy) ?? "{}\n" }
    : { conflicts: conflicts.map(({ of, reason }) => `${of}: ${reason}`) };
}

/**
 * The profile that the merged recording and options give. git may ask for the profile before it has merged the
 * recording and the options. The driver therefore reads these from the commits that hold the three profiles.
 */
async function mergedProfile(files: MergeFiles): Promise<Merged> {
  const { path } = files;
  const candidates = await candidateMerges(files);
  if (candidates.length === 0)
    return { conflicts: ["no commit shows from which recordings the two sides " + "were made"] };
  const profiles = new Set<string>();
  for (const sides of candidates) {
    const { inputs, conflicts } = mergeInputs(sides);
    if (conflicts.length > 0) return { conflicts };
    for (const side of ["ours", "theirs"] as const) {
      if ((await profileOf(sides[side], path)) !== (await readText(files[side])).replaceAll("\r\n", "\n"))
        return { conflicts: [`the profile of ${side} does not match its recording: it was edited, or is older`] };
    }
    profiles.add(await profileOf(inputs, path));
  }
  const [text, ...others] = profiles;
  return text === undefined || others.length > 0
    ? { conflicts: ["these profiles come from several recordings, whose merges differ"] }
    : { text };
}

/** If options name a profile, its path begins in the folder that holds traces/. */
async function profileOf({ recording, policy }: Inputs, path: string): Promise<string> {
  const folder = dirname(dirname(path));
  return (await derive(recording, policy, (name) => loadStored(name, folder))).profile;
}
