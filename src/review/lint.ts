import { findingKinds } from "../lint/index.ts";
import type { Finding, FindingKind } from "../lint/types.ts";
import { escapeLine } from "./escape.ts";

/** A finding with its place in the file. */
export interface PlacedFinding extends Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Findings for people (one a line, as compilers print them, then what to do about each kind) or programs. */
export function renderLint(findings: readonly PlacedFinding[], format: "text" | "json" | "sarif", version: string): string {
  if (format === "sarif") return `${JSON.stringify(toSarif(findings, version), undefined, 2)}\n`;
  if (format === "json") return `${JSON.stringify({ findings }, undefined, 2)}\n`;
  const lines = findings.map(({ file, line, column, severity, kind, what }) => `${escapeLine(`${file}:${line}:${column}: ${severity}: ${what} [${kind}]`)}\n`);
  const advice = kindsOf(findings).map((kind) => `  ${kind}: ${findingKinds[kind].todo}\n`);
  return lines.join("") + (advice.length === 0 ? "" : `\nwhat to do:\n${advice.join("")}`);
}

function kindsOf(findings: readonly Finding[]): readonly FindingKind[] {
  return [...new Set(findings.map(({ kind }) => kind))].sort();
}

/** SARIF 2.1.0 (OASIS), what code scanning services take. */
function toSarif(findings: readonly PlacedFinding[], version: string): object {
  const kinds = kindsOf(findings);
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "seccomp-gen",
            version,
            rules: kinds.map((id) => {
              const { title, why, todo } = findingKinds[id];
              return { id, shortDescription: { text: title }, fullDescription: { text: why }, help: { text: `${why} ${todo}`, markdown: `${why}\n\n**What to do:** ${todo}` } };
            }),
          },
        },
        columnKind: "utf16CodeUnits",
        results: findings.map(({ kind, severity, what, file, line, column, pointer, names }) => ({
          ruleId: kind,
          ruleIndex: kinds.indexOf(kind),
          level: severity,
          message: { text: what },
          locations: [{ physicalLocation: { artifactLocation: { uri: toUri(file) }, region: { startLine: line, startColumn: column } }, logicalLocations: [{ fullyQualifiedName: pointer === "" ? "/" : pointer }] }],
          partialFingerprints: { "finding/v1": `${kind}:${pointer.replace(/\d+/g, "#")}:${names.join(",")}` },
        })),
      },
    ],
  };
}

/** A path as a relative URI reference: code scanning looks for it in the repository. */
function toUri(path: string): string {
  return path.replace(/^(?:\.\/)+/, "").split("/").map(encodeURIComponent).join("/");
}
