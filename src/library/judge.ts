import { checkRecording, type CheckFinding as CheckResult } from "../core/check/index.ts";
import { explain as explainFilters, type Explanation as ExplainResult } from "../core/explain/index.ts";
import { ineffectiveFor, lintProfile, type Finding as LintResult } from "../core/lint/index.ts";
import { ceilingFor, listedHosts, offsetOf, positionAt, resolveFor } from "../core/profile/index.ts";
import { hostsOf } from "../project/index.ts";
import { findingText } from "../words/index.ts";
import { bounded } from "./bounded.ts";
import { contextOf, dockerHost, type Host } from "./host.ts";
import { checkOptions } from "./options.ts";
import { plain, type Plain } from "./plain.ts";
import { dockerDefault, Profile } from "./profile.ts";
import { Recording } from "./recording.ts";

/** Where, and beside what, a profile is judged. */
interface JudgeOptions {
  /** The host. Default: `dockerHost()`. */
  readonly host?: Host;
  /** The profile that the judged one should not exceed. Default: `dockerDefault()`. */
  readonly against?: Profile;
}

/** One thing about a profile that its author should know, with its place and a sentence. */
export type Finding = Plain<LintResult> & {
  readonly text: string;
  /** Lines and columns count from 1. */
  readonly line: number;
  readonly column: number;
};

/** What is wrong with a profile, or risky, in the document's order. Throws as `diffFilters` does. */
export function lint(profile: Profile, options: JudgeOptions = {}): readonly Finding[] {
  checkOptions(options, ["host", "against"], "lint");
  const { host = dockerHost(), against = dockerDefault() } = options;
  const [document, reference] = [Profile.documentOf(profile), Profile.documentOf(against)];
  const context = contextOf(host);
  const ceiling = ceilingFor(reference, [context], resolveFor(document, [context]).keys());
  const findings = bounded(() =>
    lintProfile(document, { host: context, ceiling, ceilingName: against.name, reference }),
  );
  return findings.map((finding) => ({
    ...plain(finding),
    text: findingText(finding),
    ...positionAt(profile.text, offsetOf(profile.text, finding.pointer)),
  }));
}

/** The answer to each call of each architecture, the reason for it, and the vulnerabilities that are out of reach. */
export type Explanation = Plain<ExplainResult>;

/** Explains a profile. A recording adds what was seen. Throws as `diffFilters` does. */
export function explain(
  profile: Profile,
  options: JudgeOptions & { readonly recording?: Recording } = {},
): Explanation {
  checkOptions(options, ["host", "against", "recording"], "explain");
  const document = Profile.documentOf(profile);
  const { against = dockerDefault() } = options;
  const recording = options.recording && Recording.documentOf(options.recording);
  const hosts =
    options.host === undefined && recording !== undefined
      ? hostsOf(recording)
      : listedHosts(contextOf(options.host ?? dockerHost()), [document]);
  const filters = resolveFor(document, hosts);
  return bounded(() =>
    plain(
      explainFilters({
        noFilter: document.noFilter,
        profile: profile.name,
        filters,
        ceiling: ceilingFor(Profile.documentOf(against), hosts, filters.keys()),
        ceilingName: against.name,
        findings: ineffectiveFor(document, hosts),
        capabilities: hosts[0]?.capabilities ?? new Set(),
        runs: recording?.runs ?? [],
        recorded: recording?.syscalls ?? {},
      }),
    ),
  );
}

/** A recorded call that a profile does not allow, or may not allow. */
export type CheckFinding = Plain<CheckResult>;

/**
 * The calls of a recording that a profile would deny, on the hosts where it was recorded. It runs nothing. Throws as
 * `diffFilters` does.
 */
export function check(profile: Profile, recording: Recording): readonly CheckFinding[] {
  const recorded = Recording.documentOf(recording);
  const document = Profile.documentOf(profile);
  return bounded(() => plain(checkRecording(recorded, resolveFor(document, hostsOf(recorded)))));
}
