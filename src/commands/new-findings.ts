import type { Finding, Severity } from "../core/lint/index.ts";
import type { DockerProfile } from "../core/profile/index.ts";

const severities: readonly Severity[] = ["note", "warning", "error"];
const starts = ["no-new-privileges", "some", "not-runc", "never"] as const;

/**
 * Errors and warnings of `after` that `before` did not have. They are compared by name and by call. So a finding with
 * fewer names or calls is not new, and a finding with other calls is.
 */
export function newFindings(
  before: DockerProfile,
  after: DockerProfile,
  lint: (profile: DockerProfile) => readonly Finding[],
): readonly Finding[] {
  const findings = lint(after).filter(({ severity }) => severity !== "note");
  if (findings.length === 0) return [];
  const known = new Set(lint(before).flatMap(statements));
  return findings.filter((finding) => statements(finding).some((statement) => !known.has(statement)));
}

/** The statements of a finding, one by one. An error states all that the same warning states. */
function statements(finding: Finding): readonly string[] {
  const { kind, names, severity } = finding;
  const about = names.length === 0 ? [""] : names;
  return [
    ...severities.slice(0, severities.indexOf(severity) + 1).map((level) => `${kind}: ${level}`),
    ...about.flatMap((name) => details(finding).map((detail) => `${kind}: ${name}: ${detail}`)),
  ];
}

function details(finding: Finding): readonly string[] {
  switch (finding.kind) {
    case "wide-comparison":
      return finding.passed.map(({ args }) => args.map(({ index, value }) => `arg${index}=${value}`).join(", "));
    case "open-sibling":
      return finding.siblings.map(({ call }) => call.name);
    case "beyond-docker":
      return finding.arches;
    case "missing-floor":
      return starts.slice(0, starts.indexOf(finding.starts) + 1);
    case "void-deny":
    case "void-exception":
      return [finding.why];
    case "inverted-mask":
    case "mask-of-all":
      return [`arg${finding.index} & ${finding.mask}`];
    case "pointer-condition":
    case "or-not-and":
    case "dead-condition":
      return [`arg${finding.index}`];
    case "never-applies":
      return [`${finding.side} ${finding.cause.of} ${finding.cause.name}`];
    case "refused":
      return [finding.reason];
    case "conflict":
      return [finding.arch];
    case "agent-needed":
      return [finding.action, finding.listener ?? ""];
    default:
      return [""];
  }
}
