import type { Finding } from "../lint/types.ts";
import { escapeLine } from "./escape.ts";

/** A finding with its place in the file. */
export interface PlacedFinding extends Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Findings for people (one a line, as compilers print them) or programs. */
export function renderLint(findings: readonly PlacedFinding[], format: "text" | "json"): string {
  if (format === "json") return `${JSON.stringify({ findings }, undefined, 2)}\n`;
  return findings.map(({ file, line, column, severity, kind, what }) => `${escapeLine(`${file}:${line}:${column}: ${severity}: ${what} [${kind}]`)}\n`).join("");
}
