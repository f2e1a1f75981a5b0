import { execa } from "execa";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { docker, product, workplace } from "../support/product.ts";
import { spellings } from "../support/spellings.ts";

/** The engine is asked what a reader may not assume: those documents under which nothing is filtered. */
test.each(spellings.filter(([, , engines]) => engines !== "refused"))(
  "the engine with %s",
  { timeout: 120_000 },
  async (_, text, engines) => {
    const file = join(await workplace(), "p.json");
    await writeFile(file, text);
    const { stdout, stderr } = await docker(
      ...["run", "--rm", "--network", "none", "--security-opt", `seccomp=${file}`],
      ...["seccomp-gen-base:bookworm", "grep", "^Seccomp:", "/proc/1/status"],
    );
    expect(`${stdout}${stderr}`).toMatch(engines === "none" ? /^Seccomp:\s0$/ : /^Seccomp:\s2$/);
  },
);

test("verify asks the kernel: a container that runs without the filter fails", { timeout: 170_000 }, async () => {
  const folder = await workplace();
  await writeFile(join(folder, "p.json"), '{"defaultAction":"SCMP_ACT_ALLOW"}');
  await writeFile(join(folder, "empty.json"), "{}");
  const real = (await execa("sh", ["-c", "command -v docker"])).stdout;
  // An engine, or somebody between, that does not do what it is asked for.
  const wrapper =
    `#!/bin/bash\nargs=()\nfor word in "$@"; do case $word in seccomp=*) word=seccomp=${folder}/empty.json ;; esac; ` +
    `args+=("$word"); done\nexec ${real} "\${args[@]}"\n`;
  await writeFile(join(folder, "docker"), wrapper, { mode: 0o755 });
  const { exitCode, stderr } = await product(
    folder,
    [
      "verify",
      "p.json",
      "--stop-after",
      "3",
      "--",
      "docker",
      "run",
      "--rm",
      "--network",
      "none",
      "seccomp-gen-base:bookworm",
      "sleep",
      "30",
    ],
    { PATH: `${folder}:${process.env["PATH"] ?? ""}` },
  );
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining("NO FILTER AT ALL: the kernel says Seccomp: 0")]);
});
