/** Finding the ends of things in a line: nested brackets, quoted strings, comments, descriptor annotations. All positions are offsets into a Latin-1 string. */

const quote = 0x22;
const backslash = 0x5c;
const less = 0x3c;
const greater = 0x3e;

/** After the closing quote of the string that opens at `start`; -1: the line ends inside it. */
export function stringEnd(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === backslash) escapes += 1;
    if (escapes % 2 === 0) return at + 1;
  }
  return -1;
}

/**
 * After the `>` of the annotation (`3</path>`, `4<TCP:[127.0.0.1:1->127.0.0.1:2]>`, `5</dev/null<char 1:3>>`) whose `<` is at `start`; -1: none. strace
 * escapes `<` and `>` in paths (util.c, `print_quoted_string_ex`), but not in the quoted path of a Unix socket (socketutils.c), so pairs are counted and strings skipped.
 */
export function annotationEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case backslash:
        at += 1;
        break;
      case quote: {
        const end = stringEnd(text, at);
        if (end < 0) return -1;
        at = end - 1;
        break;
      }
      case less:
        depth += 1;
        break;
      case greater:
        if (text.charCodeAt(at - 1) === 0x2d && !closes(text, at + 1)) break; // the arrow between two addresses
        depth -= 1;
        if (depth === 0) return at + 1;
        break;
      default:
    }
  }
  return -1;
}

/** May what follows a `>` stand after a value? */
function closes(text: string, at: number): boolean {
  return at >= text.length || ",) ]}|=>(".includes(text.charAt(at));
}

/** What findOutside must look at; all other characters are passed over. */
const special = new Uint8Array(256);
for (const char of '"/<([{)]}') special[char.charCodeAt(0)] = 1;

/**
 * Where the character `wanted` first stands outside of brackets, strings, comments and annotations, from `start` on; -1: nowhere.
 * `(`, `[` and `{` nest; a closing bracket that opens nowhere may be the wanted one.
 */
export function findOutside(text: string, start: number, wanted: string): number {
  return scan(text, start, wanted.charCodeAt(0), undefined);
}

/** All places where `wanted` stands outside of everything, in one pass. */
export function findAllOutside(text: string, wanted: string): readonly number[] {
  const found: number[] = [];
  scan(text, 0, wanted.charCodeAt(0), found);
  return found;
}

/** Linear in the text: what does not close is looked for once. */
function scan(text: string, start: number, wanted: number, all: number[] | undefined): number {
  let depth = 0;
  let annotations = true;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === wanted && depth === 0) {
      if (all === undefined) return at;
      all.push(at);
      continue;
    }
    if (special[code] !== 1) continue;
    switch (code) {
      case quote: {
        const after = stringEnd(text, at);
        if (after < 0) return -1;
        at = after - 1;
        break;
      }
      case 0x2f /* / */:
        if (text.charCodeAt(at + 1) === 0x2a) {
          const after = text.indexOf("*/", at + 2);
          if (after < 0) return -1;
          at = after + 1;
        }
        break;
      case less:
        if (annotations && isAnnotation(text, at)) {
          const after = annotationEnd(text, at);
          if (after > 0) at = after - 1;
          else annotations = false;
        }
        break;
      case 0x28 /* ( */:
      case 0x5b /* [ */:
      case 0x7b /* { */:
        depth += 1;
        break;
      default:
        if (depth > 0) depth -= 1;
    }
  }
  return -1;
}

/** `3<…>` and `AT_FDCWD<…>`, not `1<<5` and ` <unfinished ...>`. */
function isAnnotation(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  const after = text.charCodeAt(at + 1);
  return after !== less && before !== less && before !== 0x20 && after !== 0x3d && after !== 0x20;
}
