import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import glob from "fast-glob";
import { afterAll, expect, test } from "vitest";
import { buildRecording, createAggregator, stringifyRecording } from "../../src/aggregator/index.ts";
import type { Aggregator } from "../../src/aggregator/index.ts";
import type { readDigested as ReadDigested } from "../../src/project/digested-log.ts";
import { readInto } from "../../src/project/reading.ts";

/** A thread is started from a file of its own, so from what was built. */
const { readDigested }: { readDigested: typeof ReadDigested } = await import(new URL("../../dist/project/digested-log.js", import.meta.url).href);

const corpus = fileURLToPath(new URL("../corpus/strace/", import.meta.url));
const logs = glob.sync("*.txt", { cwd: corpus }).sort().map((file) => readFileSync(corpus + file, "utf8").split("\n=== log ===\n")[1]?.split("\n=== events ===\n")[0] ?? "");
const lines = logs.flatMap((log) => log.replaceAll("␛", "\u001b").replaceAll("␀", "\0").replaceAll("␍", "\r").split("\n"));

const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-digested-"));
const file = join(folder, "log");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Everything that a log told, and what was said of it. */
async function toldBy(read: (aggregator: Aggregator) => Promise<unknown>): Promise<string> {
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64" });
  await read(aggregator);
  const counts = aggregator.counts();
  const { cut, ...aggregate } = aggregator.finish();
  return JSON.stringify([counts, cut, stringifyRecording(buildRecording("app", { source: "log", command: [], versions: {}, ended: "exited" }, { ...aggregate, cut }))]);
}

/** In pieces so small that lines, and halves of calls, stand in several; the first of them are read before the other thread is there. */
async function expectSame(log: Buffer, slotBytes: number, mostAlone: number): Promise<void> {
  writeFileSync(file, log);
  const alone = await toldBy((aggregator) => readInto(aggregator, (async function* () { yield log; })(), "log"));
  const together = await toldBy(async (aggregator) => expect(await readDigested(aggregator, file, "log", () => undefined, { leastBytes: 1, slotBytes, mostAlone })).toBe(true));
  expect(together).toBe(alone);
}

test("two threads read the same from a log as one, wherever its pieces begin", { timeout: 120_000 }, () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...lines) }, { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 600 }) }), { minLength: 1, maxLength: 400 }), fc.integer({ min: 64, max: 5_000 }), fc.nat(8_000), (parts, slotBytes, mostAlone) =>
      expectSame(Buffer.from(`${parts.join("\n")}${slotBytes % 2 === 0 ? "\n" : ""}`, "latin1"), slotBytes - (slotBytes % 4), mostAlone),
    ),
    { numRuns: Number(process.env["SECCOMP_GEN_RUNS"] ?? 20) },
  ));

test("a log of some megabytes, as it is read", { timeout: 60_000 }, () => expectSame(Buffer.from(Array.from({ length: 40 }, () => lines.join("\n")).join("\n"), "latin1"), 1 << 20, 1 << 20));

test("the command line reads a long log so, and says the same of it as of a short one", { timeout: 120_000 }, () => {
  const line = '7 openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3\n7 socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0) = 4\n';
  const profileOf = (times: number): string => {
    writeFileSync(file, line.repeat(times));
    const { status, stdout, stderr } = spawnSync("node", [fileURLToPath(new URL("../../dist/cli.cjs", import.meta.url)), "generate", file], { encoding: "utf8", timeout: 60_000 });
    expect(status, stderr).toBe(0);
    return stdout;
  };
  expect(profileOf(400_000)).toBe(profileOf(1));
});

test("what is short, packed or no file is left to one thread", async () => {
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64" });
  writeFileSync(file, "7 getpid() = 7\n");
  expect(await readDigested(aggregator, file, "log", () => undefined)).toBe(false);
  writeFileSync(file, Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(100)]));
  expect(await readDigested(aggregator, file, "log", () => undefined, { leastBytes: 1, slotBytes: 64, mostAlone: 0 })).toBe(false);
  expect(await readDigested(aggregator, "-", "standard input", () => undefined, { leastBytes: 1, slotBytes: 64, mostAlone: 0 })).toBe(false);
});
