import { codeText, servedArchitectures, type Recording, type Run } from "../../core/recording/index.ts";
import { allowedCounts, type AllowedCounts } from "../../core/diff/index.ts";
import { emitDocker } from "../../core/emitter/index.ts";
import { SeccompGenError } from "../../core/errors/index.ts";
import {
  buildPolicy,
  complain,
  type ArgTier,
  type FloorChoice,
  type Mode,
  type Policy,
} from "../../core/policy/index.ts";
import { nearestCall, noFilterText, readEmitted, resolveFor, type HostContext } from "../../core/profile/index.ts";
import { defaultCapabilities, hostArch, isSyscallName } from "../../core/tables/index.ts";
import { callsText, shortDigest } from "../calls-digest.ts";
import { loadReference, loadVersion, type Reference } from "./reference.ts";

/** The policy options of the command line. */
export interface PolicyArguments {
  readonly args: ArgTier;
  readonly exact: boolean;
  /** Allows ordinary calls that the programs' own code can make. */
  readonly reach: boolean;
  readonly floor: FloorChoice;
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /** A Docker version or a profile file. `undefined` for the recorded engine's version. */
  readonly against: string | undefined;
  readonly mode: Mode;
}

/** A profile, and what it was made from. */
export interface Derivation {
  readonly policy: Policy;
  /** The profile's text. */
  readonly profile: string;
  readonly ceilingName: string;
  /**
   * Compares Docker's default (or `--against`) with the profile, as the recorded engine resolves both. In complain mode
   * it compares the profile that would be enforced. It is computed on demand.
   */
  readonly counts: () => AllowedCounts;
}

/** Makes a profile from a recording: recording → policy → profile. `load` finds the ceiling's profile. */
export async function derive(
  recording: Recording,
  options: PolicyArguments,
  load: (versionOrFile: string | undefined) => Promise<Reference> = loadReference,
): Promise<Derivation> {
  const reference = (await chosenCeiling(options, load)) ?? (await loadVersion(newestEngine(recording.runs)));
  const hosts = hostsOf(recording);
  const ceiling = resolveFor(reference.profile, hosts);
  const built = buildPolicy(recording, { ...options, ceiling, ceilingName: reference.name });
  const enforced = { ...built, assumptions: { ...built.assumptions, inputs: inputsDigest(recording, options) } };
  const policy = options.mode === "complain" ? complain(enforced, ceiling) : enforced;
  const text = emitDocker(enforced);
  return {
    policy,
    profile: policy === enforced ? text : emitDocker(policy),
    ceilingName: reference.name,
    counts: () => allowedCounts(ceiling, resolveFor(readEmitted(text), hosts)),
  };
}

/**
 * The ceiling that `--against` names. `undefined` without it. Throws SeccompGenError for options that no profile can be
 * made with. `record` asks before it runs anything, because such an error after the run would lose the recording.
 */
export async function chosenCeiling(
  { allow, deny, against }: Pick<PolicyArguments, "allow" | "deny" | "against">,
  load: (versionOrFile: string) => Promise<Reference> = loadReference,
): Promise<Reference | undefined> {
  checkNames("--allow", allow);
  checkNames("--deny", deny);
  if (against === undefined) return undefined;
  const reference = await load(against);
  if (reference.profile.noFilter !== undefined)
    throw new SeccompGenError({
      code: "usage",
      what: `${reference.name} cannot be the ceiling: ${noFilterText(reference.profile.noFilter)}`,
      todo: "Name a Docker version or a profile that denies something: --against 28.5.2",
    });
  return reference;
}

/** Evidence counts among the inputs if there is any. */
function codeOf({ code }: Recording): readonly string[] {
  return code === undefined ? [] : [codeText(code)];
}

/**
 * A digest in the profile. It changes with the recording and the options, even if no rule changes. git calls a merge
 * driver for a file only if both sides changed it. Without the digest, one branch's --deny and another branch's
 * recording of that call would merge unseen. Counts and versions that no profile depends on are left out.
 */
export function inputsDigest(recording: Recording, options: PolicyArguments): string {
  const runs = recording.runs.map(({ versions, command, capabilities, noNewPrivileges, init, lean }) =>
    JSON.stringify([
      versions.engine,
      versions.kernel,
      command[0] === "podman",
      capabilities,
      noNewPrivileges,
      init,
      lean,
    ]),
  );
  const { args, exact, reach, floor, allow, deny, against, mode } = options;
  const chosen = [
    args,
    exact,
    floor,
    [...allow].sort(),
    [...deny].sort(),
    against,
    mode,
    ...(reach ? [] : ["no-reach"]),
  ];
  const inputs = JSON.stringify([
    recording.name,
    [...new Set(runs)].sort(),
    callsText(recording),
    chosen,
    ...codeOf(recording),
  ]);
  return shortDigest(inputs);
}

/** A misspelt name would allow or deny nothing. */
function checkNames(option: string, names: readonly string[]): void {
  const unknown = names.find((name) => !isSyscallName(name));
  if (unknown === undefined) return;
  const meant = nearestCall(unknown);
  throw new SeccompGenError({
    code: "usage",
    what: `${option}: there is no syscall ${unknown}`,
    todo: meant === undefined ? "Names are those of the syscalls manual, e.g. openat." : `Did you mean ${meant}?`,
  });
}

/** The newest engine of the runs. The profile must not allow more than that engine does. */
function newestEngine(runs: readonly Run[]): string | undefined {
  const versions = runs.flatMap((run) =>
    run.versions.engine === undefined || run.command[0] === "podman" ? [] : [run.versions.engine],
  );
  return versions.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
}

/** One host for each native architecture of the recording. The container has the capabilities of all runs together. */
export function hostsOf(recording: Recording): readonly HostContext[] {
  const capabilities = new Set(recording.runs.flatMap((run) => run.capabilities ?? defaultCapabilities));
  const kernel = recording.runs
    .map((run) => run.versions.kernel)
    .filter((version) => version !== undefined)
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))[0];
  const observed = servedArchitectures(recording);
  const natives = observed.filter((arch) => hostArch(arch, observed) === arch);
  if (natives.length === 0)
    throw new SeccompGenError({
      code: "usage",
      what: `the recording ${recording.name} has no calls`,
      todo: "Record the workload again.",
    });
  return natives.map((arch) => ({ arch, capabilities, kernel, runtime: "runc" }));
}
