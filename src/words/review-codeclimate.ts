import { createHash } from "node:crypto";
import { escapeLine, jsonText } from "../core/text/index.ts";
import { findingText } from "./lint-words.ts";
import { findingsOf, otherFindings } from "./review-findings.ts";
import type { ReviewModel } from "./review-model.ts";

const severities = { danger: "critical", notable: "major", ordinary: "info" } as const;

/**
 * A review as GitLab's code quality report (Code Climate's issues: description, check_name,
 * fingerprint, severity, location).
 */
export function reviewToCodeClimate(model: ReviewModel): string {
  const changes = findingsOf(model).map(({ rule, weight, text, file, place, about }) =>
    issue(rule, severities[weight], text, file, place.line, about),
  );
  const findings = model.profiles.flatMap(({ state }) =>
    state.type === "unreadable"
      ? []
      : otherFindings(state).map((finding) => {
          const { kind, severity, file, line, names } = finding;
          const weight = severity === "error" ? "critical" : "major";
          return issue(kind, weight, findingText(finding), file, line, names.join(","));
        }),
  );
  return jsonText([...changes, ...findings]);
}

function issue(check: string, severity: string, text: string, path: string, line: number, about: string): object {
  return {
    type: "issue",
    description: escapeLine(text),
    check_name: check,
    fingerprint: createHash("sha256").update([check, path, about].join("\0")).digest("hex"),
    severity,
    location: { path, lines: { begin: line } },
  };
}
