import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { docker, product, workplace } from "../support/product.ts";

/**
 * The calls that are removed, one at a time: a few, of the program and of the runtime. SECCOMP_GEN_SABOTAGE=all removes
 * every call that the profile allows.
 */
const few = ["getdents64", "capset", "munmap", "openat"];
const run = ["--rm", "--network", "none", "seccomp-gen-base:bookworm", "ls", "/etc"] as const;
const profile = join("profiles", "sabotage.json");

interface Profile {
  syscalls: { names: string[]; action: string }[];
}

let folder = "";
let text = "";
let plain = "";

beforeAll(async () => {
  folder = await workplace();
  plain = (await docker("run", ...run)).stdout;
  const recorded = await product(folder, ["record", "--name", "sabotage", "--", "docker", "run", ...run]);
  expect(recorded.exitCode, recorded.stderr).toBe(0);
  text = await readFile(join(folder, profile), "utf8");
});

function without(call: string): string {
  const document = JSON.parse(text) as Profile;
  for (const group of document.syscalls)
    if (group.action === "SCMP_ACT_ALLOW") group.names = group.names.filter((name) => name !== call);
  return JSON.stringify({ ...document, syscalls: document.syscalls.filter(({ names }) => names.length > 0) });
}

function allowed(): readonly string[] {
  const groups = (JSON.parse(text) as Profile).syscalls.filter(({ action }) => action === "SCMP_ACT_ALLOW");
  return [...new Set(groups.flatMap(({ names }) => names))].sort();
}

test("without a call, verify names it, or the workload really does as before", async () => {
  const calls = process.env["SECCOMP_GEN_SABOTAGE"] === "all" ? allowed() : few;
  const named: string[] = [];
  for (const call of calls) {
    expect(allowed(), call).toContain(call);
    await writeFile(join(folder, "broken.json"), without(call));
    const verified = await product(folder, [
      "verify",
      "broken.json",
      "--expect-exit",
      "0",
      "--",
      "docker",
      "run",
      ...run,
    ]);
    if (verified.exitCode === 0) {
      const confined = await docker("run", "--security-opt", `seccomp=${join(folder, "broken.json")}`, ...run);
      expect(confined, call).toMatchObject({ exitCode: 0, stdout: plain });
    } else {
      expect(verified.exitCode, verified.stderr).toBe(1);
      expect(verified.stderr, call).toMatch(new RegExp(`the cause: the profile denies (?:\\w+, )*${call}\\b`));
      named.push(call);
    }
  }
  console.log(`${named.length} of ${calls.length} named, without the others it runs: ${named.join(", ")}`);
  expect(named).toContain("getdents64");
  expect(named).toContain("capset");
}, 3_600_000);
