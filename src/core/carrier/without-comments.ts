/**
 * Turns JSON with comments and trailing commas (`.jsonc`) into JSON. Blanks replace what is left out, so every place
 * stays where it was.
 */
export function withoutComments(text: string): string {
  const pieces: string[] = [];
  let comma: number | undefined;
  for (let at = 0; at < text.length;) {
    const end = tokenEnd(text, at);
    const token = text.slice(at, end);
    const isComment = token.startsWith("//") || token.startsWith("/*");
    if (comma !== undefined && (token === "}" || token === "]")) pieces[comma] = " ";
    if (!isComment && !/^\s/.test(token)) comma = token === "," ? pieces.length : undefined;
    pieces.push(isComment ? token.replace(/[^\n\r]/g, " ") : token);
    at = end;
  }
  return pieces.join("");
}

/** The end of the comment, string, space or single character that begins here. */
function tokenEnd(text: string, at: number): number {
  if (text.startsWith("//", at)) return endOr(text.indexOf("\n", at), text);
  if (text.startsWith("/*", at)) {
    const end = text.indexOf("*/", at + 2);
    return end < 0 ? text.length : end + 2;
  }
  const pattern = text[at] === '"' ? string : other;
  pattern.lastIndex = at;
  return at + Math.max(1, pattern.exec(text)?.[0].length ?? 1);
}

const string = /"(?:[^"\\]|\\[^])*"?/y;
const other = /\s+|[^\s"/,[\]{}]+/y;

function endOr(end: number, text: string): number {
  return end < 0 ? text.length : end;
}
