import { jsonText } from "../core/text/index.ts";

/** A kind of result. */
export interface SarifRule {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly todo: string;
}

/** One result at its place. */
export interface SarifResult {
  readonly rule: string;
  readonly level: "error" | "warning" | "note";
  readonly text: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** JSON pointer of the place. */
  readonly pointer: string;
  /** Unrelated changes of the file do not alter it. */
  readonly fingerprint: string;
}

/** SARIF 2.1.0 (OASIS): the format that code scanning services read. */
export function sarifLog(rules: readonly SarifRule[], results: readonly SarifResult[], version: string): string {
  const used = rules.filter(({ id }) => results.some(({ rule }) => rule === id)).sort((a, b) => (a.id < b.id ? -1 : 1));
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "seccomp-gen",
            version,
            rules: used.map(({ id, title, why, todo }) => ({
              id,
              shortDescription: { text: title },
              fullDescription: { text: why },
              help: { text: `${why} ${todo}`, markdown: `${why}\n\n**What to do:** ${todo}` },
            })),
          },
        },
        columnKind: "utf16CodeUnits",
        results: results.map(({ rule, level, text, file, line, column, pointer, fingerprint }) => ({
          ruleId: rule,
          ruleIndex: used.findIndex(({ id }) => id === rule),
          level,
          message: { text },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: toUri(file) },
                region: { startLine: line, startColumn: column },
              },
              logicalLocations: [{ fullyQualifiedName: pointer === "" ? "/" : pointer }],
            },
          ],
          partialFingerprints: { "finding/v1": fingerprint },
        })),
      },
    ],
  };
  return jsonText(log);
}

/** A path as a relative URI reference. Code scanning looks for it in the repository. */
function toUri(path: string): string {
  return path
    .replace(/^(?:\.\/)+/, "")
    .split("/")
    .map(encodeURIComponent)
    .join("/");
}
