/** Models → words. Pure. */
export { renderDiff, type DiffView } from "./diff.ts";
export { renderCheck } from "./check.ts";
export { diffPage } from "./diff-page.ts";
export { renderExplanation, type ExplainView } from "./explain.ts";
export { renderLint, type PlacedFinding } from "./lint.ts";
export { findingKinds, findingText, fixText, type FindingWords } from "./lint-words.ts";
export { renderSummary, renderUse, type Rerun, type SummaryModel } from "./summary.ts";
export { renderServices, type ServiceRow } from "./services.ts";
export { hardenedCommand, renderHardening } from "./hardening.ts";
export { renderMeaning } from "./meaning.ts";
export {
  failureKinds,
  reviewFormats,
  type Authorship,
  type FailureKind,
  type JudgedProfile,
  type Place,
  type OtherArguments,
  type RecordingDoubt,
  type ReviewedOptions,
  type ReviewedProfile,
  type ReviewedRecording,
} from "./review-model.ts";
export { renderReview, type ReviewView } from "./review.ts";
export { namesOf, renderDiagnosis, renderVerdict, unseenFilterText } from "./verdict.ts";
