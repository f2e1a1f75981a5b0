import fc from "fast-check";
import { expect, test } from "vitest";
import { smallestPassing, withoutNeedless } from "../../../src/run/verifier/minimize.ts";

test("finds exactly what is needed, whatever stands around it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(300), { minLength: 1, maxLength: 80 }),
      fc.array(fc.nat(79), { minLength: 1, maxLength: 3 }),
      async (items, picks) => {
        const needed = new Set(picks.map((pick) => items[pick % items.length]));
        const found = await smallestPassing(
          items,
          (part) => Promise.resolve([...needed].every((item) => part.includes(item as number))),
          10_000,
        );
        expect(new Set(found.items)).toEqual(needed);
        expect(found.minimal).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
});

test("one culprit among two hundred takes few tests; where they run out, what is left still passes", async () => {
  const items = Array.from({ length: 200 }, (_, item) => item);
  let tests = 0;
  const test137 = (part: readonly number[]): Promise<boolean> => {
    tests += 1;
    return Promise.resolve(part.includes(137));
  };
  expect((await smallestPassing(items, test137, 100)).items).toEqual([137]);
  expect(tests).toBeLessThan(20);
  const cut = await smallestPassing(items, test137, 3);
  expect(cut.items).toContain(137);
  expect(cut.minimal).toBe(false);
});

test("what is needless goes, all at once or in halves, and several that are needed cost few tests", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(300), { minLength: 1, maxLength: 40 }),
      fc.array(fc.nat(79), { maxLength: 4 }),
      async (items, picks) => {
        const needed = new Set(picks.map((pick) => items[pick % items.length]));
        let tests = 0;
        const found = await withoutNeedless(
          items,
          (part) => {
            tests += 1;
            return Promise.resolve([...needed].every((item) => part.includes(item as number)));
          },
          10_000,
        );
        expect(new Set(found.items)).toEqual(needed);
        expect(tests).toBeLessThanOrEqual(
          needed.size === 0 ? 1 : 1 + 2 * needed.size * Math.ceil(Math.log2(items.length + 1)),
        );
        expect(found.minimal).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
  const cut = await withoutNeedless([1, 2, 3, 4], (part) => Promise.resolve(part.includes(2)), 2);
  expect(cut.items).toContain(2);
  expect(cut.minimal).toBe(false);
});
