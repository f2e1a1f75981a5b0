import { parse, stringify } from "lossless-json";

/** A JSON object of the Engine API. Numbers stay as they were written, because some have 64 bits. */
export type Document = Readonly<Record<string, unknown>>;

export function parseDocument(bytes: Buffer): Document {
  const value = parse(bytes.toString("utf8"));
  if (!isDocument(value)) throw new SyntaxError("no JSON object");
  return value;
}

/** Any JSON value. */
export function parseValue(bytes: Buffer): unknown {
  return parse(bytes.toString("utf8"));
}

export function documentBytes(value: unknown): Buffer {
  return Buffer.from(stringify(value) ?? "null");
}

export function isDocument(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member as the engine reads it: in any case, and the last one if there are several (Go's encoding/json). */
export function member(document: unknown, name: string): unknown {
  if (!isDocument(document)) return undefined;
  const key = Object.keys(document).findLast((known) => known.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : document[key];
}

/**
 * The document with `value` as its only member that the engine reads under this name, in any case. `undefined` removes
 * all such members.
 */
export function withMember(document: Document, name: string, value: unknown): Document {
  const isSame = (key: string): boolean => key.toLowerCase() === name.toLowerCase();
  if (!Object.keys(document).some(isSame)) return value === undefined ? document : { ...document, [name]: value };
  const entries = Object.entries(document).flatMap(([key, old]) => (isSame(key) ? [] : [[key, old] as const]));
  const at = Object.keys(document).findIndex(isSame);
  if (value !== undefined) entries.splice(at, 0, [name, value]);
  return Object.fromEntries(entries);
}

/** A list of strings, or one string (moby api/types/strslice). `undefined` if there is none. */
export function wordsOf(value: unknown): readonly string[] | undefined {
  if (typeof value === "string") return [value];
  return Array.isArray(value) && value.every((word) => typeof word === "string") ? value : undefined;
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The members of an object whose values are strings, such as labels. */
export function textsOf(value: unknown): Readonly<Record<string, string>> {
  return isDocument(value)
    ? Object.fromEntries(
        Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
      )
    : {};
}
