import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  buildRecording,
  createAggregator,
  parseRecording,
  stringifyRecording,
} from "../../../src/core/recording/index.ts";
import { codeOf, filesBelow, NamedFiles, readInto } from "../../../src/logs/index.ts";

/** A log of real programs on this machine. */
async function logOf(...words: readonly string[]): Promise<Buffer> {
  const log = join(await mkdtemp(join(tmpdir(), "code-")), "log");
  execFileSync("strace", ["-f", "-n", "-X", "verbose", "-o", log, "--", ...words], { stdio: "ignore" });
  return readFile(log);
}

const script = "ls -l / | sort -r | tail -2; id; cat /etc/hostname > /tmp/code-evidence; rm /tmp/code-evidence";
const log = await logOf("/bin/sh", "-c", script);

test("a log names the executables and the objects of each, however it is cut", () => {
  const whole = new NamedFiles();
  whole.push(log);
  const executables = whole.files().map(({ executable }) => executable.split("/").at(-1));
  expect(executables).toEqual(expect.arrayContaining(["sh", "ls", "sort", "tail", "id", "cat", "rm"]));
  const ls = whole.files().find(({ executable }) => executable.endsWith("/ls"));
  expect(ls?.objects.some((path) => path.includes("libselinux"))).toBe(true);
  for (const size of [1, 7, 4096]) {
    const cut = new NamedFiles();
    for (let at = 0; at < log.length; at += size) cut.push(log.subarray(at, at + size));
    expect(cut.files(), `in pieces of ${size}`).toEqual(whole.files());
  }
});

test("every call that real programs made is within what their code can make", async () => {
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64" });
  const files = new NamedFiles();
  await readInto(
    aggregator,
    (async function* () {
      yield log;
    })(),
    "log",
    files,
  );
  const run = { source: "log", command: [], versions: {}, ended: "exited" } as const;
  const { syscalls } = buildRecording("app", run, aggregator.finish());
  const code = await codeOf(files.files(), filesBelow("/"));
  const reachable = Object.keys(code?.calls.SCMP_ARCH_X86_64 ?? {});
  const missed = Object.keys(syscalls.SCMP_ARCH_X86_64 ?? {}).filter((name) => !reachable.includes(name));
  expect(missed).toEqual([]);
  expect(reachable).toContain("getxattr");
});

test("programs that only another day starts are marked as not run", async () => {
  const code = await codeOf([{ executable: "/bin/sh", objects: [] }], filesBelow("/"));
  expect(code?.programs["dash"] ?? code?.programs["sh"]).not.toHaveProperty("ran");
  expect(code?.programs["rm"]).toMatchObject({ ran: false });
  const alone = await codeOf([{ executable: "/bin/true", objects: [] }], filesBelow("/"));
  expect(Object.keys(alone?.programs ?? {})).toEqual(["true"]);
});

test("links of another root lead nowhere out of it, and circles end", async () => {
  const root = await mkdtemp(join(tmpdir(), "code-root-"));
  await mkdir(join(root, "bin"));
  await mkdir(join(root, "etc"));
  await writeFile(join(root, "etc", "passwd"), "its own");
  await symlink("/etc/passwd", join(root, "bin", "absolute"));
  await symlink("../../../../../../etc/passwd", join(root, "bin", "relative"));
  await symlink("circle", join(root, "bin", "circle"));
  execFileSync("mkfifo", [join(root, "bin", "fifo")]);
  const files = filesBelow(root);
  for (const name of ["absolute", "relative"])
    expect(Buffer.from((await files.read(`/bin/${name}`)) ?? []).toString()).toBe("its own");
  expect(await files.read("/bin/circle")).toBeUndefined();
  expect(await files.read("/bin/fifo")).toBeUndefined();
});

test("a script stands for its interpreter", async () => {
  const root = await mkdtemp(join(tmpdir(), "code-root-"));
  await writeFile(join(root, "start.sh"), "#!/bin/dash -e\n");
  await mkdir(join(root, "bin"));
  await writeFile(join(root, "bin", "dash"), await readFile("/bin/dash"));
  const code = await codeOf([{ executable: "/start.sh", objects: [] }], filesBelow(root));
  expect(code?.programs["dash"]?.unread).toContain("libc.so.6: not found");
});

test("names of thousands of letters are cut, and the recording with them is read again", async () => {
  const root = await mkdtemp(join(tmpdir(), "code-names-"));
  const name = `f${"_long".repeat(600)}`;
  await writeFile(
    join(root, "app.c"),
    `__attribute__((noinline)) void ${name}(long nr) { __asm__ volatile("syscall" : : "a"(nr)); }
    __attribute__((noinline)) void ${name}2(void) { __asm__ volatile("syscall" : : "a"(165)); }
    void _start(int count) { ${name}(count); ${name}2(); for (;;); }`,
  );
  execFileSync("gcc", ["-O1", "-static", "-nostdlib", "-ffreestanding", "-o", join(root, "app"), join(root, "app.c")]);
  const code = await codeOf([{ executable: "/app", objects: [] }], filesBelow(root));
  expect(code?.calls.SCMP_ARCH_X86_64?.["mount"]?.function).toHaveLength(200);
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64" });
  const run = { source: "log", command: [], versions: {}, ended: "exited" } as const;
  const recording = { ...buildRecording("app", run, aggregator.finish()), ...(code === undefined ? {} : { code }) };
  expect(parseRecording(stringifyRecording(recording), "r").code).toEqual(code);
});
