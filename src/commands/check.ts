import { checkRecording } from "../core/check/index.ts";
import { archOf, hostsOf, isDockerVersion, layoutOf, loadReference, type Terminal } from "../project/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { resolveFor } from "../core/profile/index.ts";
import { readTraces } from "../logs/index.ts";
import { renderCheck } from "../words/index.ts";
import { noteElsewhere } from "./elsewhere.ts";

export interface CheckOptions {
  readonly format: "text" | "json";
  /** Architecture of raw logs. */
  readonly arch: string | undefined;
  readonly all?: boolean | undefined;
}

/**
 * `seccomp-gen check PROFILE TRACES…`: 0 if the profile allows what was recorded, 1 if it would deny some of it, 2 for
 * trouble. It runs nothing.
 */
export async function check(
  profile: string,
  patterns: readonly string[],
  options: CheckOptions,
  terminal: Terminal,
): Promise<number> {
  // A Docker version stands for its default profile, as in diff.
  const { name, profile: document, standsIn } = await loadReference(profile).catch(orOrder(profile));
  if (standsIn !== undefined)
    terminal.note(
      `${name} is not known to this seccomp-gen; checked with that of ${standsIn}, the nearest known release`,
    );
  const forLogs = options.arch === undefined ? [] : ["--arch"];
  const recording = await readTraces(patterns, { name: "check", arch: archOf(options.arch), forLogs }, terminal);
  const hosts = hostsOf(recording);
  const findings = checkRecording(recording, resolveFor(document, hosts));
  if (document.noFilter === undefined && !isDockerVersion(profile)) noteElsewhere(document, hosts, terminal);
  terminal.out(
    renderCheck(findings, {
      ...layoutOf(terminal, options.all),
      format: options.format,
      profile: name,
      noFilter: document.noFilter,
    }),
  );
  // In the log of a container that fails, the failed calls are the denied ones. Our own recordings are made under
  // Docker's default, where these calls are denied already.
  const isLog = recording.runs.some(({ source }) => source === "log" || source === "audit");
  const denied = findings.filter(({ kind, alreadyFailed }) => kind === "denied" && (isLog || !alreadyFailed));
  return document.noFilter !== undefined || denied.length > 0 ? 1 : 0;
}

/** The user may have given a log as the profile. */
function orOrder(profile: string): (error: unknown) => never {
  return (error) => {
    if (
      !(error instanceof SeccompGenError) ||
      !(error.problem.code === "profile-yaml" || error.problem.code === "no-profile")
    )
      throw error;
    throw new SeccompGenError(
      {
        code: "usage",
        what: `${profile} holds no profile, and the profile comes first`,
        todo: "seccomp-gen check PROFILE TRACES… PROFILE is a file or a Docker version, e.g. 27.5.1",
      },
      { cause: error },
    );
  };
}
