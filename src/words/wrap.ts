/**
 * Breaks escaped text at spaces into lines of at most `width` columns. The first line begins with `first`, the others
 * with `indent`.
 */
export function wrapText(
  text: string,
  { width, first, indent }: { readonly width: number; readonly first: string; readonly indent: string },
): readonly string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(" ").filter((part) => part !== "")) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      [line, empty] = [indent, true];
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return empty && lines.length > 0 ? lines : [...lines, line];
}
