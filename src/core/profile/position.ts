/** A place in a text. Lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Line and column of an offset. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}

/** The members and indices that a JSON pointer (RFC 6901) names, from outside in. */
export function pointerParts(pointer: string): readonly string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/**
 * The offset of the value that a JSON pointer (RFC 6901) names in a well-formed JSON text. If the pointer names
 * nothing, the offset of the nearest value around it.
 */
export function offsetOf(text: string, pointer: string): number {
  let offset = skipSpace(text, 0);
  for (const part of pointerParts(pointer)) {
    const child = childOffset(text, offset, part);
    if (child === undefined) return offset;
    offset = child;
  }
  return offset;
}

function childOffset(text: string, container: number, part: string): number | undefined {
  const object = text[container] === "{";
  if (!object && text[container] !== "[") return undefined;
  let offset = skipSpace(text, container + 1);
  let near: number | undefined;
  for (let count = 0; offset < text.length && text[offset] !== "}" && text[offset] !== "]"; count += 1) {
    let name = String(count);
    if (object) {
      const end = valueEnd(text, offset);
      name = String(JSON.parse(text.slice(offset, end)));
      offset = skipSpace(text, skipSpace(text, end) + 1);
    }
    if (name === part) return offset;
    if (object && name.toLowerCase() === part.toLowerCase()) near ??= offset;
    offset = skipSpace(text, valueEnd(text, offset));
    if (text[offset] === ",") offset = skipSpace(text, offset + 1);
  }
  // Engines read members in any case.
  return near;
}

/** The offset after the value that starts here. */
export function valueEnd(text: string, start: number): number {
  let depth = 0;
  for (let offset = start; offset < text.length; offset += 1) {
    const char = text[offset];
    if (char === '"') {
      for (offset += 1; text[offset] !== '"' && offset < text.length; offset += 1)
        if (text[offset] === "\\") offset += 1;
      if (depth === 0) return offset + 1;
    } else if (char === "{" || char === "[") depth += 1;
    else if (char === "}" || char === "]") {
      depth -= 1;
      if (depth <= 0) return depth < 0 ? offset : offset + 1;
    } else if (depth === 0 && (char === "," || char === ":" || isSpace(char))) return offset;
  }
  return text.length;
}

function skipSpace(text: string, start: number): number {
  let offset = start;
  while (isSpace(text[offset])) offset += 1;
  return offset;
}

function isSpace(char: string | undefined): boolean {
  return char === " " || char === "\t" || char === "\n" || char === "\r" || char === "\uFEFF";
}
