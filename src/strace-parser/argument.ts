import { annotationEnd, findAllOutside, findOutside, stringEnd } from "./scan.ts";
import type { Arg } from "./types.ts";

/** One decoded argument with its name, where the line gives one (`flags=…`). */
export interface NamedArg {
  readonly name: string | undefined;
  readonly value: Arg;
}

const fieldName = /^([A-Za-z_][A-Za-z0-9_.]*)=(?!=)/;

/** Decodes what stands between the parentheses of a call. Total: what is not understood is `unknown`, as text. */
export function decodeArguments(text: string, depth = 0): readonly NamedArg[] {
  return split(text, ",").map((part) => decodeNamed(part, depth));
}

function decodeNamed(text: string, depth: number): NamedArg {
  const name = fieldName.exec(text)?.[1];
  return name === undefined ? { name, value: decode(text, depth) } : { name, value: decode(text.slice(name.length + 1), depth) };
}

/** Splits at a separator that stands outside of everything; parts are trimmed, no empty last part. */
function split(text: string, separator: string): readonly string[] {
  const ends = [...findAllOutside(text, separator), text.length];
  const parts = ends.map((end, index) => text.slice(index === 0 ? 0 : (ends[index - 1] ?? 0) + 1, end).trim());
  return parts.filter((part, index) => part !== "" || index < parts.length - 1);
}

/** No struct of strace is nested deeper; what is, is left as text. */
const maxDepth = 32;

/** Decodes one value. */
export function decode(text: string, depth = 0): Arg {
  if (depth > maxDepth) return unknown(text);
  const arrow = text.includes("=>") ? findAllOutside(text, "=").find((at) => text.charAt(at + 1) === ">") : undefined;
  if (arrow !== undefined) return { type: "change", before: decode(text.slice(0, arrow).trim(), depth + 1), after: decode(text.slice(arrow + 2).trim(), depth + 1) };
  switch (text.charAt(0)) {
    case '"':
      return decodeString(text);
    case "@":
      return decodeAbstract(text);
    case "{":
      return text.endsWith("}") ? decodeStruct(text.slice(1, -1), depth + 1) : unknown(text);
    case "[":
      return text.endsWith("]") ? decodeArray(text.slice(1, -1), false, depth + 1) : unknown(text);
    case "~":
      return text.startsWith("~[") && text.endsWith("]") ? decodeArray(text.slice(2, -1), true, depth + 1) : unknown(text);
    default:
      if (text === "NULL") return { type: "null" };
      return decodeCall(text, depth + 1) ?? decodeScalar(text) ?? unknown(text);
  }
}

function unknown(text: string): Arg {
  return { type: "unknown", text };
}

const escapes: { readonly [letter: string]: number } = { n: 10, t: 9, r: 13, v: 11, f: 12, a: 7, b: 8, e: 27 };

function decodeString(text: string): Arg {
  const end = stringEnd(text, 0);
  if (end < 0) return unknown(text);
  const rest = text.slice(end);
  if (rest !== "" && rest !== "...") return unknown(text);
  return { type: "string", bytes: unescapeText(text.slice(1, end - 1)), cut: rest === "..." };
}

/** The name of an abstract socket (unix(7)), which begins with a NUL. */
function decodeAbstract(text: string): Arg {
  const name = decodeString(text.slice(1));
  return name.type === "string" ? { ...name, bytes: Uint8Array.from([0, ...name.bytes]) } : unknown(text);
}

/** The bytes that strace wrote with C escapes (util.c, `string_quote`). */
export function unescapeText(text: string): Uint8Array {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text.charCodeAt(at) !== 0x5c) {
      bytes.push(text.charCodeAt(at) & 0xff);
      continue;
    }
    at += 1;
    const [digits] = /^(?:x[0-9a-fA-F]{1,2}|[0-7]{1,3})/.exec(text.slice(at, at + 3)) ?? [];
    if (digits !== undefined) {
      bytes.push((digits.startsWith("x") ? Number.parseInt(digits.slice(1), 16) : Number.parseInt(digits, 8)) & 0xff);
      at += digits.length - 1;
    } else {
      bytes.push(escapes[text.charAt(at)] ?? text.charCodeAt(at) & 0xff);
    }
  }
  return Uint8Array.from(bytes);
}

function decodeStruct(text: string, depth: number): Arg {
  const parts = split(text, ",");
  const fields = parts.filter((part) => part !== "...").map((part) => decodeNamed(part, depth));
  return { type: "struct", fields, abbreviated: fields.length < parts.length };
}

