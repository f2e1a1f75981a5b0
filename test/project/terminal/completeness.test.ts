import { expect, test } from "vitest";
import {
  ActivityWindows,
  expectedText,
  spanText,
  unseenShare,
  unseenText,
} from "../../../src/project/terminal/completeness.ts";

test("too few calls give no estimate", () => {
  expect(unseenShare(999, 5)).toBeUndefined();
});

test("the estimate is told in plain words", () => {
  expect(unseenText(unseenShare(100_000, 20) ?? 1)).toBe("about 0.02 % of activity like this may be unseen");
  expect(unseenText(0)).toBe("activity like this seems to be fully seen");
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

test("a burst counts once in its window of time, and quiet windows do not count", () => {
  const windows = new ActivityWindows();
  const calls = [0, 0];
  for (let window = 0; window < 20; window += 1) {
    calls[0] = (calls[0] ?? 0) + 100;
    if (window === 7) calls[1] = 5_000;
    windows.end([...calls]);
    windows.end([...calls]); // nothing was called
  }
  expect(windows.expected()).toBe(1 / 20);
  expect(expectedText(windows.expected() ?? 0)).toBe("another 5 s would show a new syscall in about 5 % of cases");
  calls[1] = 5_001;
  windows.end([...calls]);
  expect(windows.expected()).toBe(0);
  expect(expectedText(0)).toBe("another 5 s would probably show nothing new");
  expect(expectedText(1.5)).toBe("another 5 s may well show something new");
});

test("too few windows say nothing", () => {
  const windows = new ActivityWindows();
  windows.end([1]);
  expect(windows.expected()).toBeUndefined();
});

test("the windows' estimate is near the number of new kinds that the next window brings", () => {
  let estimated = 0;
  let came = 0;
  let state = 7;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647; // Park and Miller's
  for (let trial = 0; trial < 300; trial += 1) {
    const windows = new ActivityWindows();
    const calls = Array.from({ length: 200 }, () => 0);
    const pass = (): number => {
      let fresh = 0;
      // Each kind has its own likelihood of being in a window, and comes in bursts.
      for (const kind of calls.keys()) {
        if (random() > 1 / (kind + 1)) continue;
        if (calls[kind] === 0) fresh += 1;
        calls[kind] = (calls[kind] ?? 0) + 1 + Math.floor(random() * 50);
      }
      windows.end([...calls]);
      return fresh;
    };
    for (let window = 0; window < 40; window += 1) pass();
    estimated += windows.expected() ?? 0;
    came += pass();
  }
  expect(Math.abs(estimated - came) / came).toBeLessThan(0.15);
});

test("spans are written as people say them", () => {
  expect([0, 40_000, 119_000, 240_000, 3_600_000, 10_800_000].map(spanText)).toEqual([
    "0 s",
    "40 s",
    "119 s",
    "4 min",
    "60 min",
    "3 h",
  ]);
});
