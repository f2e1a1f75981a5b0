import { afterBlanks, endsWith, isDigit, isWord, latin1, startsWith } from "./bytes.ts";
import { annotationEnd, commentEnd, findAllOutside, findOutside, stringEnd } from "./scan.ts";
import type { Arg } from "./types.ts";

/**
 * A part of a list: where its name (`flags=…`) begins, and where its value begins and ends. A part without a name
 * begins at its value.
 */
export interface Part {
  readonly start: number;
  readonly value: number;
  readonly end: number;
}

const comma = 0x2c;
const equals = 0x3d;
const greater = 0x3e;
const blank = 0x20;
const dot = 0x2e;

/**
 * Splits a list at the commas outside of brackets, strings and comments. Parts are trimmed. An empty last part is left
 * out.
 */
export function splitList(bytes: Uint8Array, start: number, end: number): readonly Part[] {
  const parts: Part[] = [];
  const ends = findAllOutside(bytes, start, end, comma);
  for (let index = 0; index <= ends.length; index += 1) {
    const part = partAt(bytes, start, end, ends, index);
    if (part !== undefined) parts.push(part);
  }
  return parts;
}

/** One part of `splitList`, without looking at what follows it. */
export function partOfList(bytes: Uint8Array, start: number, end: number, index: number): Part | undefined {
  const ends = findAllOutside(bytes, start, end, comma, index + 1);
  return index > ends.length ? undefined : partAt(bytes, start, end, ends, index);
}

function partAt(
  bytes: Uint8Array,
  start: number,
  end: number,
  ends: readonly number[],
  index: number,
): Part | undefined {
  let first = index === 0 ? start : (ends[index - 1] as number) + 1;
  let last = ends[index] ?? end;
  while (first < last && bytes[first] === blank) first += 1;
  while (last > first && bytes[last - 1] === blank) last -= 1;
  return first < last || index < ends.length
    ? { start: first, value: afterName(bytes, first, last), end: last }
    : undefined;
}

/**
 * The position after `name=`. `start` if the part has no name.
 *
 *     flags=SIGCHLD
 *           ^
 */
function afterName(bytes: Uint8Array, start: number, end: number): number {
  if (!isWord(bytes[start]) || isDigit(bytes[start])) return start;
  let at = start + 1;
  while (at < end && (isWord(bytes[at]) || bytes[at] === dot)) at += 1;
  if (at >= end || bytes[at] !== equals || (at + 1 < end && bytes[at + 1] === equals)) return start;
  const name = at + 1 - start;
  // strace 7.2 -N prints `times(buf=buf={…})`.
  return at + 1 + (isSame(bytes, start, at + 1, name, end) ? name : 0);
}

function isSame(bytes: Uint8Array, first: number, second: number, length: number, end: number): boolean {
  if (second + length > end) return false;
  for (let at = 0; at < length; at += 1) if (bytes[first + at] !== bytes[second + at]) return false;
  return true;
}

/** The name of a part. `undefined` if it has none. */
export function nameOfPart(bytes: Uint8Array, part: Part): string | undefined {
  return part.value === part.start ? undefined : latin1(bytes, part.start, bytes.indexOf(equals, part.start));
}

/** No struct of strace is nested deeper. Anything deeper is left as text. */
const maxDepth = 32;

/** Decodes one value. Never throws: a value that it does not understand is `unknown`, as text. */
export function decode(bytes: Uint8Array, start: number, end: number, depth = 0): Arg {
  if (depth > maxDepth) return unknown(bytes, start, end);
  const bare = withoutComments(bytes, start, end);
  if (bare.start !== start || bare.end !== end) return decode(bytes, bare.start, bare.end, depth + 1);
  const arrow = findArrow(bytes, start, end);
  if (arrow >= 0)
    return {
      type: "change",
      before: decodeTrimmed(bytes, start, arrow, depth + 1),
      after: decodeTrimmed(bytes, arrow + 2, end, depth + 1),
    };
  switch (bytes[start]) {
    case 0x22 /* " */:
      return decodeString(bytes, start, end);
    case 0x40 /* @ */:
      return decodeAbstract(bytes, start, end);
    case 0x7b /* { */:
      if (startsWith(bytes, start + 1, end, "WIF"))
        return waitStatus(latin1(bytes, start, end)) ?? unknown(bytes, start, end);
      return isClosed(bytes, start, end, 0x7d)
        ? decodeStruct(bytes, start + 1, end - 1, depth + 1)
        : unknown(bytes, start, end);
    case 0x5b /* [ */:
      return isClosed(bytes, start, end, 0x5d)
        ? decodeArray(bytes, start + 1, end - 1, false, depth + 1)
        : unknown(bytes, start, end);
    case 0x7e /* ~ */:
      return bytes[start + 1] === 0x5b && isClosed(bytes, start + 1, end, 0x5d)
        ? decodeArray(bytes, start + 2, end - 1, true, depth + 1)
        : unknown(bytes, start, end);
    default:
      if (end - start === 4 && startsWith(bytes, start, end, "NULL")) return { type: "null" };
      return (
        decodeCall(bytes, start, end, depth + 1) ??
        decodeScalar(latin1(bytes, start, end)) ??
        unknown(bytes, start, end)
      );
  }
}

