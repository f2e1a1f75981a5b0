import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { product, workplace } from "../support/product.ts";

const base = "seccomp-gen-base:bookworm";

test("verify --accept allows what a new feature needs and only the profile denies", async () => {
  const folder = await workplace();
  const run = (script: string): readonly string[] => [
    "docker",
    "run",
    "--rm",
    "--network",
    "none",
    base,
    "sh",
    "-c",
    script,
  ];
  const recorded = await product(folder, ["record", "--name", "app", "--", ...run("echo old; true")]);
  expect(recorded, recorded.stderr).toMatchObject({ exitCode: 0 });
  const accepted = await product(folder, [
    "verify",
    "--accept",
    "profiles/app.json",
    "--",
    ...run("echo new; mkfifo /tmp/new"),
  ]);
  expect(accepted.exitCode, accepted.stderr).toBe(0);
  expect(accepted.stderr).toMatch(/recording\.json: .*mknodat.* added, as verify found/);
  expect(JSON.parse(await readFile(join(folder, "traces/app/recording.json"), "utf8"))).toMatchObject({
    syscalls: {
      [process.arch === "arm64" ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64"]: { mknodat: { results: ["?"] } },
    },
  });
  const again = await product(folder, ["verify", "profiles/app.json", "--", ...run("echo new; mkfifo /tmp/new")]);
  expect(again.exitCode, again.stderr).toBe(0);
});
