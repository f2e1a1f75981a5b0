/** Makes text from outside safe, where it leaves the program. */

/**
 * Makes text from a trace, an image or a tool safe for a terminal. Control characters (C0, DEL, C1), bidirectional
 * overrides and other invisible format characters become `\u{…}`. Newlines stay. CI services read `##[` as a command at
 * any place, so it is escaped too.
 */
export function escapeTerminal(text: string): string {
  const inert = text.replaceAll("##[", "#\\u{23}[");
  if (/^[\n -~]*$/.test(inert)) return inert; // nearly all text: classes of Unicode take long to compile
  return inert.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, (character) =>
    character === "\n" ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** The same for text that must stay on its line: a file's name, a cell of a table. */
export function escapeLine(text: string): string {
  return escapeTerminal(text).replaceAll("\n", "\\n");
}

/**
 * The same for JSON text. A character that would not show, or would show as something else, becomes `\uXXXX`. JSON's
 * own syntax is ASCII, so only strings change, and they keep their value.
 */
export function escapeJson(json: string): string {
  const inert = json.replaceAll("##[", "#\\u0023[");
  if (/^[\0-~]*$/.test(inert)) return inert;
  return inert.replace(/[\u007f-\u009f\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, (character) =>
    character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** A word for a POSIX shell. It is quoted if any of its characters means something to the shell. */
export function shellWord(word: string): string {
  return isPlainWord(word) ? word : escapeShell(word);
}

/** True if no character of the word means anything to a POSIX shell. */
export function isPlainWord(word: string): boolean {
  return /^[\w@%+=:,./-]+$/.test(word);
}

/**
 * The same for whole output. To GitHub's runner, a line that begins with `::` is a command. It skips white space before
 * the `::`, and a carriage return ends a line too.
 */
export function withoutCommands(text: string): string {
  return text.includes("::") ? text.replace(/(^|[\r\n])([^\S\r\n]*)::/g, "$1$2\\u{3a}:") : text;
}

/** A quoted word for a POSIX shell. */
export function escapeShell(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
