import type { Finding, FindingKind } from "../core/lint/index.ts";
import { escapeLine, jsonText } from "../core/text/index.ts";
import { documentVersion } from "./document-version.ts";
import { findingKinds, findingText } from "./lint-words.ts";
import { longText, someNames, type Layout } from "./long-text.ts";
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

export interface LintView extends Layout {
  readonly format: "text" | "json" | "sarif";
  /** This program's version, for SARIF. */
  readonly version: string;
}

/**
 * Findings for people or programs. People get one on a line, as compilers print them, and then what to do about each
 * kind. On a terminal, a long text has one line for each kind, the worst first.
 */
export function renderLint(findings: readonly PlacedFinding[], view: LintView): string {
  if (view.format === "sarif") return sarifLog(lintRules(), findings.map(lintResult), view.version);
  if (view.format === "json") return jsonText({ version: documentVersion, findings: findings.map(findingDocument) });
  if (findings.length === 0) return "";
  return longText(
    [
      { lines: findings.map(findingLine), brief: alike(findings).flatMap((group) => groupLines(group, view.width)) },
      {
        lines: ["", "what to do:", ...kindsOf(findings).map((kind) => `  ${kind}: ${findingKinds[kind].todo}`)],
        brief: [],
      },
    ],
    view,
    "--all lists every finding with its place, and what to do about each kind.",
  );
}

function findingLine(finding: PlacedFinding): string {
  const { kind, severity } = finding;
  return escapeLine(`${placeOf(finding)}: ${severity}: ${ofProfile(finding)}${findingText(finding)} [${kind}]`);
}

const severities = ["error", "warning", "note"] as const;

/** Findings of one kind and severity, the worst first. */
function alike(findings: readonly PlacedFinding[]): readonly (readonly PlacedFinding[])[] {
  return severities.flatMap((severity) => {
    const own = findings.filter((finding) => finding.severity === severity);
    return kindsOf(own).map((kind) => own.filter((finding) => finding.kind === kind));
  });
}

/** The lines of a group: its first finding, the number of the others, and the names of the calls. */
function groupLines(group: readonly PlacedFinding[], width: number): readonly string[] {
  const [first] = group;
  if (first === undefined) return [];
  const names = [...new Set(group.flatMap((finding) => finding.names))];
  return [
    findingLine(first) + (group.length === 1 ? "" : ` and ${group.length - 1} more`),
    ...(group.length === 1
      ? []
      : someNames(names.map(escapeLine), {
          width,
          indent: "    ",
          always: first.severity === "note" ? 0 : names.length,
        })),
  ];
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
