import { parse } from "lossless-json";
import { SeccompGenError } from "../errors/index.ts";
import type { Json } from "./types.ts";
import { folded } from "./members.ts";
import { positionAt } from "./position.ts";

/** Parses JSON without losing digits. Throws `profile-json` with line and column. */
export function parseJson(text: string, source: string): Json {
  const body = text.replace(/^\uFEFF/, "");
  const plain = parsePlain(body);
  if (plain !== undefined) return plain;
  try {
    return withoutNulls(parse(body, undefined, { parseNumber: exactNumber }));
  } catch (error) {
    if (error instanceof RangeError)
      throw new SeccompGenError(
        { code: "profile-json", source, line: 1, column: 1, detail: "it is nested too deeply" },
        { cause: error },
      );
    if (!(error instanceof SyntaxError)) throw error;
    const offset = Number(/position (\d+)/.exec(error.message)?.[1] ?? body.length);
    const { line, column } = positionAt(body, offset);
    throw new SeccompGenError(
      { code: "profile-json", source, line, column, detail: detailOf(error.message) },
      { cause: error },
    );
  }
}

/**
 * Strings, with the colon of those that are names, and what needs care: numbers that may lose
 * digits or are written as no engine takes them, and null.
 */
const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|\d{16}|\d[.eE]|null/g;

/**
 * What JSON.parse reads as well, and much faster: no number loses digits, nothing is null, no name
 * stands twice. Undefined: it has to be read with care.
 */
function parsePlain(text: string): Json {
  let names = 0;
  for (const { 0: token, 1: colon } of text.matchAll(tokens)) {
    if (colon !== undefined) names += 1;
    else if (!token.startsWith('"')) return undefined;
  }
  try {
    const value = JSON.parse(text) as Json;
    return countNames(value) === names ? value : undefined;
  } catch {
    return undefined;
  }
}

function countNames(value: Json): number {
  if (value === null || typeof value !== "object") return 0;
  const members = Object.values(value) as readonly Json[];
  return (
    (Array.isArray(value) ? 0 : members.length) + members.reduce<number>((sum, member) => sum + countNames(member), 0)
  );
}

/**
 * Go's decoder mixes the two values of a member that stands twice, list item by list item (measured
 * on Docker 20.10): nothing anybody means.
 */
function detailOf(message: string): string {
  const twice = /^Duplicate key '(.*)' encountered/.exec(message)?.[1];
  return twice === undefined
    ? message.replace(/ (at|\(at)? ?position \d+\)?.*/, "")
    : `${JSON.stringify(twice)} stands twice in one object, and engines mix the two; keep one`;
}

/**
 * Engines take integers in plain digits only: what is written as 1e3 or 1.0 stays as written, and
 * is no integer.
 */
function exactNumber(digits: string): number | bigint | string {
  const number = Number(digits);
  if (Number.isInteger(number) && /[.eE]/.test(digits)) return digits;
  return Number.isSafeInteger(number) || !/^-?\d+$/.test(digits) ? number : BigInt(digits);
}

function withoutNulls(value: unknown): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value !== null && typeof value === "object") {
    // A null in a second spelling takes a list away again: it may not be left out unseen.
    const twice = nullTwin(value);
    if (twice !== undefined) throw new SyntaxError(`Duplicate key '${twice}' encountered`);
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, member]) => (member === null ? [] : [[name, withoutNulls(member)]])),
    );
  }
  return value === null ? undefined : (value as Json);
}

/** The first member that is null and stands in another spelling too. */
function nullTwin(object: object): string | undefined {
  const nulls = Object.entries(object).flatMap(([name, member]) => (member === null ? [name] : []));
  if (nulls.length === 0) return undefined;
  const spellings = new Map<string, number>();
  for (const name of Object.keys(object).map(folded)) spellings.set(name, (spellings.get(name) ?? 0) + 1);
  return nulls.find((name) => (spellings.get(folded(name)) ?? 0) > 1);
}
