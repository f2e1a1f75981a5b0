import { lintResult, lintRules } from "./lint.ts";
import { findingsOf, otherFindings, reviewRules } from "./review-findings.ts";
import type { ReviewModel } from "./review-model.ts";
import { sarifLog } from "./sarif.ts";

const levels = { danger: "error", notable: "warning", ordinary: "note" } as const;

/** The most urgent weight comes first, so that a cut leaves out the least urgent results. */
const weights = ["danger", "notable", "ordinary"] as const;
const severities = ["error", "warning", "note"] as const;

/**
 * A review for code scanning: what became possible, and new lint findings, each beside its line. The most dangerous
 * results come first, because a service reads at most 25,000 results of a file.
 */
export function reviewToSarif(model: ReviewModel, version: string): string {
  const changes = [...findingsOf(model)]
    .sort((a, b) => weights.indexOf(a.weight) - weights.indexOf(b.weight))
    .slice(0, 5000)
    .map(({ rule, weight, text, file, place, pointer, about }) => ({
      rule,
      level: levels[weight],
      text: text.replace(/[[\]]/g, "\\$&"),
      file,
      line: place.line,
      column: place.column,
      pointer,
      fingerprint: `${rule}:${about}`,
    }));
  const findings = model.profiles
    .flatMap(({ state }) => (state.type === "unreadable" ? [] : otherFindings(state).map(lintResult)))
    .sort((a, b) => severities.indexOf(a.level) - severities.indexOf(b.level));
  return sarifLog([...reviewRules, ...lintRules()], [...changes, ...findings.slice(0, 5000)], version);
}
