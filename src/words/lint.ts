import type { Finding, FindingKind } from "../core/lint/index.ts";
import { escapeLine, jsonText } from "../core/text/index.ts";
import { documentVersion } from "./document-version.ts";
import { findingKinds, findingText } from "./lint-words.ts";
import { sarifLog, type SarifResult, type SarifRule } from "./sarif.ts";

/** A finding with its place in the file. */
export type PlacedFinding = Finding & FilePlace;

interface FilePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Which profile of the file it is, if the file holds several. */
  readonly profile?: string;
}

/**
 * Findings for people or programs. People get one on a line, as compilers print them, and then what to do about each
 * kind.
 */
export function renderLint(
  findings: readonly PlacedFinding[],
  format: "text" | "json" | "sarif",
  version: string,
): string {
  if (format === "sarif") return sarifLog(lintRules(), findings.map(lintResult), version);
  if (format === "json") return jsonText({ version: documentVersion, findings: findings.map(findingDocument) });
  const lines = findings.map((finding) => {
    const { kind, severity } = finding;
    const said = `${placeOf(finding)}: ${severity}: ${ofProfile(finding)}${findingText(finding)} [${kind}]`;
    return `${escapeLine(said)}\n`;
  });
  const advice = kindsOf(findings).map((kind) => `  ${kind}: ${findingKinds[kind].todo}\n`);
  return lines.join("") + (advice.length === 0 ? "" : `\nwhat to do:\n${advice.join("")}`);
}

function placeOf({ file, line, column }: FilePlace): string {
  return `${file}:${line}:${column}`;
}

function ofProfile({ profile }: FilePlace): string {
  return profile === undefined ? "" : `${profile}: `;
}

/** A finding as programs read it: the members that every kind has, and its words. */
export function findingDocument(finding: PlacedFinding): object {
  const { kind, severity, pointer, names, file, line, column, profile } = finding;
  return { kind, severity, pointer, names, what: findingText(finding), file, line, column, profile };
}

function kindsOf(findings: readonly Finding[]): readonly FindingKind[] {
  return [...new Set(findings.map(({ kind }) => kind))].sort();
}

/** Findings as results for code scanning. */
export function lintRules(): readonly SarifRule[] {
  return Object.entries(findingKinds).map(([id, { title, why, todo }]) => ({ id, title, why, todo }));
}

export function lintResult(finding: PlacedFinding): SarifResult {
  const { kind, severity, file, line, column, pointer, names } = finding;
  return {
    rule: kind,
    level: severity,
    text: `${ofProfile(finding)}${findingText(finding)}`,
    file,
    line,
    column,
    pointer,
    fingerprint: `${ofProfile(finding)}${kind}:${pointer.replace(/\d+/g, "#")}:${names.join(",")}`,
  };
}
