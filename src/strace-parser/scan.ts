/**
 * Finds where things end in a line: nested brackets, quoted strings, comments, descriptor annotations. All positions
 * are offsets into the bytes.
 */

const quote = 0x22;
const backslash = 0x5c;
const less = 0x3c;
const greater = 0x3e;
const apostrophe = 0x27;
const slash = 0x2f;
const star = 0x2a;
const blank = 0x20;

/**
 * The position after the closing quote of the string that opens at `start`. -1 if the text ends inside it.
 *
 *     "/etc/\"x\"", O_RDONLY
 *     ^ start     ^
 */
export function stringEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start + 1; at < end; at += 1) {
    const byte = bytes[at];
    if (byte === quote) return at + 1;
    if (byte === backslash) at += 1;
  }
  return -1;
}

/**
 * The position after the character that opens at `start` (`'"'`, `'\\''`, `'\\x00'`: print_utils.h, `sprint_char`). -1
 * if no character opens there.
 *
 *     {c_cc[VINTR]='\x03', …}
 *                  ^     ^
 */
export function characterEnd(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start + 1] !== backslash) return start + 2 < end && bytes[start + 2] === apostrophe ? start + 3 : -1;
  for (let at = start + 3; at < end && at <= start + 5; at += 1) if (bytes[at] === apostrophe) return at + 1;
  return -1;
}

/**
 * The position after the `>` of the annotation whose `<` is at `start`: `3</path>`,
 * `4<TCP:[127.0.0.1:1->127.0.0.1:2]>`, `5</dev/null<char 1:3>>`. -1 if there is none. strace escapes `<` and `>` in
 * paths (util.c, `print_quoted_string_ex`), but not in the quoted path of a Unix socket (socketutils.c). So pairs are
 * counted and strings skipped.
 *
 *     5</dev/null<char 1:3>>, "ab"
 *      ^ start              ^
 */
export function annotationEnd(bytes: Uint8Array, start: number, end: number): number {
  let depth = 0;
  for (let at = start; at < end; at += 1) {
    switch (bytes[at]) {
      case backslash:
        at += 1;
        break;
      case quote: {
        const after = stringEnd(bytes, at, end);
        if (after < 0) return -1;
        at = after - 1;
        break;
      }
      case less:
        depth += 1;
        break;
      case greater:
        if (bytes[at - 1] === 0x2d && !closes(bytes, at + 1, end)) break; // the arrow between two addresses
        depth -= 1;
        if (depth === 0) return at + 1;
        break;
      default:
    }
  }
  return -1;
}

const closing = new Uint8Array(256);
for (const char of ",) ]}|=>(") closing[char.charCodeAt(0)] = 1;

/** May the text after a `>` stand after a value? */
function closes(bytes: Uint8Array, at: number, end: number): boolean {
  return at >= end || closing[bytes[at] ?? 0] === 1;
}

/** The bytes at which a scan must stop. It passes over all others. */
const special = new Uint8Array(256);
for (const char of `"'/<([{)]}`) special[char.charCodeAt(0)] = 1;

/**
 * Where the byte `wanted` first stands outside of brackets, strings, comments and annotations. -1 if it stands nowhere.
 * `(`, `[` and `{` nest. A closing bracket without an opening one may be the wanted byte. The time is linear in the
 * text: each kind of bracket that does not close is searched for once.
 *
 *     [{iov_base="a)", iov_len=2}], 1) = 2
 *                                    ^ the first `)` outside
 */
export function findOutside(bytes: Uint8Array, start: number, end: number, wanted: number): number {
  return scan(bytes, start, end, wanted, undefined, 1);
}

/** All places, or the first `most`, where `wanted` stands outside of everything, in one pass. */
export function findAllOutside(
  bytes: Uint8Array,
  start: number,
  end: number,
  wanted: number,
  most = Infinity,
): readonly number[] {
  const found: number[] = [];
  scan(bytes, start, end, wanted, found, most);
  return found;
}

function scan(
  bytes: Uint8Array,
  start: number,
  end: number,
  wanted: number,
  all: number[] | undefined,
  most: number,
): number {
  let depth = 0;
  let annotations = true;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte === wanted && depth === 0) {
      if (all === undefined) return at;
      all.push(at);
      if (all.length === most) return at;
      continue;
    }
    if (special[byte] !== 1) continue;
    switch (byte) {
      case quote: {
        const after = stringEnd(bytes, at, end);
        if (after < 0) return -1;
        at = after - 1;
        break;
      }
      case apostrophe:
        at = Math.max(at, characterEnd(bytes, at, end) - 1);
        break;
      case slash:
        if (at + 1 < end && bytes[at + 1] === star) {
          const after = commentEnd(bytes, at, end);
          if (after < 0) return -1;
          at = after - 1;
        }
        break;
      case less:
        if (annotations && at > start && at + 1 < end && isAnnotation(bytes, at)) {
          const after = annotationEnd(bytes, at, end);
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

/** A comment within a comment ends soon: `0xffff /* IOPRIO_PRIO_VALUE(0x7 /* IOPRIO_CLASS_??? *\/, 8191) *\/`. */
const maxRest = 64;

/** The position after the `*\/` of the comment that opens at `start`. -1 if the text ends inside it. */
export function commentEnd(bytes: Uint8Array, start: number, end: number): number {
  let depth = 1;
  let first = -1;
  for (let at = start + 2; at + 1 < end && (first < 0 || at < first + maxRest); at += 1) {
    if (bytes[at] === slash && bytes[at + 1] === star) {
      depth += 1;
      at += 1;
    } else if (bytes[at] === star && bytes[at + 1] === slash) {
      depth -= 1;
      if (depth === 0) return at + 2;
      if (first < 0) first = at + 2;
      at += 1;
    }
  }
  return first;
}

/** True for `3<…>` and `AT_FDCWD<…>`, but not for `1<<5` and ` <unfinished ...>`. */
function isAnnotation(bytes: Uint8Array, at: number): boolean {
  const before = bytes[at - 1];
  const after = bytes[at + 1];
  return after !== less && before !== less && before !== blank && after !== 0x3d && after !== blank;
}
