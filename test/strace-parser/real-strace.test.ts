import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { buildRecording, createAggregator, stringifyRecording } from "../../src/core/recording/index.ts";
import { argNumber, createStraceParser, type StraceEvent } from "../../src/strace-parser/index.ts";
import { noSelinux, runs } from "../support/machine.ts";
import { nativeArch, symbolValue, syscallNumber } from "../../src/core/tables/index.ts";

/**
 * The machine's own strace, and a newer one beside it (tools/engine/strace.sh), on programs that do the same each time.
 */
const newer = spawnSync("bash", [fileURLToPath(new URL("../../tools/engine/strace.sh", import.meta.url))], {
  encoding: "utf8",
});
const straces = ["strace", newer.stdout.trim()];
const missing = newer.stderr || "strace is not installed";
const nativeHere = nativeArch(process.arch) ?? "SCMP_ARCH_X86_64";
const script =
  'set -e; echo "a) = 0 <unfinished ...>" >/dev/null; (cat /etc/passwd >/dev/null); test ! -e ' +
  "/no/such; ls -l /etc/passwd >/dev/null; kill -0 $$";
const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-strace-"));

function trace(strace: string, options: readonly string[], program: readonly string[]): string {
  const file = join(folder, "log");
  execFileSync(strace, ["-f", ...options, "-o", file, ...program], {
    stdio: "ignore",
    env: { PATH: process.env["PATH"] },
  });
  return readFileSync(file, "latin1");
}

function eventsOf(log: string): readonly StraceEvent[] {
  const parser = createStraceParser();
  const events = [...parser.push(Buffer.from(log, "latin1")), ...parser.end()];
  expect(events.length + parser.counts().continuations).toBe(log.split("\n").length - 1);
  return events;
}

function recordingOf(log: string): string {
  const aggregator = createAggregator({ arch: nativeHere });
  for (const event of eventsOf(log)) aggregator.add(event);
  return stringifyRecording(
    buildRecording("app", { source: "log", command: [], versions: {}, ended: "exited" }, aggregator.finish()),
  );
}

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

