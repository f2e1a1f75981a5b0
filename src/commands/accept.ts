import { mergeRecordings, stringifyRecording, type Recording, type Run } from "../core/recording/index.ts";
import { checkRecording } from "../core/check/index.ts";
import {
  archOf,
  derive,
  loadStored,
  hostsOf,
  readRecording,
  readStoredPolicy,
  recordingBeside,
  whileLocked,
  writeAtomically,
  writeKept,
  type Terminal,
  toldApart,
} from "../project/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { readProfile, resolveFor } from "../core/profile/index.ts";
import { enosys } from "../core/seccomp/index.ts";
import { errnoOn } from "../core/tables/index.ts";
import { namesOf } from "../words/index.ts";
import { recordingOf, type Addition, type Diagnosis } from "../run/verifier/index.ts";

/** Adds what verify found missing to the profile's recording, and regenerates the profile from it. */
export async function acceptAdditions(
  profile: string,
  additions: readonly Addition[],
  facts: Run,
  terminal: Terminal,
): Promise<void> {
  const path = recordingBeside(profile);
  const none = (): SeccompGenError =>
    new SeccompGenError({
      code: "usage",
      what: `--accept: ${profile} has no recording (${path})`,
      todo: `Add to the profile by hand: ${groupFor(additions)}`,
    });
  if ((await readRecording(path)) === undefined) throw none(); // taking a lock would make the recording's folder
  await whileLocked(path, async () => {
    const recording = await readRecording(path);
    if (recording === undefined) throw none();
    await takeIn(recording, { path, profile }, additions, facts, terminal);
  });
  terminal.note(`${profile}: regenerated; git diff shows what changed`);
}

async function takeIn(
  recording: Recording,
  { path, profile }: { readonly path: string; readonly profile: string },
  additions: readonly Addition[],
  facts: Run,
  terminal: Terminal,
): Promise<void> {
  // The recording already has these calls, but the profile lost them. Regenerating the profile brings them back.
  const fresh = additions.filter(
    ({ arch, syscall, record }) => record.args !== undefined || !Object.hasOwn(recording.syscalls[arch] ?? {}, syscall),
  );
  const policy = await readStoredPolicy(path);
  const before = await derive(recording, policy, loadStored);
  const lacking = fresh.filter((addition) => denies(before.profile, recordingOf(recording.name, facts, [addition])));
  if (lacking.length > 0) {
    const merged = mergeRecordings(recording, toldApart(recordingOf(recording.name, facts, lacking)));
    await writeKept(path, stringifyRecording(merged));
    terminal.note(`${path}: ${namesOf(lacking)} added, as verify found`);
    await writeAtomically(profile, (await derive(merged, policy, loadStored)).profile);
  } else {
    terminal.note(`${path} has the missing calls: the profile was edited, or is older`);
    await writeAtomically(profile, before.profile);
  }
}

function denies(profile: string, recording: Recording): boolean {
  return checkRecording(recording, resolveFor(readProfile(profile, "the profile"), hostsOf(recording))).some(
    ({ kind }) => kind === "denied",
  );
}

/** What to do about a failure of known cause. */
export async function adviceFor(diagnosis: Diagnosis, profile: string): Promise<string> {
  switch (diagnosis.kind) {
    case "explained": {
      const path = recordingBeside(profile);
      const recording = await readRecording(path);
      if (recording === undefined) return `add to ${profile}: ${groupFor(diagnosis.additions)}`;
      const made = (await derive(recording, await readStoredPolicy(path), loadStored)).profile;
      const lost = diagnosis.additions.every(
        (addition) => !denies(made, recordingOf(recording.name, recording.runs[0] as Run, [addition])),
      );
      return lost
        ? `${path} gives a profile with all of this: ${profile} was edited or is older. Regenerate it: ` +
            `seccomp-gen generate ${path} -o ${profile}`
        : "if the workload may do this, run the same command with --accept: it takes " +
            `${namesOf(diagnosis.additions)} into ${path} and regenerates ${profile}`;
    }
    case "fails-without-profile":
      return "look at the workload, its command and its exercise; nothing has to be changed in the profile";
    case "refused":
      return `seccomp-gen lint ${profile} says where and how to correct it`;
    case "unexplained": {
      const killing = diagnosis.crashes
        .filter(({ signal }) => signal === "SIGSYS")
        .flatMap(({ denied }) => denied ?? []);
      if (killing.length > 0)
        return (
          `let ${profile} answer the call as a kernel without it does, instead of ending the program: ` +
          JSON.stringify({
            names: [...new Set(killing)].sort(),
            action: "SCMP_ACT_ERRNO",
            // The workload ran on this machine.
            errnoRet: errnoOn(archOf(undefined), enosys),
          })
        );
      return (
        "run the command a few times without the profile; if it fails now and then, the profile is not the " +
        "cause. If it does not, record it as it ran here (record --append), which takes in what it needs. Run " +
        "with Docker's default meanwhile, not unconfined"
      );
    }
    case "interrupted":
      return "run the command again";
    default:
      return diagnosis satisfies never;
  }
}

/** The additions as a group of a profile. */
function groupFor(additions: readonly Addition[]): string {
  return JSON.stringify({
    names: [...new Set(additions.map(({ syscall }) => syscall))].sort(),
    action: "SCMP_ACT_ALLOW",
  });
}
