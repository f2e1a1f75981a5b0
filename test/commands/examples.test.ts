import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parseRecording, stringifyRecording } from "../../src/aggregator/index.ts";
import { derive } from "../../src/derivation/derivation.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

test.each(["nginx", "redis"])("profiles/%s.json is what generate makes of its recording", async (name) => {
  const text = await readFile(`${root}traces/${name}/recording.json`, "utf8");
  const recording = parseRecording(text, name);
  expect(stringifyRecording(recording)).toBe(text);
  const { profile, diff } = await derive(recording, { args: "standard", exact: false, floor: "any", allow: [], deny: [], against: undefined, mode: "enforce" });
  expect(profile).toBe(await readFile(`${root}profiles/${name}.json`, "utf8"));
  expect(diff.syscalls.filter(({ kind }) => kind === "newly-allowed" || kind === "widened" || kind === "changed")).toEqual([]);
});
