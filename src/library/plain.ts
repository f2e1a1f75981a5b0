/**
 * A result as plain data, which JSON can hold. Maps are objects, and sets are lists. A 64-bit value is a number up to
 * 2⁵³ − 1, and a decimal string above. `BigInt(value)` reads both.
 */
export type Plain<Value> = Value extends bigint
  ? number | string
  : Value extends ReadonlyMap<infer Key, infer Item>
    ? { readonly [key in Key & string]?: Plain<Item> }
    : Value extends ReadonlySet<infer Item>
      ? readonly Plain<Item>[]
      : Value extends object
        ? { readonly [Key in keyof Value]: Plain<Value[Key]> }
        : Value;

/** Turns a value into plain data. Members that are `undefined` are left out, as in JSON. */
export function plain<Value>(value: Value): Plain<Value> {
  return toPlain(value) as Plain<Value>;
}

function toPlain(value: unknown): unknown {
  if (typeof value === "bigint") return value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof Set) return [...value].map(toPlain);
  const entries: [string, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(entries.flatMap(([key, item]) => (item === undefined ? [] : [[key, toPlain(item)]])));
}

/**
 * The text of a document. Throws if the text is missing or is bytes. Callers that do not check types may pass these.
 */
export function textOf(text: unknown, what: string): string {
  if (typeof text !== "string") throw new TypeError(`The text of a ${what} is a string: readFileSync(file, "utf8").`);
  return text;
}
