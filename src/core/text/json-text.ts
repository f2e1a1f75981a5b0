import { stringify } from "lossless-json";
import { escapeJson } from "./escape.ts";

/**
 * A document as JSON, ready to be written. 64-bit numbers are exact. It has no character that would not show on a
 * terminal, or would show as something else.
 */
export function jsonText(document: unknown): string {
  return `${escapeJson(stringify(document, undefined, 2) ?? "null")}\n`;
}
