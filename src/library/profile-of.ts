import { readEmitted } from "../core/profile/index.ts";
import type { PolicyNote } from "../core/policy/index.ts";
import { dockerDefault, Profile } from "./profile.ts";
import { checkedPolicy, derive } from "../project/index.ts";
import { plain, type Plain } from "./plain.ts";
import { Recording, recordingOf, type Log, type LogOptions } from "./recording.ts";

/** How a profile is made. Without any, as `seccomp-gen generate` makes it. */
export interface PolicyOptions {
  /** How closely arguments are pinned to what was seen. Default: "standard". */
  readonly args?: "none" | "standard" | "strict";
  /** Allow what was seen and what the runtime needs, and nothing else. Default: false. */
  readonly exact?: boolean;
  /** Allow the ordinary calls that the programs' code can make. Default: true. */
  readonly reach?: boolean;
  /** The runtimes that the profile has to start under. Default: "any". */
  readonly floor?: "any" | "runc" | "crun";
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  /** The profile that may not be exceeded. Default: Docker's default of the recorded engine. */
  readonly against?: Profile;
}

/** A profile that was made here, and what it was made from. */
export interface MadeProfile extends Profile {
  readonly recording: Recording;
  /** What a reviewer should know: calls that stay denied, arguments that are pinned, and others. */
  readonly notes: readonly Plain<PolicyNote>[];
}

/**
 * Makes a profile of a log of `strace -f`, or of a recording. Throws SeccompGenError for what is no
 * log (`not-a-trace`, `foreign-log`), for a name in `allow` or `deny` that is no call (`usage`), and
 * for an option that does not exist (`policy-invalid`).
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
