import { readEmitted } from "../core/profile/index.ts";
import type { PolicyNote } from "../core/policy/index.ts";
import { dockerDefault, Profile } from "./profile.ts";
import { checkedPolicy, derive } from "../project/index.ts";
import { plain, type Plain } from "./plain.ts";
import { Recording, recordingOf, type Log, type LogOptions } from "./recording.ts";

/** How a profile is made. The defaults are those of `seccomp-gen generate`. */
export interface PolicyOptions {
  /** How closely arguments are pinned to what was seen. Default: "standard". */
  readonly args?: "none" | "standard" | "strict";
  /** Allow only what was seen and what the runtime needs. Default: false. */
  readonly exact?: boolean;
  /** Allow the ordinary calls that the programs' code can make. Default: true. */
  readonly reach?: boolean;
  /** The runtimes under which the profile must start. Default: "any". */
  readonly floor?: "any" | "runc" | "crun";
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  /** The profile that must not be exceeded. Default: Docker's default for the recorded engine. */
  readonly against?: Profile;
}

/** A profile that `profileOf` made, and what it was made from. */
export interface MadeProfile extends Profile {
  readonly recording: Recording;
  /** What a reviewer should know: calls that stay denied, pinned arguments, and more. */
  readonly notes: readonly Plain<PolicyNote>[];
}

/**
 * Makes a profile from a log of `strace -f`, or from a recording. Throws SeccompGenError for text that is no log
 * (`not-a-trace`, `foreign-log`), for a name in `allow` or `deny` that is no call (`usage`), and for an option that
 * does not exist (`policy-invalid`).
 */
export async function profileOf(log: Log, options: LogOptions & PolicyOptions): Promise<MadeProfile>;
export async function profileOf(recording: Recording, options?: PolicyOptions): Promise<MadeProfile>;
export async function profileOf(
  from: Log | Recording,
  options: PolicyOptions & Partial<LogOptions> = {},
): Promise<MadeProfile> {
  const { name, arch, root, against, ...own } = options;
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const policy = checkedPolicy(given, "profileOf's second argument");
  const recording = from instanceof Recording ? from : await recordingOf(from, { name, arch, root } as LogOptions);
  const limit = against && { name: against.name, profile: Profile.documentOf(against) };
  const derivation = await derive(
    Recording.documentOf(recording),
    { ...policy, against: limit?.name },
    async () => limit ?? { name: dockerDefault().name, profile: Profile.documentOf(dockerDefault()) },
  );
  const made = new Profile(recording.name, derivation.profile, readEmitted(derivation.profile));
  return Object.assign(made, { recording, notes: plain(derivation.policy.notes) });
}
