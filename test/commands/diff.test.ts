import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { DiffOptions } from "../../src/commands/diff.ts";
import { diff } from "../../src/commands/diff.ts";
import type { Terminal } from "../../src/terminal/terminal.ts";

const terminal: Terminal = { out: () => undefined, note: () => undefined, status: undefined, color: false, width: 80, interrupted: new AbortController().signal };
const options: DiffOptions = { format: "text", against: undefined, capAdd: [], capDrop: [], arch: "amd64", kernel: undefined, runtime: "runc" };
const nginx = fileURLToPath(new URL("../../profiles/nginx.json", import.meta.url));

test("two profiles are compared, or one with what --against says", async () => {
  expect(await diff([nginx, nginx], options, terminal)).toBe(0);
  expect(await diff([nginx], { ...options, against: nginx }, terminal)).toBe(0);
});

test("more than can be compared is an error, and nothing is dropped", async () => {
  await expect(diff([nginx, nginx, nginx], options, terminal)).rejects.toMatchObject({ problem: { code: "usage" }, exitCode: 2 });
  await expect(diff([nginx, nginx], { ...options, against: "28.5.2" }, terminal)).rejects.toMatchObject({ problem: { code: "usage" }, exitCode: 2 });
});
