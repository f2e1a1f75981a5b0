import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parseRecording, stringifyRecording } from "../../src/core/recording/index.ts";
import { derive, hostsOf } from "../../src/project/derivation/derivation.ts";
import { loadReference } from "../../src/project/derivation/reference.ts";
import { diffFilters } from "../../src/core/diff/index.ts";
import { readEmitted, readProfile, resolveFor } from "../../src/core/profile/index.ts";
import { defaultPolicy } from "../../src/project/derivation/stored-policy.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

test.each(["nginx", "redis"])("profiles/%s.json is what generate makes of its recording", async (name) => {
  const text = await readFile(`${root}traces/${name}/recording.json`, "utf8");
  const recording = parseRecording(text, name);
  expect(stringifyRecording(recording)).toBe(text);
  const { profile, counts } = await derive(recording, defaultPolicy);
  expect(profile).toBe(await readFile(`${root}profiles/${name}.json`, "utf8"));
  expect(readEmitted(profile)).toEqual(readProfile(profile, name));
  const [ceiling, after] = [
    (await loadReference(recording.runs[0]?.versions.engine)).profile,
    readProfile(profile, name),
  ].map((side) => resolveFor(side, hostsOf(recording)));
  const diff = diffFilters(ceiling ?? new Map(), after ?? new Map());
  expect(counts()).toEqual({ allowedBefore: diff.allowedBefore, allowedAfter: diff.allowedAfter });
  expect(
    diff.syscalls.filter(({ kind }) => kind === "newly-allowed" || kind === "widened" || kind === "changed"),
  ).toEqual([]);
});
