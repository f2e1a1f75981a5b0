import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  buildRecording,
  createAggregator,
  mergeRecordings,
  parseRecording,
  stringifyRecording,
  type LogContext,
  type Recording,
  type Run,
} from "../../../src/core/recording/index.ts";
import { parseStraceSync } from "../../../src/strace-parser/index.ts";

const run: Run = { source: "log", command: [], versions: { strace: "6.1" }, ended: "exited" };

function recordingOf(log: string, life?: LogContext["life"]): Recording {
  const aggregator = createAggregator({ arch: "SCMP_ARCH_X86_64", ...(life === undefined ? {} : { life }) });
  for (const event of parseStraceSync(log)) aggregator.add(event);
  return buildRecording("app", run, aggregator.finish());
}

const calls = (log: string): Recording["syscalls"]["SCMP_ARCH_X86_64"] => recordingOf(log).syscalls.SCMP_ARCH_X86_64;

describe("a log becomes a recording", () => {
  test("counts only by order of magnitude, results by name", () => {
    const log =
      `${'7 read(3, "x", 1) = 1\n'.repeat(99)}7 read(3, 0x1, 1) = -1 EAGAIN (Resource temporarily ` + "unavailable)\n";
    expect(calls(log)?.["read"]).toEqual({ calls: 100, results: ["EAGAIN", "ok"], processes: ["?"] });
  });

  test("where a signal met a call is no result of it, so that the same run gives the same recording", () => {
    const [waited, restarted] = [
      "7 wait4(-1, 0x1, 0, NULL) = 8\n",
      "7 wait4(-1, 0x1, 0, NULL) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)\n",
    ];
    expect(calls(restarted + waited)).toEqual(calls(waited));
    expect(calls(restarted)?.["wait4"]?.results).toEqual(["?"]);
    expect(mergeRecordings(recordingOf(restarted), recordingOf(waited)).syscalls).toEqual(recordingOf(waited).syscalls);
  });

  test("calls made before the fork returned belong to the program that forked", () => {
    const log = [
      '7 execve("/bin/sh", ["sh"], 0x1 /* 0 vars */) = 0',
      "8 getpid() = 8",
      "7 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 8",
      '8 execve("/usr/bin/ls", ["ls"], 0x1) = 0',
      "8 getuid() = 0",
    ].join("\n");
    expect(calls(log)?.["getpid"]?.processes).toEqual(["sh"]);
    expect(calls(log)?.["getuid"]?.processes).toEqual(["ls"]);
    expect(calls(log)?.["clone"]?.args).toEqual({ indices: [0], values: [[0x1000011n]] });
  });

  test("a call that a filter killed or trapped was no success, though strace prints its number as result", () => {
    expect(calls("7 getuid() = 102\n7 +++ killed by SIGSYS +++\n")?.["getuid"]?.results).toEqual(["SIGSYS"]);
    expect(
      calls("7 getpgrp() = 111\n7 --- SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP} ---\n7 getpgrp() = 7\n")?.[
        "getpgrp"
      ]?.results,
    ).toEqual(["SIGSYS", "ok"]);
  });

  test("symbols, numbers and both together are the same value", () => {
    for (const args of ["AF_UNIX, SOCK_STREAM, 0", "0x1 /* AF_UNIX */, 0x1 /* SOCK_STREAM */, 0", "1, 1, 0"]) {
      expect(calls(`7 socket(${args}) = 3`)?.["socket"]?.args).toEqual({ indices: [0, 1, 2], values: [[1n, 1n, 0n]] });
    }
  });

  test("a value that cannot be read is kept as such, beside those that can", () => {
    const log = "7 socket(AF_UNHEARD_OF, SOCK_STREAM, 0) = 3\n7 socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) = 4";
    const recording = recordingOf(log);
    expect(recording.syscalls.SCMP_ARCH_X86_64?.["socket"]?.args?.values).toEqual([
      [17n, 3n, null],
      [null, 1n, 0n],
    ]);
    expect(parseRecording(stringifyRecording(recording), "x")).toEqual(recording);
  });

  test("arguments are those of the program that made the call so, also where it was not known yet", () => {
    const log = [
      '7 execve("/bin/sh", ["sh"], 0x1 /* 0 vars */) = 0',
      "7 socket(AF_UNIX, SOCK_STREAM, 0) = 3",
      "8 socket(AF_INET, SOCK_STREAM, 0) = 3",
      "7 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 8",
      '8 execve("/usr/bin/perl", ["perl"], 0x1) = 0',
      "8 socket(AF_UNIX, SOCK_STREAM, 0) = 3",
      "8 socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) = 4",
      "8 socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) = 5",
    ].join("\n");
    const recording = recordingOf(log);
    expect(recording.syscalls.SCMP_ARCH_X86_64?.["socket"]).toMatchObject({
      processes: ["perl", "sh"],
      args: {
        values: [
          [1n, 1n, 0n],
          [2n, 1n, 0n],
          [17n, 3n, null],
        ],
        by: [["perl", "sh"], ["sh"], ["perl"]],
      },
    });
    expect(recording.syscalls.SCMP_ARCH_X86_64?.["clone"]?.args).not.toHaveProperty("by");
    expect(parseRecording(stringifyRecording(recording), "x")).toEqual(recording);
  });

  test("two recordings of a program each say who made what together; of an older one nobody knows", () => {
    const of = (program: string, family: string): Recording =>
      recordingOf(`7 execve("/bin/${program}", [], 0x1) = 0\n7 socket(${family}, SOCK_STREAM, 0) = 3`);
    const both = mergeRecordings(of("a", "AF_UNIX"), of("b", "AF_INET"));
    expect(both.syscalls.SCMP_ARCH_X86_64?.["socket"]?.args?.by).toEqual([["a"], ["b"]]);
    const older = parseRecording(stringifyRecording(both).replace(/, "by": \[\[.*?\]\]/, ""), "older");
    expect(older.syscalls.SCMP_ARCH_X86_64?.["socket"]?.args).not.toHaveProperty("by");
    const later = mergeRecordings(older, of("c", "AF_INET6")).syscalls.SCMP_ARCH_X86_64?.["socket"]?.args;
    expect(later?.by).toEqual([[], [], ["c"]]);
  });

  test("calls that differ in their third argument alone are told apart", () => {
    const log = ["0", "IPPROTO_SCTP", "0"].map((protocol) => `7 socket(AF_INET, SOCK_STREAM, ${protocol}) = 3`);
    expect(recordingOf(log.join("\n")).syscalls.SCMP_ARCH_X86_64?.["socket"]?.args?.values).toEqual([
      [2n, 1n, 0n],
      [2n, 1n, 132n],
    ]);
  });

  test("an older recording's arguments are merged, and what it does not hold could not be read", () => {
    const newer = recordingOf("7 socket(AF_INET, SOCK_STREAM, 0) = 3\n7 recvfrom(3, 0x1, 9, MSG_PEEK, NULL, NULL) = 9");
    const { socket, recvfrom, ...rest } = newer.syscalls.SCMP_ARCH_X86_64 ?? {};
    if (socket === undefined || recvfrom === undefined) throw new Error("not recorded");
    const { args: _, ...withoutArgs } = recvfrom;
    const older: Recording = {
      ...newer,
      syscalls: {
        SCMP_ARCH_X86_64: {
          ...rest,
          recvfrom: withoutArgs,
          socket: { ...socket, args: { indices: [0, 2], values: [[2n, 0n]] } },
        },
      },
    };
    for (const merged of [mergeRecordings(older, newer), mergeRecordings(newer, older)]) {
      expect(merged.syscalls.SCMP_ARCH_X86_64?.["socket"]?.args).toEqual({
        indices: [0, 1, 2],
        values: [
          [2n, 1n, 0n],
          [2n, null, 0n],
        ],
      });
      expect(merged.syscalls.SCMP_ARCH_X86_64?.["recvfrom"]?.args?.values).toEqual([[2n], [null]]);
      expect(mergeRecordings(merged, older)).toEqual(merged);
    }
  });

  test("more values than can be told apart are many", () => {
    const log = Array.from({ length: 100 }, (_, request) => `7 ioctl(3, ${0x5401 + request}, 0x7ffd) = 0`).join("\n");
    expect(calls(log)?.["ioctl"]?.args?.values).toBe("many");
  });

  test("calls in 32-bit mode stand under their own architecture", () => {
    const log = ["7 [ Process PID=7 runs in 32 bit mode. ]", "[ Process PID=7 runs in 32 bit mode. ]", "getpid() = 7"]
      .slice(1)
      .join("\n");
    expect(Object.keys(recordingOf(log).syscalls)).toContain("SCMP_ARCH_X86");
  });

  test("nothing of strings, paths or environment is kept", () => {
    const text = stringifyRecording(
      recordingOf(
        '7 execve("/secret/dir/app", ["app", "hunter2"], ["PW=hunter2"]) = 0\n7 write(1, "hunter2", 7) = ' +
          '7\n7 prctl(PR_SET_NAME, "hunter2") = 0\n',
      ),
    );
    expect(text).not.toMatch(/hunter2|secret/);
  });
});

