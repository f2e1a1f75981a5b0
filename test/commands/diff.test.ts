import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { diff, type DiffOptions } from "../../src/commands/diff.ts";
import type { Terminal } from "../../src/project/terminal/terminal.ts";

const terminal: Terminal = {
  out: () => undefined,
  note: () => undefined,
  status: undefined,
  color: false,
  width: 80,
  interrupted: new AbortController().signal,
};
const options: DiffOptions = {
  format: "text",
  against: undefined,
  capAdd: [],
  capDrop: [],
  arch: "amd64",
  kernel: undefined,
  runtime: "runc",
};
const nginx = fileURLToPath(new URL("../../profiles/nginx.json", import.meta.url));

test("two profiles are compared, or one with what --against says", async () => {
  expect(await diff([nginx, nginx], options, terminal)).toBe(0);
  expect(await diff([nginx], { ...options, against: nginx }, terminal)).toBe(0);
});

test("more than can be compared is an error, and nothing is dropped", async () => {
  await expect(diff([nginx, nginx, nginx], options, terminal)).rejects.toMatchObject({
    problem: { code: "usage" },
    exitCode: 2,
  });
  await expect(diff([nginx, nginx], { ...options, against: "28.5.2" }, terminal)).rejects.toMatchObject({
    problem: { code: "usage" },
    exitCode: 2,
  });
});

test("a Docker version that is not known is said to be none", async () => {
  const notes: string[] = [];
  await diff(["99.1", nginx], options, { ...terminal, note: (line) => notes.push(line) });
  expect(notes).toEqual([expect.stringContaining("Docker 99.1's default is not known")]);
  await diff(["20.10.24", nginx], options, { ...terminal, note: (line) => notes.push(line) });
  expect(notes).toHaveLength(1);
});

test.each([60, 80, 120])("rules are wrapped at %i columns", async (width) => {
  let shown = "";
  await diff(["20.10.24", nginx], options, { ...terminal, width, out: (text) => (shown += text) });
  expect(shown).toContain("    after:  ");
  expect(
    shown.split("\n").filter((line) => line.length > width && !/architecture| → .*nginx\.json$/.test(line)),
  ).toEqual([]);
});

test("a recording in a profile's place is told as such", async () => {
  await expect(
    diff([fileURLToPath(new URL("../../traces/nginx/recording.json", import.meta.url))], options, terminal),
  ).rejects.toThrow("this is a recording, but a profile is needed");
});
