import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAggregator, type Aggregate, type Counts } from "../../../src/core/recording/index.ts";
import { readInto, readMidway, type Elsewhere } from "../../../src/logs/reading.ts";
import { anyLog, busyLog } from "../../support/logs.ts";

const arch = "SCMP_ARCH_X86_64";

interface Read {
  readonly counts: Pick<Counts, "calls" | "distinct" | "unparsed" | "unparsedTotal">;
  readonly aggregate: Aggregate;
}

async function inOneGo(log: Buffer): Promise<Read> {
  const aggregator = createAggregator({ arch });
  await readInto(aggregator, chunksOf(log), "log");
  return read(aggregator);
}

/** As two threads would read it; undefined: they would find that it has to be read in one go. */
async function inTwo(log: Buffer, from: number): Promise<Read | undefined> {
  const aggregator = createAggregator({ arch });
  let isDivided = true;
  const rest: Elsewhere = {
    read: async () => structuredClone(await readMidway(() => chunksOf(log.subarray(from)), "log", arch)),
    chunks() {
      isDivided = false;
      return chunksOf(log.subarray(from));
    },
  };
  return (await readInto(aggregator, chunksOf(log.subarray(0, from)), "log", rest)) && isDivided
    ? read(aggregator)
    : undefined;
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function read(aggregator: ReturnType<typeof createAggregator>): Read {
  const { calls, distinct, unparsed, unparsedTotal } = aggregator.counts();
  return { counts: { calls, distinct, unparsed, unparsedTotal }, aggregate: aggregator.finish() };
}

/** Where lines begin, but for the first. */
function seams(log: Buffer): readonly number[] {
  return [...log.toString("latin1").matchAll(/\n(?!$)/g)].map(({ index }) => index + 1);
}

/** Few cases on every run; `npm run test:fuzz` takes SECCOMP_GEN_RUNS of them. */
const runs = { numRuns: Number(process.env["SECCOMP_GEN_RUNS"] ?? 500) };

test(
  "any log gives the same recording wherever it is divided, or is found to be not divisible there",
  { timeout: Math.max(20_000, runs.numRuns * 100) },
  () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(anyLog, busyLog), { minLength: 1, maxLength: 3 }),
        fc.nat(),
        async (logs, place) => {
          const log = Buffer.concat(logs);
          const places = seams(log);
          const from = places[place % places.length];
          const both = from === undefined ? undefined : await inTwo(log, from);
          if (both !== undefined) expect(both).toEqual(await inOneGo(log));
        },
      ),
      runs,
    ),
);

const begun = '7 execve("/bin/a", ["a"], 0x1) = 0\n8 execve("/bin/b", ["b"], 0x1) = 0\n';

/** A line for each number from the first on. */
function each(first: number, many: number, line: (number: number) => string): string {
  return Array.from({ length: many }, (_, index) => line(first + index)).join("");
}

/** First halves of so many threads, of which this is the first. */
function opened(first: number, threads: number): string {
  return each(first, threads, (pid) => `${pid} socket(AF_UNIX, <unfinished ...>\n`);
}