describe("phases", () => {
  const service = [
    '1 execve("/app", ["app"], 0x1) = 0',
    "1 accept4(3, NULL, NULL, SOCK_CLOEXEC) = -1 EAGAIN (Resource temporarily unavailable)",
    "1 clone(child_stack=NULL, flags=SIGCHLD) = 8",
    "1 accept4(3, NULL, NULL, SOCK_CLOEXEC) = 4",
    '8 read(4, "x", 1) = 1',
    "8 pause( <unfinished ...>",
    "8 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=1, si_uid=0} ---",
    '8 write(4, "x", 1) = 1',
    "1 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=0, si_uid=0} ---",
    '8 read(4, "x", 1) = 1',
    "8 <... pause resumed>) = ? ERESTARTNOHAND (To be restarted if no handler)",
    '1 unlink("/run/app.pid") = 0',
  ];
  const first = (lines: readonly string[], life?: LogContext["life"]): unknown =>
    Object.fromEntries(
      Object.entries(recordingOf(lines.join("\n"), life).syscalls.SCMP_ARCH_X86_64 ?? {}).map(([name, record]) => [
        name,
        record.first,
      ]),
    );

  test("a service starts until it takes a connection, serves until its first process is told to stop", () => {
    expect(first(service, { stopSignal: "SIGTERM" })).toEqual({
      execve: "start",
      accept4: "start",
      clone: "start",
      read: "serve",
      pause: "serve",
      write: "serve",
      unlink: "stop",
    });
    expect(first(service, { stopSignal: "SIGQUIT" })).toMatchObject({ read: "serve", unlink: "serve" });
  });

  test("a program that takes no connection and is not stopped has none, neither has a log made elsewhere", () => {
    expect(first(service.slice(0, 3), { stopSignal: "SIGTERM" })).toEqual({
      execve: undefined,
      accept4: undefined,
      clone: undefined,
    });
    expect(first(service)).toMatchObject({ execve: undefined, read: undefined });
  });

  test("a process started beside the workload belongs to one phase", () => {
    expect(first(service.slice(0, 1), { within: "serve" })).toEqual({ execve: "serve" });
  });

  test("merge to the earliest; an unknown one says nothing", () => {
    const merged = mergeRecordings(
      recordingOf(service.join("\n"), { stopSignal: "SIGTERM" }),
      recordingOf('1 unlink("x") = 0\n1 read(0, "", 1) = 0\n1 accept(3, NULL, NULL) = 4\n1 chown("x", 1, 1) ' + "= 0", {
        stopSignal: "SIGTERM",
      }),
    );
    expect(
      Object.entries(
        mergeRecordings(merged, recordingOf('1 chown("x", 1, 1) = 0\n1 chmod("x", 1) = 0')).syscalls.SCMP_ARCH_X86_64 ??
          {},
      ).map(([name, record]) => `${name} ${record.first ?? "-"}`),
    ).toEqual([
      "accept start",
      "accept4 start",
      "chmod -",
      "chown serve",
      "clone start",
      "execve start",
      "pause serve",
      "read start",
      "unlink start",
      "write serve",
    ]);
  });
});

