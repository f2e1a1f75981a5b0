/** Models → words. Pure. */
export { renderDiff } from "./diff.ts";
export type { DiffView } from "./diff.ts";
export { renderCheck } from "./check.ts";
export { diffPage } from "./diff-page.ts";
export { renderExplanation } from "./explain.ts";
export type { ExplainView } from "./explain.ts";
export { escapeLine, escapeTerminal } from "../escape.ts";
export { renderLint } from "./lint.ts";
export type { PlacedFinding } from "./lint.ts";
export { renderSummary } from "./summary.ts";
export type { SummaryModel } from "./summary.ts";
