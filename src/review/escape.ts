/**
 * Makes text from a trace, an image or a tool safe for a terminal: control characters (C0, DEL, C1), bidirectional overrides and
 * other invisible format characters become `\u{…}`; newlines stay.
 */
export function escapeTerminal(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, (character) => (character === "\n" ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`));
}

/** The same for text that has to stay on its line: a file's name, a cell of a table. */
export function escapeLine(text: string): string {
  return escapeTerminal(text).replaceAll("\n", "\\n");
}
