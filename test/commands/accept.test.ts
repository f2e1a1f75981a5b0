import { mkdir, mkdtemp, readFile, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { stringifyRecording } from "../../src/core/recording/index.ts";
import type { Recording, Run } from "../../src/core/recording/types.ts";
import { acceptAdditions } from "../../src/commands/accept.ts";
import type { Terminal } from "../../src/project/terminal/terminal.ts";
import type { Addition } from "../../src/run/verifier/index.ts";

const terminal: Terminal = {
  out: () => undefined,
  note: () => undefined,
  status: undefined,
  color: false,
  width: 80,
  interrupted: new AbortController().signal,
};
const run: Run = {
  source: "container",
  command: ["docker", "run", "IMAGE"],
  versions: {},
  capabilities: [],
  noNewPrivileges: false,
  ended: "exited",
};
const recording: Recording = {
  version: 1,
  name: "app",
  runs: [run],
  syscalls: { SCMP_ARCH_X86_64: { read: { calls: 1, results: ["ok"], processes: ["app"] } } },
};
const addition = (syscall: string): Addition => ({
  arch: "SCMP_ARCH_X86_64",
  syscall,
  record: { calls: 1, results: ["ok"], processes: ["app"] },
});

let folder = "";
let profile = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "seccomp-gen-accept-"));
  profile = join(folder, "profiles/app.json");
});

test("what several verifies accept at once is all taken in", async () => {
  await mkdir(join(folder, "traces/app"), { recursive: true });
  await writeFile(join(folder, "traces/app/recording.json"), stringifyRecording(recording));
  const accepted = ["flock", "getpriority", "mlock"];
  await Promise.all(
    accepted.map((name) => acceptAdditions(profile, [addition(name)], { ...run, source: "verify" }, terminal)),
  );
  const [kept, made] = [
    await readFile(join(folder, "traces/app/recording.json"), "utf8"),
    await readFile(profile, "utf8"),
  ];
  for (const name of ["read", ...accepted]) {
    expect(kept).toContain(`"${name}"`);
    expect(made).toContain(`"${name}"`);
  }
});

test("without a recording nothing is made, not even a folder", async () => {
  await expect(acceptAdditions(profile, [addition("flock")], run, terminal)).rejects.toMatchObject({
    problem: { code: "usage" },
  });
  expect(await readdir(folder)).toEqual([]);
});
