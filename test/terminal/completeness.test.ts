import { expect, test } from "vitest";
import { unseenShare, unseenText } from "../../src/terminal/completeness.ts";

test("of too few calls nothing is said", () => {
  expect(unseenShare(999, 5)).toBeUndefined();
});

test("is told in plain words", () => {
  expect(unseenText(unseenShare(100_000, 20) ?? 1)).toBe("about 0.02 % of activity like this may be unseen");
  expect(unseenText(0)).toBe("activity like this seems to be known");
});

test("the estimate is near the truth for calls drawn independently", () => {
  const kinds = Array.from({ length: 400 }, (_, kind) => 1 / (kind + 1) ** 2);
  const total = kinds.reduce((sum, weight) => sum + weight, 0);
  for (let seed = 1; seed <= 20; seed += 1) {
    let state = seed;
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647; // Park and Miller's
    const seen = new Map<number, number>();
    for (let call = 0; call < 2_000; call += 1) {
      let left = random() * total;
      const kind = kinds.findIndex((weight) => (left -= weight) < 0);
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }
    const unseen = kinds.reduce((sum, weight, kind) => sum + (seen.has(kind) ? 0 : weight / total), 0);
    const estimate = unseenShare(2_000, [...seen.values()].filter((count) => count === 1).length) ?? 1;
    expect(Math.abs(estimate - unseen)).toBeLessThan(0.02);
  }
});