/**
 * Takes comments and a string's security context (--secontext) off a value. A comment may stand before the value
 * (`/* bytes 24..31 *\/ "\0"`). It may also stand after a struct, an array, a string or a call
 * (`{…} /* 2017-04-16T15:31:48 *\/`). Comments and contexts of numbers stay: they belong to the number.
 */
function withoutComments(
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly start: number; readonly end: number } {
  if (startsWith(bytes, start, end, "/* ")) {
    const after = commentEnd(bytes, start, end);
    return after > 0 && after < end ? { start: afterBlanks(bytes, after, end), end } : { start, end };
  }
  const comment = endsWith(bytes, start, end, " */") && opensValue(bytes[start]);
  if (!comment && !(bytes[end - 1] === 0x5d && bytes[start] === 0x22)) return { start, end };
  const last = latin1(bytes, start, end).lastIndexOf(comment ? " /* " : " [");
  return last > 0 && closesValue(bytes[start + last - 1]) ? { start, end: start + last } : { start, end };
}

function opensValue(byte: number | undefined): boolean {
  return byte === 0x22 || byte === 0x7b || byte === 0x5b || byte === 0x7e || (isWord(byte) && !isDigit(byte));
}

function closesValue(byte: number | undefined): boolean {
  return byte === 0x22 || byte === 0x7d || byte === 0x5d || byte === 0x29 || byte === dot;
}

function decodeTrimmed(bytes: Uint8Array, start: number, end: number, depth: number): Arg {
  let first = start;
  let last = end;
  while (first < last && bytes[first] === blank) first += 1;
  while (last > first && bytes[last - 1] === blank) last -= 1;
  return decode(bytes, first, last, depth);
}

function isClosed(bytes: Uint8Array, start: number, end: number, closing: number): boolean {
  return end - start >= 2 && bytes[end - 1] === closing;
}

/**
 * Where the first `=>` outside of brackets and strings stands. -1 if there is none.
 *
 *     [SIGCHLD] => [INT CHLD]
 *               ^
 */
function findArrow(bytes: Uint8Array, start: number, end: number): number {
  let candidate = start;
  while (candidate < end - 1 && !(bytes[candidate] === equals && bytes[candidate + 1] === greater)) candidate += 1;
  if (candidate >= end - 1) return -1;
  for (let at = findOutside(bytes, start, end, equals); at >= 0;) {
    if (at + 1 < end && bytes[at + 1] === greater) return at;
    const next = findOutside(bytes, at + 1, end, equals);
    if (next < 0) return -1;
    at = next;
  }
  return -1;
}

function unknown(bytes: Uint8Array, start: number, end: number): Arg {
  return { type: "unknown", text: latin1(bytes, start, end) };
}

const escapes: { readonly [letter: string]: number } = { n: 10, t: 9, r: 13, v: 11, f: 12, a: 7, b: 8, e: 27 };

function decodeString(bytes: Uint8Array, start: number, end: number): Arg {
  const after = stringEnd(bytes, start, end);
  const cut = after >= 0 && end - after === 3 && startsWith(bytes, after, end, "...");
  if (after < 0 || (after !== end && !cut)) return unknown(bytes, start, end);
  return { type: "string", bytes: unescapeBytes(bytes, start + 1, after - 1), cut };
}

/** The name of an abstract socket (unix(7)), which begins with a NUL. */
function decodeAbstract(bytes: Uint8Array, start: number, end: number): Arg {
  const name = bytes[start + 1] === 0x22 ? decodeString(bytes, start + 1, end) : unknown(bytes, start, end);
  return name.type === "string" ? { ...name, bytes: Uint8Array.from([0, ...name.bytes]) } : unknown(bytes, start, end);
}

