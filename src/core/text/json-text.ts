import { stringify } from "lossless-json";
import { escapeJson } from "./escape.ts";

/**
 * A document as JSON, to be written as it is: 64-bit numbers exact, and nothing in it that would
 * not show, or show something else, on a terminal.
 */
export function jsonText(document: unknown): string {
  return `${escapeJson(stringify(document, undefined, 2) ?? "null")}\n`;
}
