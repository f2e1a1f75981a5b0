import { describe, expect, test } from "vitest";
import { buildPolicy, missingFloor, type Policy, type PolicyOptions } from "../../../src/core/policy/index.ts";
import { overlaps } from "../../../src/core/policy/joined-rules.ts";
import { resolve } from "../../../src/core/profile/index.ts";
import type { CodeEvidence, Recording, Run } from "../../../src/core/recording/index.ts";
import {
  allowsSome,
  callArgs,
  evaluate,
  isAllowing,
  partition,
  ruleMatches,
  type Action,
  type Because,
  type Filter,
} from "../../../src/core/seccomp/index.ts";
import { allCapabilities, dockerDefaultFor, syscallNumber, type ScmpArch } from "../../../src/core/tables/index.ts";
import { loadDockerDefault } from "../../../src/project/index.ts";
import { policyOptions } from "../../support/options.ts";
import { recorded } from "../../support/recorded.ts";

const x86 = "SCMP_ARCH_X86_64";
const docker = await loadDockerDefault(dockerDefaultFor("28.5.2").file);
const ceilingOf = (arch: ScmpArch): PolicyOptions["ceiling"] =>
  resolve(docker, { arch, capabilities: new Set(allCapabilities), kernel: "6.18", runtime: "runc" }).filters;

function policyOf(
  log: readonly string[],
  options: Partial<PolicyOptions> = {},
  run: Partial<Run> = {},
  arch: ScmpArch = x86,
): Policy {
  return buildPolicy(recorded(log, run, arch), policyOptions(ceilingOf(arch), options));
}

const errno = (errnoRet: number): Action => ({ action: "SCMP_ACT_ERRNO", errnoRet });

const filterOf = ({ filters: [filter] }: Policy): Filter => {
  if (filter === undefined) throw new Error("no filter");
  return filter;
};

const words = (because: Because): string =>
  [because.type, "reason" in because ? because.reason : "", "only" in because ? `(${because.only})` : ""]
    .filter((part) => part !== "")
    .join(" ");

/** The reasons of a call's rules, each text once. */
const said = (policy: Policy, name: string): readonly string[] => [
  ...new Set(
    filterOf(policy)
      .syscalls.get(name)
      ?.map(({ because }) => words(because)),
  ),
];

const allows = (policy: Policy, name: string): boolean =>
  filterOf(policy)
    .syscalls.get(name)
    ?.some(({ action }) => isAllowing(action)) ?? false;

describe("every rule says why it is there", () => {
  const start = "companion the log lacks the program's start, where ";
  const untraced = "companion not traced (record --lean), so the workload may have made it";
  const rows: readonly (readonly [string, string, Policy, readonly string[]])[] = [
    ["a call before which the log begins", "access", policyOf([], {}, { withoutStart: true }), [start]],
    [
      "a call that a lean recording left out",
      "gettimeofday",
      policyOf([], { exact: true, floor: "crun" }, { lean: true }),
      [untraced],
    ],
    [
      "a call that only the profile denies",
      "fsync",
      policyOf([]),
      ["fallback this profile denies it: answers as a kernel without the call"],
    ],
    ["a call that Docker denies too", "kcmp", policyOf([]), ["fallback this profile denies it"]],
    [
      "memory that is never both writable and executable",
      "mmap",
      policyOf(["7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1"]),
      ["observed", "fallback memory both writable and executable: answers as SELinux does"],
    ],
    [
      "memory that does not become executable",
      "mprotect",
      policyOf(["7 mprotect(0x1, 4096, PROT_READ) = 0"]),
      ["observed", "fallback memory made executable: answers as SELinux does"],
    ],
    [
      "a family of sockets that was not used",
      "socketpair",
      policyOf(["7 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3"]),
      ["fallback this profile denies it: answers as a kernel without the call"],
    ],
    [
      "a new namespace",
      "clone",
      policyOf(["7 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 8"]),
      ["observed", "fallback a new namespace: answers as under Docker's default"],
    ],
    [
      "futexes of a program that does not start as glibc's do",
      "futex",
      policyOf(["7 futex(0x1, FUTEX_WAKE_PRIVATE, 1) = 1"]),
      [
        "companion locks of C libraries wait and wake on some bits, or on two futexes at once",
        "companion condition variables of musl move waiters; a program here does not start as glibc's do (requeue)",
      ],
    ],
    [
      "a clock of the machine",
      "clock_nanosleep",
      policyOf(["7 clock_nanosleep(CLOCK_REALTIME, 0, 0x1, NULL) = 0"]),
      ["observed (clocks of the machine)"],
    ],
    ["a pinned call of the container runtime", "futex", policyOf([]), ["floor Go's scheduler"]],
    [
      "sockets of the internet",
      "socket",
      policyOf(["7 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3"]),
      ["observed (AF_INET, TCP)", "companion the internet's own protocols; name lookups use both (AF_INET, UDP)"],
    ],
  ];
  test.each(rows)("%s", (_, name, policy, expected) => {
    const texts = said(policy, name);
    for (const text of expected)
      expect(
        texts.filter((each) => each.startsWith(text)),
        texts.join("; "),
      ).not.toEqual([]);
  });
});

