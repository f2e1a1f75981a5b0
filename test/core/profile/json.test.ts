import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJson } from "../../../src/core/profile/json.ts";
import type { Json } from "../../../src/core/profile/types.ts";

/** A null beside it makes the parser read the whole text number by number. */
function withCare(text: string): Json {
  const list = parseJson(`[${text}, null]`, "p.json") as readonly Json[];
  return list[0];
}

test("the fast way of reading and the careful one read the same", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value, undefined, 2);
      if (!text.includes("null")) expect(parseJson(text, "p.json")).toEqual(withCare(text));
    }),
    { numRuns: 500 },
  );
});

test.each([
  '{"a": 9007199254740993}',
  '{"a": 18446744073709551615}',
  '{"a": 1e3}',
  '{"a": 1.0}',
  '{"a": -0}',
  '{"a\\"": "b\\": 1"}',
  '["1234567890123456789"]',
  "0",
  '"x"',
])("%s", (text) => {
  expect(parseJson(text, "p.json")).toEqual(withCare(text));
});

test.each(['{"a": 1, "a": 2}', '{"a": 1, "\\u0061": 2}', '{"a": {"b": 1, "c": 2, "b": 3}}'])(
  "a name that stands twice is found: %s",
  (text) => {
    expect(() => parseJson(text, "p.json")).toThrow(/is given twice/);
  },
);

/** Comparing each null with each would take hours. */
test("a document of nothing but nulls is read, and a null twin among them found", () => {
  const nulls = Array.from({ length: 90_000 }, (_, index) => `"a${index}": null`).join(", ");
  expect(parseJson(`{${nulls}}`, "p.json")).toEqual({});
  expect(() => parseJson(`{${nulls}, "A7": 1}`, "p.json")).toThrow(/"a7" is given twice/);
});
