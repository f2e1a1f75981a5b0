import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import glob from "fast-glob";
import { describe, expect, test } from "vitest";
import { exceeds } from "../../../src/core/diff/index.ts";
import { readProfile, resolve } from "../../../src/core/profile/index.ts";
import { loadDockerDefault } from "../../../src/project/index.ts";
import type { HostContext } from "../../../src/core/profile/types.ts";
import {
  allCapabilities,
  compareVersions,
  defaultCapabilities,
  dockerDefaults,
} from "../../../src/core/tables/index.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const profiles = glob.sync("profiles/*.json", { cwd: root }).sort();

const capabilitySets: readonly (readonly [string, readonly string[]])[] = [
  ["no capabilities", []],
  ["the default capabilities", defaultCapabilities],
  ...allCapabilities.map((capability) => [`also ${capability}`, [...defaultCapabilities, capability]] as const),
  ["all capabilities", allCapabilities],
];

/** The engine that recorded the examples. Older engines do not know calls for which libraries ask today. */
const recordedOn = "20.10.24";

describe.each(profiles)("%s allows nothing that Docker's default denies", (file) => {
  const releases = dockerDefaults.flatMap(({ file: limit, releases }) =>
    releases.map((release) => ({ limit, release })),
  );
  const defaults = [
    ...new Set(releases.filter(({ release }) => compareVersions(release, recordedOn) >= 0).map(({ limit }) => limit)),
  ];

  test.each(defaults)(
    "of the engines with %s",
    async (name) => {
      const [profile, limit] = [readProfile(await readFile(root + file, "utf8"), file), await loadDockerDefault(name)];
      for (const [set, capabilities] of capabilitySets) {
        for (const runtime of ["runc", "crun"] as const) {
          for (const kernel of capabilities === defaultCapabilities ? [undefined, "4.4"] : [undefined]) {
            const host: HostContext = {
              arch: "SCMP_ARCH_X86_64",
              capabilities: new Set(capabilities),
              kernel,
              runtime,
            };
            const ceiling = resolve(limit, host).filters;
            const wider = [...resolve(profile, host).filters].flatMap(([arch, filter]) => {
              const allowed = ceiling.get(arch);
              return allowed === undefined ? [arch] : exceeds(filter, allowed).map(({ syscall }) => syscall);
            });
            expect(wider, `${set}, ${runtime}, Linux ${kernel ?? "new"}`).toEqual([]);
          }
        }
      }
    },
    60_000,
  );
});