describe("fork goes with other calls that start processes, and not with threads", () => {
  const thread = "7 clone(child_stack=0x1, flags=CLONE_VM|CLONE_THREAD|CLONE_SIGHAND) = 8";
  test.each([
    ["vfork", ["7 vfork() = 8"], true],
    ["clone", ["7 clone(child_stack=NULL, flags=SIGCHLD) = 8"], true],
    ["a thread", [thread], false],
    ["a thread and a process", [thread, "7 clone(child_stack=NULL, flags=SIGCHLD) = 9"], true],
    ["no call of these", ["7 getpid() = 7"], false],
  ])("%s", (_, log, forks) => expect(allows(policyOf(log), "fork")).toBe(forks));
});

test("no companion comes in that --deny names, and none that the architecture lacks", () => {
  expect(allows(policyOf(["7 vfork() = 8"], { deny: ["fork"] }), "fork")).toBe(false);
  const onArm = policyOf(["7 newfstatat(AT_FDCWD, 0x1, 0x2, 0) = 0"], {}, {}, "SCMP_ARCH_AARCH64");
  expect(
    [...filterOf(onArm).syscalls.keys()].filter((name) => syscallNumber("SCMP_ARCH_AARCH64", name) === undefined),
  ).toEqual([]);
});

test("what was observed keeps its own reason, although floor and companions have the call too", () => {
  const policy = policyOf(["7 futex(0x1, FUTEX_WAIT_PRIVATE, 0, NULL) = 0", "7 read(3, 0x1, 1) = 0", "7 fork() = 8"]);
  expect(said(policy, "read")).toEqual(["observed"]);
});

test("runtimes of an Arm machine lack no call there that only other machines have", () => {
  const arch = "SCMP_ARCH_AARCH64";
  const nothing: Filter = { arch, defaultAction: errno(38), syscalls: new Map(), enosysAbove: undefined };
  const missing = missingFloor(nothing, { noNewPrivileges: false, init: true });
  expect(missing).toContain("execve");
  expect(missing.filter((name) => syscallNumber(arch, name) === undefined)).toEqual([]);
});

test("waitid is pinned where the kernel's addresses are known, which is x86_64", () => {
  const log = ["7 waitid(P_ALL, 0, 0x1000, WEXITED, NULL) = 0"];
  const conditions = (policy: Policy): number =>
    filterOf(policy).syscalls.get("waitid")?.[0]?.rule.conditions.length ?? 0;
  expect(conditions(policyOf(log))).toBe(1);
  expect(conditions(policyOf(log, {}, {}, "SCMP_ARCH_AARCH64"))).toBe(0);
});

