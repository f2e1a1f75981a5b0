import { expect, test } from "vitest";
import { parseUnfinished, unfinishedText, type Unfinished } from "../../../src/run/recorder/unfinished.ts";

const unfinished: Unfinished = {
  name: "app",
  folder: "/work",
  arch: "SCMP_ARCH_X86_64",
  life: { stopSignal: "SIGTERM" },
  run: { source: "container", command: [], versions: {}, ended: "cut" },
};

test("what is written on a trace's volume is read again", () =>
  expect(parseUnfinished(unfinishedText(unfinished), "x")).toEqual(unfinished));

test.each([
  "",
  "garbage",
  "null",
  "[]",
  "{}",
  "3",
  JSON.stringify({ ...unfinished, arch: "vax" }),
  JSON.stringify({ ...unfinished, run: null }),
  JSON.stringify({ ...unfinished, life: 1 }),
  JSON.stringify({ ...unfinished, name: "../x" }),
])("anything else is an error that can be told: %s", (text) =>
  expect(() => parseUnfinished(text, "the label")).toThrow(expect.objectContaining({ name: "SeccompGenError" })),
);
