import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildRecording, createAggregator, stringifyRecording } from "../../src/core/recording/index.ts";
import { createStraceParser, type StraceEvent } from "../../src/strace-parser/index.ts";
import { nativeArch } from "../../src/core/tables/index.ts";

/**
 * The strace of this machine on programs that do the same each time; skipped where there is none.
 */
const version = spawnSync("strace", ["-V"], { encoding: "utf8" }).stdout?.split("\n")[0] ?? "";
const arch = nativeArch(process.arch);
const script =
  'set -e; echo "a) = 0 <unfinished ...>" >/dev/null; (cat /etc/passwd >/dev/null); test ! -e ' +
  "/no/such; ls -l /etc/passwd >/dev/null; kill -0 $$";
const folder = mkdtempSync(join(tmpdir(), "seccomp-gen-strace-"));

function trace(options: readonly string[], program: readonly string[]): string {
  const file = join(folder, "log");
  execFileSync("strace", ["-f", ...options, "-o", file, ...program], {
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

function byName([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return a < b ? -1 : 1;
}

/** How often each call returned. */
function tally(events: readonly StraceEvent[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const event of events)
    if (event.kind === "syscall" && event.result.type !== "none" && event.result.type !== "unfinished")
      counts.set(event.name, (counts.get(event.name) ?? 0) + 1);
  return new Map([...counts].sort(byName));
}

describe.skipIf(!version.includes("strace") || arch === undefined)(`${version} on real programs`, () => {
  const supported = (options: readonly string[]): boolean =>
    spawnSync("strace", [...options, "-o", "/dev/null", "true"]).status === 0;
  const plain = (): ReadonlyMap<string, number> => tally(eventsOf(trace([], ["sh", "-c", script])));

  test.each(
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
  )("$name: every line is understood, and the calls are the same", ({ options }) => {
    if (!supported(options)) return console.warn(`skipped: ${version} has no ${options.join(" ")}`);
    const events = eventsOf(trace(options, ["sh", "-c", script]));
    expect(events.filter(({ kind }) => kind === "unparsed")).toEqual([]);
    const unknown = events.flatMap((event) =>
      event.kind === "syscall"
        ? event.args.filter(({ type }) => type === "unknown").map((arg) => `${event.name}: ${JSON.stringify(arg)}`)
        : [],
    );
    expect(unknown).toEqual([]);
    expect(tally(events)).toEqual(plain());
  });

  test("-z leaves out what failed, and breaks no line", () => {
    const names = tally(eventsOf(trace(["-z"], ["sh", "-c", script])));
    for (const [name, count] of names) expect(count).toBeLessThanOrEqual(plain().get(name) ?? 0);
  });

  test("as many calls as strace -c counts", () => {
    const log = trace([], ["ls", "-lR", "/etc/apt"]);
    const table = trace(["-c"], ["ls", "-lR", "/etc/apt"]);
    const counted = new Map(
      [...table.matchAll(/^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$/gm)]
        .map(([, calls, name = ""]) => [name, Number(calls)] as const)
        .filter(([name]) => name !== "total")
        .sort(byName),
    );
    expect(tally(eventsOf(log))).toEqual(counted);
  });

  test("numbers, names and both give the same recording", () => {
    const [first, ...others] = ["raw", "abbrev", "verbose"].map((style) => {
      const aggregator = createAggregator({ arch: arch ?? "SCMP_ARCH_X86_64" });
      for (const event of eventsOf(trace(["-X", style], ["sh", "-c", script]))) aggregator.add(event);
      return stringifyRecording(
        buildRecording("app", { source: "log", command: [], versions: {}, ended: "exited" }, aggregator.finish()),
      );
    });
    for (const other of others) expect(other).toBe(first);
  });

  test("on standard error, woven with what the program writes there, no call is lost", () => {
    const program = "for n in 1 2 3; do ls /no/such$n; cat /etc/passwd | head -c 3; done; true";
    const { stderr } = spawnSync("strace", ["-f", "sh", "-c", program], {
      encoding: "latin1",
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env["PATH"] },
    });
    const names = [...tally(eventsOf(stderr.endsWith("\n") ? stderr : `${stderr}\n`)).keys()];
    expect(names).toEqual([...tally(eventsOf(trace([], ["sh", "-c", program]))).keys()]);
  });

  test("-ff: one file a thread, together the same calls", () => {
    execFileSync("strace", ["-ff", "-o", join(folder, "ff"), "sh", "-c", script], {
      stdio: "ignore",
      env: { PATH: process.env["PATH"] },
    });
    const files = execFileSync("sh", ["-c", `cat ${folder}/ff.*`], { encoding: "latin1" });
    expect(tally(eventsOf(files))).toEqual(plain());
  });
});
