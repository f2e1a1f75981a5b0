import { execa } from "execa";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { product, workplace } from "../support/product.ts";

// A C program that crashes if mkfifo fails. It was recorded without mkfifo.

const image = "seccomp-gen-test-crash";
const run = (how: string): readonly string[] => ["docker", "run", "--rm", "--network", "none", image, how];
let folder = "";

beforeAll(async () => {
  folder = await workplace();
  const context = fileURLToPath(new URL("workloads/crash/", import.meta.url));
  await execa("docker", ["build", "-q", "--network", "host", "-t", image, context], { env: { DOCKER_BUILDKIT: "0" } });
  const recorded = await product(folder, ["record", "--name", "crash", "--", ...run("none")]);
  expect(recorded, recorded.stderr).toMatchObject({ exitCode: 0 });
  const file = join(folder, "profiles/crash.json");
  const { defaultErrnoRet: _, ...profile } = JSON.parse(await readFile(file, "utf8"));
  const allowed = profile.syscalls.filter(({ action }: { action: string }) => action === "SCMP_ACT_ALLOW");
  const kills = { ...profile, defaultAction: "SCMP_ACT_KILL_PROCESS", syscalls: allowed };
  await writeFile(join(folder, "profiles/ends.json"), JSON.stringify(kills));
  const answer = { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38 };
  await writeFile(join(folder, "profiles/kills.json"), JSON.stringify({ ...kills, syscalls: [...allowed, answer] }));
});

test.each([
  ["first process crashes", "crash", "fault", "exit code 139, a crash by SIGSEGV", "SIGSEGV"],
  ["first process crashes in another thread", "crash", "thread", "exit code 139, a crash by SIGSEGV", "SIGSEGV"],
  ["worker crashes", "crash", "worker", "exit code 3, expected 0", "SIGSEGV"],
  ["first process is killed by the filter", "kills", "fault", "exit code 159, a crash by SIGSYS", "SIGSYS"],
  ["worker is killed by the filter", "kills", "worker", "exit code 3, expected 0", "SIGSYS"],
])("verify tells the call that was denied before: the %s", async (_, profile, how, verdict, signal) => {
  const verified = await product(folder, ["verify", `profiles/${profile}.json`, "--", ...run(how)]);
  expect(verified.exitCode, verified.stderr).toBe(1);
  expect(verified.stderr).toContain(`FAILED: ${verdict}`);
  expect(verified.stderr).toMatch(/the profile denies mknod(?:at)?$/m);
  const before =
    signal === "SIGSYS" ? "the profile ends programs for the call" : "the last call that the profile had denied it:";
  expect(verified.stderr).toMatch(new RegExp(`crash crashed \\(${signal}\\); ${before} mknod(?:at)?$`, "m"));
  // The trace shows the call, so verify needs no search.
  expect(verified.stderr).toContain("confirmed in 2 runs");
});

test("verify says what to do if a profile kills for a call that Docker's default answers", async () => {
  const verified = await product(folder, ["verify", "profiles/ends.json", "--", ...run("none")]);
  expect(verified.exitCode, verified.stderr).toBe(1);
  expect(verified.stderr).toContain("crash crashed (SIGSYS); the profile ends programs for the call clone3");
  expect(verified.stderr).toMatch(/allowed without success: \d+ calls that the profile denies/);
  expect(verified.stderr).toContain(
    'instead of ending the program: {"names":["clone3"],"action":"SCMP_ACT_ERRNO","errnoRet":38}',
  );
  const file = join(folder, "profiles/ends.json");
  const profile = JSON.parse(await readFile(file, "utf8"));
  const answer = /instead of ending the program: (\{.*\})/.exec(verified.stderr)?.[1] ?? "";
  await writeFile(file, JSON.stringify({ ...profile, syscalls: [...profile.syscalls, JSON.parse(answer)] }));
  const again = await product(folder, ["verify", "profiles/ends.json", "--", ...run("none")]);
  expect(again.exitCode, again.stderr).toBe(0);
});
