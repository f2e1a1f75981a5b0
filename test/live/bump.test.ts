import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { engine } from "./engine.ts";
import { docker, product, workplace } from "./product.ts";

/** A profile made from one release of Debian, and the same script in the next one: newer glibc, coreutils, perl. */
const script = fileURLToPath(new URL("workloads/everyday.sh", import.meta.url));
const run = (suite: string): readonly string[] => ["--rm", "--network", "none", "-v", `${script}:/everyday.sh:ro`, `seccomp-gen-base:${suite}`, "bash", "/everyday.sh"];

let folder = "";
beforeAll(async () => {
  await engine("base-image", "trixie");
  folder = await workplace();
  const recorded = await product(folder, ["record", "--name", "app", "--", "docker", "run", ...run("bookworm")]);
  expect(recorded.exitCode, recorded.stderr).toBe(0);
});

test.each(["bookworm", "trixie"])("in %s it prints the same as without profile, and nothing on stderr", async (suite) => {
  const plain = await docker("run", ...run(suite));
  for (const runtime of ["runc", "crun"]) {
    if (!(await docker("info", "--format", "{{json .Runtimes}}")).stdout.includes(`"${runtime}"`)) continue;
    expect(await docker("run", "--runtime", runtime, "--security-opt", `seccomp=${join(folder, "profiles/app.json")}`, ...run(suite))).toEqual(plain);
  }
});
