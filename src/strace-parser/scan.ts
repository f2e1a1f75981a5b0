/** Finding the ends of things in a line: nested brackets, quoted strings, comments, descriptor annotations. All positions are offsets into a Latin-1 string. */

/** After the closing quote of the string that opens at `start`; -1: the line ends inside it. */
export function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 0x5c) at += 1;
    else if (char === 0x22) return at + 1;
  }
  return -1;
}

/**
 * After the `>` of the annotation (`3</path>`, `4<TCP:[127.0.0.1:1->127.0.0.1:2]>`) whose `<` is at `start`; -1: none. strace escapes
 * `<` and `>` inside of paths (strace util.c, `print_quoted_string_ex` with "<>"), so a `>` ends it unless it is the arrow of a socket.
 */
export function annotationEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 0x5c) at += 1;
    else if (char === 0x3e && !(text.charCodeAt(at - 1) === 0x2d && !closes(text, at + 1))) {
      // A descriptor of a device or pid has a second pair inside: 5</dev/null<char 1:3>>
      if (text.charCodeAt(at + 1) === 0x3e) return at + 2;
      return at + 1;
    }
  }
  return -1;
}

/** May what follows a `>` stand after a value? */
function closes(text: string, at: number): boolean {
  return at >= text.length || ",) ]}|=>".includes(text.charAt(at));
}

const operators = new Set([0x3c /* << */, 0x3d /* <= */, 0x20 /* a < b */]);

/**
 * The first of the characters `ends` that stands outside of brackets, strings, comments and annotations, from `start` on; -1: none.
 * `(`, `[` and `{` nest; a closing bracket that opens nowhere is an end too where `ends` names it.
 */
export function findOutside(text: string, start: number, ends: string): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (depth === 0 && ends.includes(char)) return at;
    switch (char) {
      case '"': {
        const end = stringEnd(text, at);
        if (end < 0) return -1;
        at = end - 1;
        break;
      }
      case "/":
        if (text.charAt(at + 1) === "*") {
          const end = text.indexOf("*/", at + 2);
          if (end < 0) return -1;
          at = end + 1;
        }
        break;
      case "<":
        if (!operators.has(text.charCodeAt(at + 1)) && text.charAt(at - 1) !== " " && text.charAt(at - 1) !== "<") {
          const end = annotationEnd(text, at);
          if (end > 0) at = end - 1;
        }
        break;
      case "(":
      case "[":
      case "{":
        depth += 1;
        break;
      case ")":
      case "]":
      case "}":
        depth = Math.max(0, depth - 1);
        break;
      default:
    }
  }
  return -1;
}
