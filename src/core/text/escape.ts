/** Text from outside, made safe where it leaves the program. */

/**
 * Makes text from a trace, an image or a tool safe for a terminal: control characters (C0, DEL,
 * C1), bidirectional overrides and other invisible format characters become `\u{…}`; newlines stay.
 */
export function escapeTerminal(text: string): string {
  if (/^[\n -~]*$/.test(text)) return text; // nearly all text: classes of Unicode take long to compile
  return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, (character) =>
    character === "\n" ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** The same for text that has to stay on its line: a file's name, a cell of a table. */
export function escapeLine(text: string): string {
  return escapeTerminal(text).replaceAll("\n", "\\n");
}

/**
 * The same for JSON text: what would not show, or show something else, becomes `\uXXXX`. JSON's own
 * syntax is ASCII, so only strings change, and their value stays.
 */
export function escapeJson(json: string): string {
  if (/^[\0-~]*$/.test(json)) return json;
  return json.replace(/[\u007f-\u009f\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, (character) =>
    character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** A word for a POSIX shell: as it is where no character of it means anything there, else quoted. */
export function shellWord(word: string): string {
  return isPlainWord(word) ? word : escapeShell(word);
}

/** No character of the word means anything to a POSIX shell. */
export function isPlainWord(word: string): boolean {
  return /^[\w@%+=:,./-]+$/.test(word);
}

/** A word for a POSIX shell, whatever is in it. */
export function escapeShell(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