function byName([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return a < b ? -1 : 1;
}

/** The number of returns of each call. */
function tally(events: readonly StraceEvent[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const event of events)
    if (event.kind === "syscall" && event.result.type !== "none" && event.result.type !== "unfinished")
      counts.set(event.name, (counts.get(event.name) ?? 0) + 1);
  return new Map([...counts].sort(byName));
}

const supports = (strace: string, options: readonly string[]): boolean =>
  runs(strace, ...options, "-o", "/dev/null", "true");

/** The counts of a strace without any option. The script makes the same calls each time. */
const plain = memoized((strace) => tally(eventsOf(trace(strace, [], ["sh", "-c", script]))));

function memoized<Value>(compute: (key: string) => Value): (key: string) => Value {
  const known = new Map<string, Value>();
  return (key) => {
    const value = known.get(key) ?? compute(key);
    known.set(key, value);
    return value;
  };
}

describe("each option, with each strace that has it", () => {
  test.for(
    [
      ["-t"],
      ["-tt"],
      ["-ttt"],
      ["-r"],
      ["-T"],
      ["-tt", "-r", "-T"],
      ["-n"],
      ["-i"],
      ["-n", "-i", "-tt"],
      ["-k"],
      ["-y"],
      ["-yy"],
      ["-Y"],
      ["-Y", "-n", "-i", "-tt", "-yy"],
      ["-x"],
      ["-xx"],
      ["-s", "0"],
      ["-s", "10000"],
      ["-v"],
      ["-v", "-s", "4096", "-yy"],
      ["-X", "raw"],
      ["-X", "abbrev"],
      ["-X", "verbose"],
      ["-a", "0"],
      ["-a", "120"],
      ["-e", "raw=all"],
      ["-e", "read=all", "-e", "write=all"],
      ["-q"],
      ["-qq"],
      ["--quiet=none"],
      ["--decode-pids=pidns"],
      ["--strings-in-hex=non-ascii-chars"],
      ["--absolute-timestamps=format:unix,precision:ns"],
      ["--relative-timestamps=ns"],
      ["--seccomp-bpf"],
      ["--secontext"],
      ["-C"],
      ["-e", "signal=none"],
      ["-N"],
      ["--color=always"],
      ["--always-show-pid"],
    ].map((options) => ({ name: options.join(" "), options })),
  )("$name: every line is understood, and the calls are the same", ({ options }, { skip }) => {
    const able = straces.filter((strace) => supports(strace, options));
    skip(able.length === 0, options.includes("--secontext") ? noSelinux : missing);
    for (const strace of able) {
      const events = eventsOf(trace(strace, options, ["sh", "-c", script]));
      expect(events.filter(({ kind }) => kind === "unparsed")).toEqual([]);
      const unknown = events.flatMap((event) =>
        event.kind === "syscall"
          ? event.args.filter(({ type }) => type === "unknown").map((arg) => `${event.name}: ${JSON.stringify(arg)}`)
          : [],
      );
      expect(unknown).toEqual([]);
      expect(tally(events)).toEqual(plain(strace));
    }
  });
});

describe.each([
  ["the machine's strace", "strace"],
  ["a newer strace", newer.stdout.trim()],
])("%s", (_, strace) => {
  beforeEach(({ skip }) => skip(!supports(strace, []), missing));

  test("-z leaves out what failed, and breaks no line", () => {
    const events = eventsOf(trace(strace, ["-z"], ["sh", "-c", script]));
    expect(events.filter(({ kind }) => kind === "unparsed")).toEqual([]);
    const counts = tally(events);
    expect(counts.get("execve")).toBe(plain(strace).get("execve"));
    for (const [name, count] of counts) expect(count, name).toBeLessThanOrEqual(plain(strace).get(name) ?? 0);
    const all = (of: ReadonlyMap<string, number>): number => [...of.values()].reduce((sum, count) => sum + count);
    expect(all(counts)).toBeLessThan(all(plain(strace)));
  });

  test("as many calls as strace -c counts", () => {
    const log = trace(strace, [], ["ls", "-lR", "/etc/apt"]);
    const table = trace(strace, ["-c"], ["ls", "-lR", "/etc/apt"]);
    const counted = new Map(
      [...table.matchAll(/^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$/gm)]
        .map(([, calls, name = ""]) => [name, Number(calls)] as const)
        .filter(([name]) => name !== "total")
        .sort(byName),
    );
    expect(counted.size).toBeGreaterThan(5);
    expect(tally(eventsOf(log))).toEqual(counted);
  });

  test("numbers, names and both give the same recording", () => {
    const [first, ...others] = ["raw", "abbrev", "verbose"].map((style) =>
      recordingOf(trace(strace, ["-X", style], ["sh", "-c", script])),
    );
    for (const other of others) expect(other).toBe(first);
  });

  test.each([
    ["futex", 1, "0, OP", [...range(0, 13), ...range(128, 141), ...range(384, 397)]],
    ["madvise", 2, "1, 0, OP", [...range(0, 25), ...range(100, 103)]],
    ["mprotect", 2, "1, 0, OP", range(0, 15)],
    ["fcntl", 1, "-1, OP, 0", [...range(0, 17), ...range(1024, 1045)]],
    ["mount", 3, "0, 0, 0, OP, 0", [0xc0ed0001, 0xc0ed1000]],
    ["io_uring_register", 1, "-1, OP, 0, 0", [2 ** 31, 2 ** 31 + 1]],
  ])("an operation of %s is the number that its name stands for", (call, index, args, operations) => {
    const number = syscallNumber(nativeHere, call);
    const program = operations.map((operation) => `syscall ${number}, ${args.replace("OP", String(operation))}`);
    const log = trace(strace, ["-e", `trace=${call}`], ["perl", "-e", program.join("; ")]);
    const calls = eventsOf(log).filter((event) => event.kind === "syscall");
    const numbers = calls.map((event) => {
      const arg = event.arg(index);
      return arg && argNumber(arg, (symbol) => symbolValue(call, index, symbol));
    });
    // perl makes some itself while it starts
    expect(numbers.slice(-operations.length)).toEqual(operations.map(BigInt));
  });

  test("on standard error, woven with what the program writes there, no call is lost", () => {
    const program = "for n in 1 2 3; do ls /no/such$n; cat /etc/passwd | head -c 3; done; true";
    const { stderr } = spawnSync(strace, ["-f", "sh", "-c", program], {
      encoding: "latin1",
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env["PATH"] },
    });
    const names = [...tally(eventsOf(stderr.endsWith("\n") ? stderr : `${stderr}\n`)).keys()];
    expect(names).toEqual([...tally(eventsOf(trace(strace, [], ["sh", "-c", program]))).keys()]);
  });

  test("-ff: one file a thread, together the same calls", () => {
    const parts = mkdtempSync(join(folder, "ff-"));
    execFileSync(strace, ["-ff", "-o", join(parts, "log"), "sh", "-c", script], {
      stdio: "ignore",
      env: { PATH: process.env["PATH"] },
    });
    const files = execFileSync("sh", ["-c", `cat ${parts}/log.*`], { encoding: "latin1" });
    expect(tally(eventsOf(files))).toEqual(plain(strace));
  });
});