describe("what one half knows and the other needs", () => {
  test.each([
    ["the program of a thread", "", "7 getpid() = 7\n"],
    [
      "a call that the seam divides",
      '7 read(3, "", <unfinished ...>\n',
      "8 getpid() = 8\n7 <... read resumed>4) = 0\n7 close(3) = 0\n",
    ],
    ["a call that is never resumed", "7 pause( <unfinished ...>\n", "8 getpid() = 8\n"],
    ["a call that a signal ends", "7 pause( <unfinished ...>\n", "7 +++ killed by SIGKILL +++\n8 getpid() = 8\n"],
    [
      "a filter that kills",
      "7 reboot(0x1) = 169\n",
      "7 --- SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP} ---\n7 +++ killed by SIGSYS (core dumped) " +
        "+++\n8 getpid() = 8\n",
    ],
    [
      "a filter that traps while a call is divided",
      "7 reboot(0x1) = 169\n7 read(3, <unfinished ...>\n",
      '7 --- SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP} ---\n7 <... read resumed>"", 9) = 0\n7 ' + "getpid() = 7\n",
    ],
    [
      "a filter that kills, told after the first half of another call",
      "7 reboot(0x1) = 169\n",
      "7 getpid( <unfinished ...>\n7 --- SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP} ---\n7 +++ " +
        "killed by SIGSYS (core dumped) +++\n",
    ],
    ["that a call was carried out, since its thread goes on", "7 reboot(0x1) = 169\n", "7 getpid() = 7\n"],
    [
      "a child that is there before the call that makes it returns",
      "7 clone( <unfinished ...>\n9 getppid() = 7\n",
      "9 close(3) = 0\n7 <... clone resumed>child_stack=NULL, flags=SIGCHLD) = 9\n9 close(4) = 0\n",
    ],
    [
      "a child that is there on both sides before the call that makes it",
      "9 getppid() = 7\n",
      "9 close(3) = 0\n7 clone(child_stack=NULL, flags=SIGCHLD) = 9\n9 close(4) = 0\n",
    ],
    [
      "a child that executes a program, and ends, before its maker is known",
      "7 vfork( <unfinished ...>\n",
      '9 getppid() = 7\n9 execve("/bin/c", ["c"], 0x1) = 0\n9 close(3) = 0\n7 <... vfork resumed>) = ' +
        "9\n9 +++ exited with 0 +++\n",
    ],
    [
      "who made it, of a child that has made its last call",
      "9 getppid() = 7\n",
      "7 clone(child_stack=NULL, flags=SIGCHLD) = 9\n9 +++ exited with 0 +++\n",
    ],
    [
      "who made it, of a child of a child",
      "",
      "7 clone(child_stack=NULL, flags=SIGCHLD) = 9\n9 clone(child_stack=NULL, flags=SIGCHLD) = 10\n10 " +
        "getpid() = 10\n",
    ],
    [
      "a thread of which nothing is known, and its children",
      "5 getpid() = 5\n",
      '5 clone(child_stack=NULL, flags=SIGCHLD) = 6\n6 close(3) = 0\n6 execve("/bin/c", ["c"], 0x1) = ' +
        "0\n6 close(3) = 0\n5 close(3) = 0\n",
    ],
    [
      "a thread that nothing is known of but what it executes later",
      "5 close(3) = 0\n",
      '5 close(3) = 0\n5 execve("/bin/c", ["c"], 0x1) = 0\n',
    ],
    [
      "values of arguments",
      "7 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3\n",
      "7 socket(AF_UNIX, SOCK_STREAM, 0) = 3\n8 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3\n",
    ],
    [
      "more values than are told apart",
      each(0x100, 40, (request) => `7 ioctl(3, ${request}) = 0\n`),
      each(0x200, 40, (request) => `7 ioctl(3, ${request}) = 0\n`),
    ],
    [
      "that many threads run one program",
      each(100, 1500, (pid) => `7 clone(child_stack=0x1, flags=CLONE_VM|CLONE_THREAD) = ${pid}\n`),
      each(100, 1500, (pid) => `${pid} close(3) = 0\n`),
    ],
    ["lines that cannot be read", "garbage\n".repeat(4), `7 getpid() = 7\n${"7 garbage\n".repeat(9)}`],
    [
      "a log without pids",
      "",
      'getpid() = 7\nread(3, "", 9) = 0\n--- SIGCHLD {si_signo=SIGCHLD} ---\n+++ exited with 0 +++\n',
    ],
  ])("%s", async (_, beginning, rest) => {
    const before = Buffer.from(rest.startsWith("getpid") ? 'execve("/bin/a", ["a"], 0x1) = 0\n' : begun + beginning);
    const log = Buffer.concat([before, Buffer.from(rest)]);
    expect(await inTwo(log, before.length)).toEqual(await inOneGo(log));
  });

  test.each([
    [
      "a child that had ended before the call that made it returned",
      "7 clone( <unfinished ...>\n",
      "9 close(3) = 0\n9 +++ exited with 0 +++\n7 <... clone resumed>child_stack=NULL, flags=SIGCHLD) " + "= 9\n",
    ],
    [
      "a call that cannot be told, and ends after a line that cannot be read",
      "7 ???( <unfinished ...>\n",
      "8 getpid() = 8\n8 garbage\n7 <... ??? resumed>) = 0\n",
    ],
    ["an id that is given again without a word", "", "7 clone(child_stack=NULL, flags=SIGCHLD) = 8\n8 getpid() = 8\n"],
    [
      "a thread that is made by one which it made",
      "5 clone(child_stack=NULL, flags=SIGCHLD) = 6\n",
      '6 clone(child_stack=NULL, flags=SIGCHLD) = 5\n5 execve("/bin/c", ["c"], 0x1) = 0\n',
    ],
    [
      "threads that are made by what each other made",
      "3 close(3) = 0\n4 close(4) = 0\n3 clone(child_stack=NULL, flags=SIGCHLD) = 5\n4 " +
        "clone(child_stack=NULL, flags=SIGCHLD) = 6\n",
      "6 clone(child_stack=NULL, flags=SIGCHLD) = 3\n5 clone(child_stack=NULL, flags=SIGCHLD) = 4\n4 " +
        'execve("/bin/c", ["c"], 0x1) = 0\n',
    ],
    [
      "a thread that had executed a program, and is made by one which it makes",
      '5 getppid() = 4\n5 execve("/bin/c", ["c"], 0x1) = 0\n',
      "5 clone(child_stack=NULL, flags=SIGCHLD) = 6\n6 clone(child_stack=NULL, flags=SIGCHLD) = 5\n5 " +
        'execve("/bin/d", ["d"], 0x1) = 0\n',
    ],
    ["another mode", "7 [ Process PID=7 runs in 32 bit mode. ]\n", "7 getpid() = 7\n"],
    ["another mode from now on", "", "7 getpid() = 7\n7 [ Process PID=7 runs in 32 bit mode. ]\n"],
    [
      "a thread that takes over its leader's id",
      '7 pause( <unfinished ...>\n9 execve("/bin/c", ["c"], 0x1 <unfinished ...>\n',
      "7 +++ superseded by execve in pid 9 +++\n7 <... execve resumed>) = 0\n",
    ],
    ["a call that another's words stand in", "7 read(3, strace: Process 9 attached\n", '"", 9) = 0\n7 getpid() = 7\n'],
    ["a thread's call after one that it is still inside of", "7 pause( <unfinished ...>\n", "7 getpid() = 7\n"],
    [
      "a call that cannot be told, after a line that cannot be read",
      "",
      "7 ???( <unfinished ...>\n7 garbage\n7 <... ??? resumed>) = 0\n",
    ],
    [
      "more threads than are followed, and their last calls",
      each(1000, 60_000, (pid) => `${pid} getpid() = 1\n`),
      each(100_000, 60_000, (pid) => `${pid} getpid() = 1\n`),
    ],
    ["a thread whose id no thread can have", "", "7 clone(child_stack=NULL, flags=SIGCHLD) = 4294967303\n"],
    ["a summary", "", "7 getpid() = 7\n% time     seconds  usecs/call     calls    errors syscall\n"],
    ["a name of a thread that nothing is known of", "", "7<a> getpid() = 7\n"],
    ["a line that strace did not end", "8 read(3, <unfinished ...>\n", '7 getpid() = 7\n8 <... read resumed>"'],
    ["the middle of a line", "7 getpid() = ", "7\n8 getpid() = 8\n"],
    [
      "a call that another's words stand in, and a program's after them",
      "7 read(3, strace: Process 9 attached\n",
      "getpid() = 7\n",
    ],
    [
      "a line of strace after a program's words",
      "[pid 7] pause( <unfinished ...>\n",
      "getpid() = 7\nof a program [pid 7] getpid() = 7\n",
    ],
    [
      "a call that began before there was a column of pids",
      "read(3, <unfinished ...>\n",
      '[pid 7] getpid() = 7\n[pid 7] <... read resumed>"", 9) = 0\n',
    ],
    [
      "a second half without a pid, when more calls are open than before",
      "[pid 8] read(3, <unfinished ...>\n",
      '[pid 7] pause( <unfinished ...>\n<... read resumed>"", 9) = 0\n',
    ],
    [
      "a thread's call after a signal in one that it is still inside of",
      "7 pause( <unfinished ...>\n",
      "7 --- SIGCHLD {si_signo=SIGCHLD} ---\n7 getpid() = 7\n",
    ],
    [
      "a line that would belong to a summary",
      "% time     seconds  usecs/call     calls    errors syscall\n",
      "7 getpid() = 7\n7 garbage\n",
    ],
    ["a line that would belong to a tip", `  ${"_".repeat(40)}       ____\n`, "7 getpid() = 7\n7 garbage\n"],
    ["a tip", "7 getpid() = 7\n", `7 getpid() = 7\n  ${"_".repeat(40)}       ____\n7 garbage\n`],
    [
      "more open calls than are kept, most of them before",
      opened(1, 40_000),
      `${opened(100_001, 30_000)}1 <... socket resumed>SOCK_STREAM, 0) = 3\n`,
    ],
    [
      "more open calls than are kept, most of them after",
      opened(1, 32_768),
      `${opened(100_001, 32_769)}1 <... socket resumed>SOCK_STREAM, 0) = 3\n`,
    ],
    [
      "more results than are told apart",
      each(1, 600, (index) => `7 close(3) = -1 E${index} (?)\n`),
      each(601, 600, (index) => `7 close(3) = -1 E${index} (?)\n`),
    ],
    [
      "more programs than are told apart",
      each(1, 600, (index) => `7 execve("/bin/p${index}", [], 0x1) = 0\n`),
      each(601, 600, (index) => `7 execve("/bin/p${index}", [], 0x1) = 0\n`),
    ],
    [
      "more names than there are calls",
      each(1, 2500, (index) => `7 c${index}() = 0\n`),
      each(2501, 2500, (index) => `7 c${index}() = 0\n`),
    ],
    [
      "more last calls than are kept",
      `1<a> reboot(0x1) = 169\n${each(11, 60_000, (pid) => `${pid}<a> getpid() = 7\n`)}`,
      `${each(100_001, 50_000, (pid) => `${pid} getpid() = 7\n`)}1 --- SIGSYS {si_signo=SIGSYS} ---\n`,
    ],
    [
      "more threads than are followed",
      each(1, 60_000, (pid) => `${pid} getpid() = 7 (INJECTED)\n`),
      `${each(100_001, 50_000, (pid) => `${pid} getpid() = 7 (INJECTED)\n`)}1 execve("/bin/c", [], ` + "0x1) = 0\n",
    ],
    [
      "longer open calls than are kept",
      `7 write(3, "${"x".repeat(9e6)}" <unfinished ...>\n8 write(3, "${"x".repeat(9e6)}" <unfinished ` + "...>\n",
      `9 write(3, "${"x".repeat(155e5)}" <unfinished ...>\n7 <... write resumed>, 9000000) = 9000000\n`,
    ],
  ])("not divisible: %s", async (_, beginning, rest) => {
    const log = Buffer.from(begun + beginning + rest, "latin1");
    expect(await inTwo(log, begun.length + beginning.length)).toBeUndefined();
  });

  test("not divisible: more programs than are told apart, all of them after", async () => {
    const beginning = "7 close(3) = 0\n";
    const rest = `7 getpid() = 7\n7 execve("/bin/a", [], 0x1) = 0\n7 +++ exited with 0 +++\n${each(1, 1005, (index) => `8 execve("/bin/p${index}", [], 0x1) = 0\n8 getpid() = 8\n`)}`;
    expect(await inTwo(Buffer.from(beginning + rest), beginning.length)).toBeUndefined();
  });
});

const hasStrace = spawnSync("strace", ["-V"]).status === 0;

test.skipIf(!hasStrace)("a real log of many processes can be divided nearly everywhere", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "seccomp-gen-rest-")), "log");
  const script =
    "for turn in 1 2 3 4 5 6; do (echo $turn | cat; sleep 0.01 & wait); (kill -9 $BASHPID); ls " +
    "/proc/self | head -1; done";
  execFileSync("strace", ["-f", "-o", file, "bash", "-c", script], { stdio: "ignore" });
  const log = readFileSync(file);
  const whole = await inOneGo(log);
  const places = seams(log).filter((_, index) => index % 29 === 1);
  const divided = (await Promise.all(places.map((from) => inTwo(log, from)))).filter((both) => both !== undefined);
  for (const both of divided) expect(both).toEqual(whole);
  expect(divided.length).toBeGreaterThan(0.95 * places.length);
});