describe("the file", () => {
  test("reads back as written, 64-bit values too", () => {
    const recording = recordingOf("7 personality(0xffffffffffffffff) = 0\n7 socket(AF_INET, SOCK_STREAM, 0) = 3\n");
    expect(parseRecording(stringifyRecording(recording), "x")).toEqual(recording);
  });

  test.each(["1e1", "18446744073709551616", "-1", "1.0"])(
    "with %s for an argument is refused with its place",
    (value) => {
      const text =
        '{"version":1,"name":"x","runs":[{"source":"log","command":[],"versions":{},"ended":"exited"}],' +
        '"syscalls":{"SCMP_ARCH_X86_64":{"personality":{"calls":1,"results":["ok"],"processes":["a"],' +
        `"args":{"indices":[0],"values":[[${value}]]}}}}}`;
      expect(() => parseRecording(text, "r.json")).toThrow(/r\.json.*SCMP_ARCH_X86_64\/personality\/args\/values/);
    },
  );
  test("of a newer format is refused by name", () => {
    expect(() => parseRecording('{"version": 99}', "traces/x/recording.json")).toThrow(
      /traces\/x\/recording.json has format version 99/,
    );
  });

  test.each([
    ["[]"],
    ["null"],
    ['{"version":1}'],
    ['{"version":1,"name":"a","runs":[],"syscalls":{"SCMP_ARCH_X":{}}}'],
    [
      '{"version":1,"name":"a","runs":[],' +
        '"syscalls":{"SCMP_ARCH_X86_64":{"read":{"calls":-1,"results":[],"processes":[]}}}}',
    ],
    ["{"],
  ])("is refused: %s", (text) => {
    expect(() => parseRecording(text, "x")).toThrow(/is not a recording/);
  });

  test("a name like __proto__ is a name", () => {
    const text =
      '{"version":1,"name":"a","runs":[],"syscalls":{"SCMP_ARCH_X86_64":' +
      '{"__proto__":{"calls":1,"results":["ok"],"processes":["x"]}}}}';
    const outcome = (() => {
      try {
        return stringifyRecording(parseRecording(text, "x"));
      } catch (error) {
        return String(error);
      }
    })();
    expect(outcome).toMatch(/__proto__|not a recording/);
    expect(({} as { calls?: number }).calls).toBeUndefined();
  });
});