test("a program that was seen making memory both writable and executable may go on, and the notes say why", () => {
  const policy = policyOf(["7 mmap(NULL, 4096, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE, -1, 0) = 0x1"]);
  const reason = "memory both writable and executable was seen";
  expect(policy.notes).toContainEqual({ kind: "unpinned", arch: x86, syscall: "mmap", reason });
});

describe("no rule that allows meets a call of a rule that denies", () => {
  const via = { program: "app", rank: "few-imports", object: "libc.so.6", function: "f" } as const;
  const code = (syscall: string, values: string): CodeEvidence => ({
    programs: { app: { objects: ["app"] } },
    calls: { [x86]: { [syscall]: via } },
    operations: { [x86]: { [syscall]: { [values]: "f in libc.so.6" } } },
  });
  const base = recorded(["7 socket(AF_INET, SOCK_STREAM, 0) = 3", "7 clone(child_stack=0, flags=CLONE_NEWUSER) = 8"]);
  const recordings: readonly (readonly [string, Recording])[] = [
    ["of a recording alone", base],
    [
      "if code opens a family that denies with its own answer",
      { ...base, code: code("socket", "arg0=1 arg1=2 arg2=0") },
    ],
    ["if code opens an operation of a pinned call", { ...base, code: code("socket", "arg0=2 arg1=3 arg2=0") }],
  ];
  test.each(recordings)("%s", (_, recording) => {
    const filter = filterOf(buildPolicy(recording, policyOptions(ceilingOf(x86))));
    for (const rules of filter.syscalls.values())
      for (const one of rules.filter(({ action }) => isAllowing(action)))
        for (const other of rules.filter(({ action }) => !isAllowing(action))) {
          const calls = partition([
            { ask: "match", rule: one.rule },
            { ask: "match", rule: other.rule },
          ]);
          expect(calls.filter((args) => ruleMatches(one.rule, args) && ruleMatches(other.rule, args))).toEqual([]);
        }
  });
});

test("a compiler keeps memory both writable and executable, and the notes say which program it is", () => {
  const map = "7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x1";
  const { notes } = policyOf(['7 execve("/usr/bin/node", ["node"], 0x1) = 0', map]);
  const reason = notes.flatMap((note) => (note.kind === "unpinned" && note.syscall === "mmap" ? [note.reason] : []));
  expect(reason).toEqual([expect.stringMatching(/^node compiles while it runs: /)]);
});

test("timers run by any clock of the machine, and not by the clocks of processor time", () => {
  const policy = policyOf(["7 timer_create(CLOCK_REALTIME, NULL, [0]) = 0"]);
  const clocks = [...Array(16).keys()].filter((clock) =>
    filterOf(policy)
      .syscalls.get("timer_create")
      ?.some(({ action, rule }) => isAllowing(action) && ruleMatches(rule, callArgs({ 0: BigInt(clock) }))),
  );
  expect(clocks).toEqual([0, 1, 4, 5, 6, 7, 8, 9]);
});

test.each([
  [
    "if all requests were made that its pin would deny",
    ["TIOCSTI", "TIOCLINUX", "TIOCSETD", "TIOCGSID"].map((request) => `7 ioctl(0, ${request}, 0x1) = 0`),
    x86,
    "all that a pin would deny was seen",
  ],
  [
    "where terminals have other requests",
    ["7 ioctl(0, 0x540d, 0x1) = 0"],
    "SCMP_ARCH_MIPSEL64",
    "the requests of terminals have other numbers on this architecture",
  ],
] as const)("ioctl is not pinned %s, and the notes say so", (_, log, arch, reason) => {
  expect(policyOf(log, {}, {}, arch).notes).toContainEqual({ kind: "unpinned", arch, syscall: "ioctl", reason });
});

