import { folded, parseDocument, runsWithoutFilter } from "../profile/index.ts";

/** Is the text JSON that a user may give to an engine as a profile? */
export function holdsJsonProfile(text: string): boolean {
  return jsonContent(text) === "profile";
}

/**
 * What a JSON text is to an engine. `broken` is no JSON, but names a default action. `undefined` means that it is
 * neither a profile nor a recording.
 */
export function jsonContent(text: string): "profile" | "recording" | "broken" | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  let parsed;
  try {
    parsed = parseDocument(text, "the file");
  } catch {
    return /"default_?action"/i.test(text) ? "broken" : undefined;
  }
  const names = new Set(parsed.members.map(([name]) => folded(name)));
  if (names.has("defaultaction") || runsWithoutFilter(parsed)?.kind === "wrapped") return "profile";
  if (!names.has("syscalls")) return undefined;
  return names.has("runs") ? "recording" : "profile";
}
