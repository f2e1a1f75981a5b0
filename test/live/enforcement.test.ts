import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { docker, workplace } from "../support/product.ts";
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