const line = fc.tuple(
  fc.constantFrom("7", "8"),
  fc.oneof(
    fc.constantFrom(
      "getpid() = 7",
      "brk(NULL) = 0x1",
      'openat(AT_FDCWD, "x", O_RDONLY) = -1 ENOENT (No such file or directory)',
      'execve("/bin/a", [], 0x1) = 0',
      'execve("/bin/b", [], 0x1) = 0',
      "exit_group(0) = ?",
      "getuid( <unfinished ...>",
    ),
    fc.constantFrom("accept(3, NULL, NULL) = 4", "--- SIGTERM {si_signo=SIGTERM} ---", 'write(1, "x", 1) = 1'),
    fc.nat(20).map((family) => `socket(${family}, SOCK_STREAM, 0) = 3`),
    fc.nat(200).map((request) => `ioctl(3, ${request}, 0x1) = 0`),
  ),
);
const lives = fc.constantFrom<LogContext["life"]>(undefined, { stopSignal: "SIGTERM" }, { within: "serve" });
const recordings = fc
  .tuple(fc.array(line, { maxLength: 60 }), lives)
  .map(([lines, life]) => recordingOf(lines.map(([pid, call]) => `${pid} ${call}`).join("\n"), life));
const bytes = stringifyRecording;

describe("merge", () => {
  test("of one with itself changes nothing", () =>
    fc.assert(fc.property(recordings, (a) => void expect(bytes(mergeRecordings(a, a))).toBe(bytes(a)))));
  test("does not care about order", () =>
    fc.assert(
      fc.property(
        recordings,
        recordings,
        (a, b) => void expect(bytes(mergeRecordings(a, b))).toBe(bytes(mergeRecordings(b, a))),
      ),
    ));
  test("does not care about grouping", () =>
    fc.assert(
      fc.property(
        recordings,
        recordings,
        recordings,
        (a, b, c) =>
          void expect(bytes(mergeRecordings(mergeRecordings(a, b), c))).toBe(
            bytes(mergeRecordings(a, mergeRecordings(b, c))),
          ),
      ),
    ));
  test("survives the file", () =>
    fc.assert(
      fc.property(
        recordings,
        recordings,
        (a, b) =>
          void expect(bytes(mergeRecordings(parseRecording(bytes(a), "a"), parseRecording(bytes(b), "b")))).toBe(
            bytes(mergeRecordings(a, b)),
          ),
      ),
    ));
});