/** The bytes that strace wrote with C escapes (util.c, `string_quote`). */
export function unescapeBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const text = latin1(bytes, start, end);
  if (!text.includes("\\")) return new Uint8Array(bytes.subarray(start, end));
  const data: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text.charCodeAt(at) !== 0x5c) {
      data.push(text.charCodeAt(at));
      continue;
    }
    at += 1;
    const [digits] = /^(?:x[0-9a-fA-F]{1,2}|[0-7]{1,3})/.exec(text.slice(at, at + 3)) ?? [];
    if (digits !== undefined) {
      data.push((digits.startsWith("x") ? Number.parseInt(digits.slice(1), 16) : Number.parseInt(digits, 8)) & 0xff);
      at += digits.length - 1;
    } else if (at < text.length) {
      data.push(escapes[text.charAt(at)] ?? text.charCodeAt(at));
    }
  }
  return Uint8Array.from(data);
}

function decodeStruct(bytes: Uint8Array, start: number, end: number, depth: number): Arg {
  const parts = splitList(bytes, start, end);
  const fields = parts
    .filter((part) => !isEllipsis(bytes, part))
    .map((part) => ({ name: nameOfPart(bytes, part), value: decode(bytes, part.value, part.end, depth) }));
  return { type: "struct", fields, abbreviated: fields.length < parts.length };
}

/**
 * `{WIFSTOPPED(s) && WSTOPSIG(s) == SIGTRAP}|PTRACE_EVENT_FORK<<16` (wait.c). Each condition becomes a field, named by
 * the macro that strace compares. The rest of the status becomes fields too.
 */
function waitStatus(text: string): Arg | undefined {
  const [, conditions, rest] = /^\{(WIF[^{}]*)\}(?:\|([^{}]+))?$/.exec(text) ?? [];
  if (conditions === undefined) return undefined;
  const fields: { readonly name: string | undefined; readonly value: Arg }[] = [];
  for (const condition of conditions.split(" && ")) {
    const [, name, compared] = /^(W[A-Z]+)\(s\)(?: == (\w+(?: \| 0x80)?))?$/.exec(condition) ?? [];
    const value = decodeScalar(compared?.replaceAll(" ", "") ?? "s");
    if (name === undefined || value === undefined) return undefined;
    fields.push(
      compared === undefined
        ? { name: undefined, value: { type: "call", name, args: [value] } }
        : { name: `${name}(s)`, value },
    );
  }
  const other = rest === undefined ? undefined : decodeScalar(rest);
  if (rest !== undefined && other === undefined) return undefined;
  return {
    type: "struct",
    fields: other === undefined ? fields : [...fields, { name: undefined, value: other }],
    abbreviated: false,
  };
}

function decodeArray(bytes: Uint8Array, start: number, end: number, negated: boolean, depth: number): Arg {
  const commas = splitList(bytes, start, end);
  const set = commas.length === 1 ? setOf(bytes, start, end) : undefined;
  if (set !== undefined) return { type: "array", elements: set.elements, negated, abbreviated: set.abbreviated };
  const given = commas.filter((part) => !isEllipsis(bytes, part));
  if (!negated && given.length > 0 && given.every((part) => indexEnd(bytes, part) > 0))
    return {
      type: "struct",
      fields: given.map((part) => indexed(bytes, part, depth)),
      abbreviated: given.length < commas.length,
    };
  const elements = given.map((part) => decode(bytes, part.start, part.end, depth));
  return { type: "array", elements, negated, abbreviated: elements.length < commas.length };
}

/**
 * The elements of a set of signals or descriptors. Blanks separate them: `[INT CHLD]`, `[10 /* USR1 *\/ 12 /* USR2
 * *\/]`, `[3</tmp/a b> 4 ...]`. Commas separate the elements of all other arrays.
 */
function setOf(
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly elements: readonly Arg[]; readonly abbreviated: boolean } | undefined {
  const first = bytes[start];
  if (!isWord(first)) return undefined;
  const elements: Arg[] = [];
  let abbreviated = false;
  const blanks = findAllOutside(bytes, start, end, blank);
  for (let index = 0, from = start; index <= blanks.length; index += 1) {
    const at = blanks[index] ?? end;
    const next = bytes[at + 1];
    // A comment or a context belongs to the element before it.
    if (at < end && ((next === 0x2f && bytes[at + 2] === 0x2a) || next === 0x5b)) continue;
    if (from < at && startsWith(bytes, from, at, "...")) abbreviated = true;
    else {
      const element = decodeScalar(latin1(bytes, from, at));
      if (element === undefined) return undefined;
      elements.push(element);
    }
    from = at + 1;
  }
  return elements.length + Number(abbreviated) < 2 ? undefined : { elements, abbreviated };
}