function decodeArray(text: string, negated: boolean, depth: number): Arg {
  // Signal sets are separated by blanks: [INT CHLD]; in all other arrays commas separate.
  const commas = split(text, ",");
  const parts = commas.length === 1 && /^[A-Z0-9_]+( [A-Z0-9_]+)+$/.test(text.trim()) ? text.trim().split(" ") : commas;
  const elements = parts.filter((part) => part !== "...").map((part) => decode(part, depth));
  return { type: "array", elements, negated, abbreviated: elements.length < parts.length };
}

function decodeCall(text: string, depth: number): Arg | undefined {
  const name = /^([A-Za-z_]\w*)\(/.exec(text)?.[1];
  if (name === undefined || !text.endsWith(")") || findOutside(text, name.length + 1, ")") !== text.length - 1) return undefined;
  return { type: "call", name, args: decodeArguments(text.slice(name.length + 1, -1), depth).map(({ value }) => value) };
}

/** At most 64 bits; longer digits are no number of a kernel. */
const numberPattern = /^-?(?:0x[0-9a-fA-F]{1,16}|\d{1,22})(?![0-9a-zA-Z])/;
const symbolPattern = /^[A-Za-z_][A-Za-z0-9_]*(?: or [A-Za-z_][A-Za-z0-9_]*)*/;

/** `3`, `0x2 /* AF_INET *\/`, `A|B|0x10`, `1<<5`, `AT_FDCWD</tmp>`. */
function decodeScalar(text: string): Arg | undefined {
  let rest = text.startsWith("|0x") ? text.slice(1) : text; // statx flags with -X raw (statx.c)
  let value = 0n;
  let comment: string | undefined;
  let annotation: string | undefined;
  const symbols: string[] = [];
  let parts = 0;
  for (;;) {
    const number = numberPattern.exec(rest)?.[0];
    const symbol = number === undefined ? symbolPattern.exec(rest)?.[0] : undefined;
    if (number === undefined && symbol === undefined) return undefined;
    rest = rest.slice((number ?? symbol ?? "").length);
    if (number !== undefined) {
      let part = integer(number);
      const shift = /^<<(\d+)/.exec(rest);
      if (shift !== null) {
        part <<= BigInt(Math.min(63, Number(shift[1])));
        rest = rest.slice(shift[0].length);
      } else if (rest.startsWith("<<")) return undefined;
      value = parts === 0 ? part : value | part;
    } else symbols.push(symbol ?? "");
    parts += 1;
    if (rest.startsWith("<")) {
      const end = annotationEnd(rest, 0);
      if (end < 0) return undefined;
      annotation = rest.slice(1, end - 1);
      rest = rest.slice(end);
    }
    const said = /^ ?\/\* (.*?) \*\//.exec(rest);
    if (said !== null) {
      comment = comment === undefined ? said[1] : `${comment}|${said[1]}`;
      rest = rest.slice(said[0].length);
      if (rest.startsWith("<")) {
        const end = annotationEnd(rest, 0);
        if (end < 0) return undefined;
        annotation = rest.slice(1, end - 1);
        rest = rest.slice(end);
      }
    }
    if (rest.startsWith("(deleted)")) rest = rest.slice("(deleted)".length);
    if (rest === "") break;
    if (!rest.startsWith("|")) return undefined;
    rest = rest.slice(1);
  }
  return symbols.length === 0 ? { type: "number", value, comment, annotation } : { type: "flags", symbols, value, comment, annotation };
}

function integer(text: string): bigint {
  const negative = text.startsWith("-");
  const digits = negative ? text.slice(1) : text;
  const value = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
  return negative ? -value : value;
}

/**
 * The number an argument stands for: a number itself, the OR of flags, 0 for NULL, `_IOC(dir, type, nr, size)` computed (asm-generic/ioctl.h).
 * `lookup` gives the numbers of symbols. Undefined where a symbol is not known or the argument is no scalar. Negative numbers stay negative.
 */
export function argNumber(arg: Arg, lookup: (symbol: string) => bigint | undefined = () => undefined): bigint | undefined {
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

const directions: { readonly [symbol: string]: bigint } = { _IOC_NONE: 0n, _IOC_WRITE: 1n, _IOC_READ: 2n };

function ioctlRequest(args: readonly Arg[]): bigint | undefined {
  const [direction, type, number, size] = args.map((arg) => argNumber(arg, (symbol) => directions[symbol]));
  if (direction === undefined || type === undefined || number === undefined || size === undefined) return undefined;
  return (direction << 30n) | (size << 16n) | (type << 8n) | number;
}
