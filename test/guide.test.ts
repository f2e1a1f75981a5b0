import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { isBuilt, notBuilt } from "./support/machine.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const guide = join(root, "docs/guide.md");

/** SECCOMP_GEN_WRITE_GUIDE=1 writes the present outputs to the page. */
test("the guide's outputs are what its commands print", { timeout: 120_000 }, ({ skip }) => {
  skip(!isBuilt, notBuilt);
  const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-guide-"));
  const bin = mkdtempSync(join(tmpdir(), "seccomp-gen-bin-"));
  writeFileSync(
    join(bin, "seccomp-gen"),
    `#!/bin/sh\nexec '${process.execPath}' '${join(root, "dist/cli.cjs")}' "$@"\n`,
    { mode: 0o755 },
  );
  const env = {
    PATH: [bin, process.env["PATH"] ?? ""].join(delimiter),
    HOME: folder,
    GIT_AUTHOR_NAME: "t",
    GIT_AUTHOR_EMAIL: "t@t",
    GIT_COMMITTER_NAME: "t",
    GIT_COMMITTER_EMAIL: "t@t",
  };
  const run = (command: string): string => {
    const { stdout } = spawnSync("bash", ["-c", `{ ${command}\n} 2>&1`], { cwd: folder, encoding: "utf8", env });
    return stdout;
  };
  mkdirSync(join(folder, "profiles"));
  cpSync(join(root, "profiles/nginx.json"), join(folder, "profiles/nginx.json"));
  cpSync(join(root, "traces/nginx"), join(folder, "traces/nginx"), { recursive: true });
  run("git init -q -b main && git add -A && git commit -q -m first");
  const text = readFileSync(guide, "utf8");
  const told = text.replace(/````?console\n([^]*?)\n````?(?=\n)/g, (_, block: string) => {
    const lines = block
      .split("\n")
      .filter((line) => line.startsWith("$ "))
      .flatMap((line) => [
        line,
        ...run(line.slice(2))
          .split("\n")
          .filter((output, at, all) => output !== "" || at < all.length - 1),
      ]);
    return ["````console", ...lines, "````"].join("\n");
  });
  if (process.env["SECCOMP_GEN_WRITE_GUIDE"] !== undefined) writeFileSync(guide, told);
  expect(readFileSync(guide, "utf8")).toBe(told);
});
