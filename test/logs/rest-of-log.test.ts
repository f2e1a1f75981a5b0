import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../dist/cli.cjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-rest-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const canPin = spawnSync("taskset", ["-c", "0", "true"]).status === 0;

/** Says on standard error how much the first thread has read, in tenths of a gigabyte. */
const watch =
  'data:text/javascript,if(process.getBuiltinModule("node:worker_threads").isMainThread){const ' +
  'fs=process.getBuiltinModule("node:fs"),{readSync}=fs;let all=0;fs.readSync=(...to)=>{const ' +
  "read=readSync(...to);all+=read;return " +
  'read};process.on("exit",()=>console.error("read",Math.round(all/1e8)))}';

function merge(
  before: readonly string[],
  log: string,
): { readonly recording: string; readonly messages: string; readonly read: number } {
  const [command = "", ...args] = [...before, process.execPath, "--import", watch, cli, "merge", log];
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  const [messages = "", read] = stderr.split(/^read /m);
  return { recording: stdout, messages, read: Number(read) };
}

/** Long enough for two threads: lines of many processes, and some that cannot be read. */
function longLog(end: string): string {
  const log = join(folder, "log");
  const lines = Array.from(
    { length: 3000 },
    (_, pid) =>
      `${pid + 1} execve("/bin/p${pid % 7}", ["p"], 0x1) = 0\n${pid + 1} read(3, "${"x".repeat(4000)}", ` +
      `4096) = 4000\n${pid + 1} clone(child_stack=NULL, flags=SIGCHLD) = ${((pid + 1) % 3000) + 1}\n${pid + 1} ` +
      "+++ exited with 0 +++\n",
  ).join("");
  writeFileSync(log, '1 execve("/bin/a", ["a"], 0x1) = 0\nno line of strace\n');
  while (statSync(log).size < 1.02e9) appendFileSync(log, lines);
  appendFileSync(log, end);
  return log;
}

test.skipIf(!existsSync(cli) || !canPin || availableParallelism() < 2).each([
  ["two threads make the same recording as one", "1 no line of strace either\n4000 getpid() = 4000\n", 5],
  ["a log that two cannot read is read by one", "5 [ Process PID=5 runs in 32 bit mode. ]\n5 getpid() = 5\n", 10],
])("%s", { timeout: 240_000 }, (_, end, read) => {
  const log = longLog(end);
  const [one, two, confined] = [
    merge(["taskset", "-c", "0"], log),
    merge([], log),
    merge(["bash", "-c", 'ulimit -v 12000000; exec "$@"', "-"], log),
  ];
  expect([one.read, two.read, confined.read]).toEqual([10, read, 10]);
  expect(confined.recording).toBe(one.recording);
  expect(two.messages).toBe(one.messages);
  expect(one.messages).toContain(`${log}:2: not read`);
  expect(two.recording).toBe(one.recording);
});
