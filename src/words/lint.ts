import { findingKinds, type Finding, type FindingKind } from "../core/lint/index.ts";
import { escapeLine, jsonText } from "../core/text/index.ts";
import { sarifLog, type SarifResult, type SarifRule } from "./sarif.ts";

/** A finding with its place in the file. */
export interface PlacedFinding extends Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Findings for people (one a line, as compilers print them, then what to do about each kind) or
 * programs.
 */
export function renderLint(
  findings: readonly PlacedFinding[],
  format: "text" | "json" | "sarif",
  version: string,
): string {
  if (format === "sarif") return sarifLog(lintRules(), findings.map(lintResult), version);
  if (format === "json") return jsonText({ findings });
  const lines = findings.map(
    ({ file, line, column, severity, kind, what }) =>
      `${escapeLine(`${file}:${line}:${column}: ${severity}: ${what} [${kind}]`)}\n`,
  );
  const advice = kindsOf(findings).map((kind) => `  ${kind}: ${findingKinds[kind].todo}\n`);
  return lines.join("") + (advice.length === 0 ? "" : `\nwhat to do:\n${advice.join("")}`);
}

function kindsOf(findings: readonly Finding[]): readonly FindingKind[] {
  return [...new Set(findings.map(({ kind }) => kind))].sort();
}

/** Findings as results of code scanning. */
export function lintRules(): readonly SarifRule[] {
  return Object.entries(findingKinds).map(([id, text]) => ({ id, ...text }));
}

export function lintResult({ kind, severity, what, file, line, column, pointer, names }: PlacedFinding): SarifResult {
  return {
    rule: kind,
    level: severity,
    text: what,
    file,
    line,
    column,
    pointer,
    fingerprint: `${kind}:${pointer.replace(/\d+/g, "#")}:${names.join(",")}`,
  };
}