test("--deny wins over --allow", () => {
  expect(allows(policyOf([], { allow: ["fsync"] }), "fsync")).toBe(true);
  expect(allows(policyOf([], { allow: ["fsync"], deny: ["fsync"] }), "fsync")).toBe(false);
});

test("a call that i386 also makes by number brings in its multiplexer", () => {
  const log = ["7 socket(AF_UNIX, SOCK_STREAM, 0) = 3"];
  const allowed = (policy: Policy): boolean =>
    policy.filters.some((filter) => filter.arch === "SCMP_ARCH_X86" && allowsSome(filter, "socketcall"));
  expect(allowed(policyOf(log, {}, {}, "SCMP_ARCH_X86"))).toBe(true);
  expect(allowed(policyOf(["7 getpid() = 7"], {}, {}, "SCMP_ARCH_X86"))).toBe(false);
});

describe("with strict arguments", () => {
  const futex = (policy: Policy, operation: bigint): string =>
    evaluate(filterOf(policy), {
      arch: x86,
      name: "futex",
      nr: syscallNumber(x86, "futex"),
      args: callArgs({ 1: operation }),
    }).action;
  const strict = policyOf(["7 futex(0x1, FUTEX_WAKE_BITSET, 1, NULL, NULL, 1) = 1"], { args: "strict" });

  test("only what was seen is allowed, and what goes with it always", () => {
    expect([0n, 1n, 10n].map((operation) => futex(strict, operation))).toEqual(Array(3).fill("SCMP_ACT_ALLOW"));
    expect([9n, 5n].map((operation) => futex(strict, operation))).not.toContain("SCMP_ACT_ALLOW");
  });

  test("a call that nobody recorded has its ordinary operations", () => {
    expect(futex(policyOf([], { args: "strict" }), 9n)).toBe("SCMP_ACT_ALLOW");
  });
});

test("an operation is observed if one of the recorded calls was such a one", () => {
  const log = ["7 futex(0x1, FUTEX_WAKE, 1) = 1", "7 futex(0x1, FUTEX_WAKE_BITSET, 1, NULL, NULL, 1) = 1"];
  expect(said(policyOf(log), "futex")).toEqual(
    expect.arrayContaining(["observed (wait and wake)", "observed (wait and wake with bits)"]),
  );
});

test("the calls of a start are allowed if one of the runs lacks it", () => {
  const recording = recorded([], {});
  const [run] = recording.runs;
  if (run === undefined) throw new Error("no run");
  const policy = buildPolicy(
    { ...recording, runs: [run, { ...run, withoutStart: true }] },
    policyOptions(ceilingOf(x86)),
  );
  expect(allows(policy, "access")).toBe(true);
});

test("what one architecture recorded is allowed, although another's pin would deny it", () => {
  const [native, compat] = [
    recorded(["7 ioctl(0, TCGETS, 0x1) = 0"]),
    recorded(["7 ioctl(0, TIOCSTI, 0x1) = 0"], {}, "SCMP_ARCH_X86"),
  ];
  const recording: Recording = { ...native, syscalls: { ...native.syscalls, ...compat.syscalls } };
  const { filters } = buildPolicy(recording, policyOptions(ceilingOf(x86)));
  expect(filters.map(({ arch }) => arch)).toEqual([x86, "SCMP_ARCH_X86"]);
  for (const filter of filters) {
    const { arch } = filter;
    const call = { arch, name: "ioctl", nr: syscallNumber(arch, "ioctl"), args: callArgs({ 1: 0x5412n }) };
    expect(evaluate(filter, call).action, arch).toBe("SCMP_ACT_ALLOW");
    const rules = filter.syscalls.get("ioctl") ?? [];
    const [allowed, denied] = [true, false].map((is) => rules.filter(({ action }) => isAllowing(action) === is));
    for (const one of allowed ?? [])
      for (const other of denied ?? []) expect(overlaps(one.rule, other.rule)).toBe(false);
  }
});