/** The position after the `[NAME]` of an element `[NAME]=value`. -1 if the element has no `[NAME]`. */
function indexEnd(bytes: Uint8Array, { start, end }: Part): number {
  const after = bytes[start] === 0x5b ? findOutside(bytes, start + 1, end, 0x5d) + 1 : 0;
  return after > start + 2 && after < end && bytes[after] === equals && bytes[after + 1] !== greater ? after : -1;
}

function indexed(bytes: Uint8Array, part: Part, depth: number): { readonly name: string; readonly value: Arg } {
  const after = indexEnd(bytes, part);
  return { name: latin1(bytes, part.start + 1, after - 1), value: decode(bytes, after + 1, part.end, depth) };
}

/** `...`, and `... /* 0x7f12 *\/` where the memory of an array ends. */
function isEllipsis(bytes: Uint8Array, { start, end }: Part): boolean {
  return startsWith(bytes, start, end, "...") && (end - start === 3 || startsWith(bytes, start + 3, end, " /*"));
}

function decodeCall(bytes: Uint8Array, start: number, end: number, depth: number): Arg | undefined {
  if (bytes[end - 1] !== 0x29 || end <= start || isDigit(bytes[start])) return undefined;
  let at = start;
  while (at < end && isWord(bytes[at])) at += 1;
  if (at === start || bytes[at] !== 0x28 || findOutside(bytes, at + 1, end, 0x29) !== end - 1) return undefined;
  return {
    type: "call",
    name: latin1(bytes, start, at),
    args: splitList(bytes, at + 1, end - 1).map((part) => decode(bytes, part.value, part.end, depth)),
  };
}

/** At most 64 bits: no number of the kernel has more digits. */
const numberPattern = /^-?(?:0x[0-9a-fA-F]{1,16}|\d{1,23})(?![0-9a-zA-Z])/;
/** `AF_INET`, `SNDCTL_TMR_START or TCSETS`, `MIXER_READ(17) or ECCGETLAYOUT`, `!PR_MTE_TCF_NONE`, `-ENOENT`. */
const symbolPattern = /^[!-]?[A-Za-z_][A-Za-z0-9_]*(?:\(\d{1,10}\))?(?: or [A-Za-z_][A-Za-z0-9_]*(?:\(\d{1,10}\))?)*/;
const characterPattern = /^'(?:[^\\]|\\(?:x[0-9a-f]{2}|.))'/;
/** `1<<(INET_DIAG_TOS-1)` */
const groupPattern = /^\([A-Z_][A-Z0-9_]*[+-]\d{1,2}\)/;
const operatorPattern = /^(?:<<|[*+-])/;

