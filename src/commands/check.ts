import { checkRecording } from "../core/check/index.ts";
import { archOf, hostsOf, readText, resolveFor, type Terminal } from "../project/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { readProfile } from "../core/profile/index.ts";
import { mayBeJson, readTraces } from "../logs/index.ts";
import { renderCheck } from "../words/index.ts";

export interface CheckOptions {
  readonly format: "text" | "json";
  /** Architecture of raw logs. */
  readonly arch: string | undefined;
}

/**
 * `seccomp-gen check PROFILE TRACES…`: 0 the profile allows what was recorded, 1 it would deny some
 * of it, 2 trouble. Nothing is run.
 */
export async function check(
  profile: string,
  patterns: readonly string[],
  options: CheckOptions,
  terminal: Terminal,
): Promise<number> {
  if (!mayBeJson(profile))
    throw new SeccompGenError({
      code: "usage",
      what: `${profile} is no JSON document, and the profile comes first`,
      todo: "seccomp-gen check PROFILE TRACES…",
    });
  const document = readProfile(await readText(profile), profile);
  const recording = await readTraces(patterns, { name: "check", arch: archOf(options.arch) }, terminal);
  const findings = checkRecording(recording, resolveFor(document, hostsOf(recording)));
  terminal.out(renderCheck(findings, { format: options.format, profile }));
  return findings.some(({ kind }) => kind === "denied") ? 1 : 0;
}
