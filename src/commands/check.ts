import { checkRecording } from "../core/check/index.ts";
import { archOf, hostsOf, readText, resolveFor, type Terminal } from "../project/index.ts";
import { SeccompGenError } from "../core/errors/index.ts";
import { elsewhereText, openedElsewhere } from "../core/diff/index.ts";
import { escapeLine } from "../core/text/index.ts";
import { readProfile, type DockerProfile } from "../core/profile/index.ts";
import { mayBeJson, readTraces } from "../logs/index.ts";
import { renderCheck } from "../words/index.ts";

/** A profile that allows nothing. */
const nothing: DockerProfile = { defaultAction: "SCMP_ACT_ERRNO", syscalls: [] };

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
  const hosts = hostsOf(recording);
  const findings = checkRecording(recording, resolveFor(document, hosts));
  const elsewhere = document.noFilter === undefined ? openedElsewhere(nothing, document, { hosts }) : [];
  if (elsewhere.length > 0)
    terminal.note(
      escapeLine(
        `on other hosts the profile also allows ${elsewhere.slice(0, 10).map(elsewhereText).join(", ")}` +
          `${elsewhere.length > 10 ? ` and ${elsewhere.length - 10} more` : ""}`,
      ),
    );
  terminal.out(renderCheck(findings, { format: options.format, profile, noFilter: document.noFilter }));
  return document.noFilter !== undefined || findings.some(({ kind }) => kind === "denied") ? 1 : 0;
}
