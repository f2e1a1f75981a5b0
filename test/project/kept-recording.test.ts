import { mkdir, mkdtemp, readFile, readdir, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { stringifyRecording, type Recording } from "../../src/core/recording/index.ts";
import { combine, keepPartial, knownBefore, partialPath } from "../../src/project/kept-recording.ts";
import { whileLocked } from "../../src/project/lock.ts";
import { SeccompGenError } from "../../src/core/errors/error.ts";

const of = (...calls: readonly string[]): Recording => ({
  version: 1,
  name: "app",
  runs: [{ source: "log", command: [], versions: {}, ended: "exited" }],
  syscalls: {
    SCMP_ARCH_X86_64: Object.fromEntries(
      [...calls].sort().map((call) => [call, { calls: 1, results: ["ok"], processes: ["x"] }]),
    ),
  },
});
const callsOf = (recording: Recording | undefined): readonly string[] =>
  Object.keys(recording?.syscalls.SCMP_ARCH_X86_64 ?? {});
const plain = { append: false, force: false };

let path = "";
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), "seccomp-gen-kept-")), "recording.json");
});

test("a recording that ended meanwhile is merged with, whatever was asked for", async () => {
  const said: string[] = [];
  await writeFile(path, stringifyRecording(of("read", "open")));
  for (const options of [plain, { append: true, force: false }, { append: false, force: true }]) {
    expect(callsOf(await combine(path, undefined, of("read", "write"), options, (line) => said.push(line)))).toEqual([
      "open",
      "read",
      "write",
    ]);
    expect(callsOf(await combine(path, of("read"), of("write"), options, (line) => said.push(line)))).toEqual([
      "open",
      "read",
      "write",
    ]);
  }
  expect(said).toHaveLength(6);
});

test("what broke off is kept beside, more of it is added, and --append takes it in", async () => {
  await writeFile(path, stringifyRecording(of("read")));
  const trouble = new SeccompGenError({ code: "trace-broken", detail: "gone" });
  expect((await keepPartial(path, of("write"), trouble)).todo).toContain(partialPath(path));
  await keepPartial(path, of("open"), trouble);
  expect(callsOf(await knownBefore(path, true))).toEqual(["open", "read", "write"]);
  expect(callsOf(await knownBefore(path, false))).toEqual(["read"]);
  expect(await readFile(partialPath(path), "utf8")).toContain('"ended":"cut"');
});

test.each([
  ["of a newer format", '{"version": 99}'],
  ["damaged", "{"],
])("what broke off before and cannot be read, %s, is put aside, and that is said", async (_, text) => {
  const trouble = new SeccompGenError({ code: "trace-broken", detail: "gone" });
  const asides = [1, 2].map((number) => path.replace(".json", `.partial.unread-${number}.json`));
  for (const aside of asides) {
    await writeFile(partialPath(path), text);
    expect((await keepPartial(path, of("write"), trouble)).todo).toContain(aside);
    expect(callsOf(await knownBefore(path, true))).toEqual(["write"]);
  }
  expect(await Promise.all(asides.map((aside) => readFile(aside, "utf8")))).toEqual([text, text]);
});

test("writers take turns; a lock whose holder died is taken over", async () => {
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(join(path, "..", ".recording.json.lock"), `999999999@${hostname()}`);
  let inside = 0;
  let most = 0;
  await whileLocked(path, async () => {
    most = Math.max(most, (inside += 1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    inside -= 1;
  });
  expect(most).toBe(1);
  expect(await readdir(join(path, ".."))).toEqual([]);
  const failing = whileLocked(path, () => Promise.reject(new Error("x")));
  await expect(failing).rejects.toThrow("x");
  expect(await readdir(join(path, ".."))).toEqual([]);
});