/** `3`, `0x2 /* AF_INET *\/`, `A|B|0x10`, `1<<5`, `8192*1024`, `21<<MAP_HUGE_SHIFT`, `AT_FDCWD</tmp>`, `'a'`. */
function decodeScalar(text: string): Arg | undefined {
  let rest = text.startsWith("|0x") ? text.slice(1) : text; // statx flags with -X raw (statx.c)
  let value = 0n;
  let comment: string | undefined;
  let annotation: string | undefined;
  const symbols: string[] = [];
  let parts = 0;
  let made: Buffer | undefined;
  const bytes = (): Buffer => (made ??= Buffer.from(text, "latin1"));
  /** A position in `text`, as a position in `rest`. Negative values stay as they are. */
  const inRest = (end: number): number => (end < 0 ? end : end - (text.length - rest.length));
  const annotated = (): boolean => {
    if (!rest.startsWith("<") || rest.startsWith("<<")) return true;
    const end = inRest(annotationEnd(bytes(), text.length - rest.length, text.length));
    if (end < 0) return false;
    annotation = rest.slice(1, end - 1);
    rest = rest.slice(end);
    return true;
  };
  /** Reads the comment or annotation that strace puts after a number or a name. False if it has no end. */
  const described = (): boolean => {
    if (!annotated()) return false;
    while (rest.startsWith("/* ", rest.startsWith(" ") ? 1 : 0)) {
      const from = rest.startsWith(" ") ? 1 : 0;
      const after = inRest(commentEnd(bytes(), text.length - rest.length + from, text.length));
      if (after < 0) return false;
      const words = rest.slice(from + 3, after - 3);
      comment = comment === undefined ? words : `${comment}|${words}`;
      rest = rest.slice(after);
      if (!annotated()) return false;
    }
    if (rest.startsWith("(deleted)")) rest = rest.slice("(deleted)".length);
    const context = rest.startsWith(" [") ? rest.indexOf("]") + 1 : 0; // --secontext
    rest = rest.slice(context);
    return true;
  };
  for (;;) {
    /** `undefined` once a part is no number. */
    let part: bigint | undefined;
    let symbol = "";
    for (let operator = ""; ;) {
      const name = symbolPattern.exec(rest)?.[0] ?? (operator === "" ? undefined : groupPattern.exec(rest)?.[0]);
      const digits = name === undefined ? numberPattern.exec(rest)?.[0] : undefined;
      const character = name === undefined && digits === undefined ? characterPattern.exec(rest)?.[0] : undefined;
      const word = name ?? digits ?? character;
      if (word === undefined) return undefined;
      rest = rest.slice(word.length);
      const number = digits !== undefined ? integer(digits) : character !== undefined ? codeOf(character) : undefined;
      part =
        number === undefined || (operator !== "" && part === undefined)
          ? undefined
          : combined(part ?? 0n, operator, number);
      symbol += operator + word;
      if (!described()) return undefined;
      operator = operatorPattern.exec(rest)?.[0] ?? "";
      if (operator === "") break;
      rest = rest.slice(operator.length);
    }
    if (part === undefined) symbols.push(symbol);
    else value = parts === 0 ? part : value | part;
    parts += 1;
    if (rest === "" || rest === "|") break; // nothing is set: `c_oflag=NL0|CR0|` (term.c)
    if (!rest.startsWith("|")) return undefined;
    rest = rest.slice(1);
  }
  return symbols.length === 0
    ? { type: "number", value, comment, annotation }
    : { type: "flags", symbols, value, comment, annotation };
}

/** `undefined` if the text is no number of at most 64 bits. */
function combined(left: bigint, operator: string, right: bigint): bigint | undefined {
  if (operator === "") return right;
  const shifts = operator === "<<" && right >= 0n && right < 64n;
  const value = shifts ? left << right : operator === "*" ? left * right : operator === "+" ? left + right : undefined;
  return value === undefined || value >= 1n << 64n || value < -(1n << 63n) ? undefined : value;
}

/** What a character in apostrophes stands for. */
function codeOf(character: string): bigint {
  const text = Buffer.from(character, "latin1");
  return BigInt(unescapeBytes(text, 1, text.length - 1)[0] ?? 0);
}

function integer(text: string): bigint {
  const negative = text.startsWith("-");
  const digits = negative ? text.slice(1) : text;
  const value = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
  return negative ? -value : value;
}

/**
 * The number that an argument stands for. Flags are combined with OR, and NULL is 0. `_IOC(dir, type, nr, size)` is
 * computed (asm-generic/ioctl.h). `lookup` gives the numbers of symbols. `undefined` if a symbol is unknown or the
 * argument is no scalar. Negative numbers stay negative.
 */
export function argNumber(
  arg: Arg,
  lookup: (symbol: string) => bigint | undefined = () => undefined,
): bigint | undefined {
  switch (arg.type) {
    case "number":
      return arg.value;
    case "null":
      return 0n;
    case "flags": {
      let value = arg.value;
      for (const symbol of arg.symbols) {
        const part = lookup(symbol);
        if (part === undefined) return undefined;
        value |= part;
      }
      return value;
    }
    case "call":
      return arg.name === "_IOC" ? ioctlRequest(arg.args) : undefined;
    case "change":
      return argNumber(arg.before, lookup);
    case "string":
    case "struct":
    case "array":
    case "unknown":
      return undefined;
    default:
      return arg satisfies never;
  }
}

const directions: ReadonlyMap<string, bigint> = new Map([
  ["_IOC_NONE", 0n],
  ["_IOC_WRITE", 1n],
  ["_IOC_READ", 2n],
]);

function ioctlRequest(args: readonly Arg[]): bigint | undefined {
  const [direction, type, number, size] = args.map((arg) => argNumber(arg, (symbol) => directions.get(symbol)));
  if (direction === undefined || type === undefined || number === undefined || size === undefined) return undefined;
  return (direction << 30n) | (size << 16n) | (type << 8n) | number;
}
