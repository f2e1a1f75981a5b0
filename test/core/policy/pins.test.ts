import { describe, expect, test } from "vitest";
import {
  buildPolicy,
  complain,
  floorFor,
  missingFloor,
  type ArgTier,
  type Policy,
} from "../../../src/core/policy/index.ts";
import { resolve } from "../../../src/core/profile/index.ts";
import type { Run } from "../../../src/core/recording/index.ts";
import {
  callArgs,
  evaluate,
  isAllowing,
  partition,
  ruleMatches,
  type Filter,
} from "../../../src/core/seccomp/index.ts";
import {
  allCapabilities,
  defaultCapabilities,
  dockerDefaultFor,
  errnoName,
  syscallNumber,
} from "../../../src/core/tables/index.ts";
import { loadDockerDefault } from "../../../src/project/index.ts";
import { policyOptions } from "../../support/options.ts";
import { recorded } from "../../support/recorded.ts";

const arch = "SCMP_ARCH_X86_64";
/** A host with every capability: its ceiling denies nothing that a pin could allow. */
const host = { arch, capabilities: new Set(allCapabilities), kernel: "6.18", runtime: "runc" } as const;
const docker = await loadDockerDefault(dockerDefaultFor("28.5.2").file);
const ceiling = resolve(docker, host).filters;

const policyOf = (log: readonly string[], args: ArgTier = "standard"): Policy =>
  buildPolicy(recorded(log), policyOptions(ceiling, { args }));

/** `allowed`, or the name of the error. */
function answer({ filters: [filter] }: Policy, name: string, values: readonly bigint[]): string {
  if (filter === undefined) throw new Error("no filter");
  const args = callArgs(Object.fromEntries(values.map((value, index) => [index, value])));
  const action = evaluate(filter, { arch, name, nr: syscallNumber(arch, name), args });
  if (isAllowing(action)) return "allowed";
  return action.action === "SCMP_ACT_ERRNO" ? (errnoName(action.errnoRet) ?? "an error") : action.action;
}

interface Row {
  readonly seen: string;
  readonly tier?: ArgTier;
  readonly call: string;
  readonly allows: readonly (readonly bigint[])[];
  readonly denies: readonly (readonly bigint[])[];
  readonly as: string;
}

const rows: readonly Row[] = [
  {
    seen: "socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) = 3",
    call: "socket",
    allows: [
      [16n, 3n, 0n],
      [16n, 2n, 0n],
    ],
    denies: [[16n, 3n, 12n]],
    as: "ENOSYS",
  },
  {
    seen: "socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3",
    call: "socket",
    allows: [
      [2n, 1n, 0n],
      [2n, 1n, 6n],
      [2n, 2n, 0n],
      [2n, 2n, 17n],
      [2n, 0x80801n, 6n],
    ],
    denies: [
      [10n, 1n, 6n],
      [1n, 1n, 0n],
      [16n, 3n, 0n],
    ],
    as: "EAFNOSUPPORT",
  },
  {
    seen: "socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP) = 3",
    call: "socket",
    allows: [[2n, 1n, 132n]],
    denies: [[2n, 3n, 255n]],
    as: "EPROTONOSUPPORT",
  },
  {
    seen: "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 3",
    tier: "strict",
    call: "socket",
    allows: [[2n, 0x80001n, 6n]],
    denies: [
      [2n, 1n, 6n],
      [2n, 0x80001n, 0n],
    ],
    as: "ENOSYS",
  },
  {
    seen: "socketpair(AF_UNIX, SOCK_STREAM, 0, [3, 4]) = 0",
    call: "socketpair",
    allows: [[1n, 2n, 0n]],
    denies: [
      [2n, 1n, 0n],
      [30n, 1n, 0n],
    ],
    as: "ENOSYS",
  },
  {
    seen: "clone(child_stack=0x1, flags=CLONE_VM|CLONE_NEWNET|SIGCHLD) = 9",
    call: "clone",
    allows: [[0x4000_0011n], [0x11n]],
    denies: [[0x1000_0011n], [0x0002_0000n]],
    as: "EPERM",
  },
  {
    seen: "mprotect(0x1000, 4096, PROT_READ|PROT_EXEC) = 0",
    call: "mprotect",
    allows: [
      [0n, 1n, 5n],
      [0n, 1n, 3n],
    ],
    denies: [
      [0n, 1n, 6n],
      [0n, 1n, 7n],
    ],
    as: "EACCES",
  },
  {
    seen: "mprotect(0x1000, 4096, PROT_READ) = 0",
    call: "mprotect",
    allows: [[0n, 1n, 3n]],
    denies: [
      [0n, 1n, 4n],
      [0n, 1n, 5n],
      [0n, 1n, 6n],
    ],
    as: "EACCES",
  },
  {
    seen: "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f",
    call: "mmap",
    allows: [
      [0n, 1n, 5n],
      [0n, 1n, 3n],
    ],
    denies: [[0n, 1n, 6n]],
    as: "EACCES",
  },
  {
    seen: "personality(PER_LINUX32) = 0",
    call: "personality",
    allows: [[0n], [0xffff_ffffn], [8n]],
    denies: [[0x4_0000n], [0x4_0008n]],
    as: "ENOSYS",
  },
  {
    seen: "ioctl(1, TIOCGWINSZ, 0x1) = 0",
    call: "ioctl",
    allows: [
      [0n, 0x5413n],
      [0n, 0x8912n],
      [0n, 0xc020_660bn],
    ],
    denies: [
      [0n, 0x5412n],
      [0n, 0x7_0000_5412n],
    ],
    as: "EIO",
  },
  {
    seen: "ioctl(1, TIOCGWINSZ, 0x1) = 0",
    tier: "strict",
    call: "ioctl",
    allows: [
      [0n, 0x5413n],
      [0n, 0x5401n],
      [0n, 0x5421n],
    ],
    denies: [
      [0n, 0x8912n],
      [0n, 0x5412n],
    ],
    as: "ENOSYS",
  },
  {
    seen: "fcntl(3, F_SETLK, 0x1) = 0",
    tier: "strict",
    call: "fcntl",
    allows: [
      [0n, 6n],
      [0n, 1n],
      [0n, 2n],
      [0n, 3n],
      [0n, 4n],
      [0n, 1030n],
    ],
    denies: [
      [0n, 1031n],
      [0n, 1024n],
      [0n, 7n],
    ],
    as: "ENOSYS",
  },
  {
    seen: "kcmp(1, 2, KCMP_FILE, 3, 4) = 0",
    tier: "strict",
    call: "kcmp",
    allows: [[1n, 2n, 0n]],
    denies: [
      [1n, 2n, 1n],
      [0n, 0n, 7n],
    ],
    as: "ENOSYS",
  },
  {
    seen: "arch_prctl(0x4001 /* ARCH_??? */, 0x1) = 0",
    tier: "strict",
    call: "arch_prctl",
    allows: [[0x4001n], [0x1002n], [0x3001n]],
    denies: [[0x1001n], [0x5001n]],
    as: "ENOSYS",
  },
  {
    seen: "syslog(SYSLOG_ACTION_SIZE_BUFFER) = 9",
    tier: "strict",
    call: "syslog",
    allows: [[10n]],
    denies: [[5n], [3n]],
    as: "ENOSYS",
  },
  {
    seen: "setns(3, CLONE_NEWNET) = 0",
    call: "setns",
    allows: [[3n, 0x4000_0000n]],
    denies: [
      [3n, 0n],
      [3n, 0x1000_0000n],
    ],
    as: "ENOSYS",
  },
  {
    seen: "ptrace(PTRACE_TRACEME) = 0",
    call: "ptrace",
    allows: [[0n]],
    denies: [[16n], [4n]],
    as: "ENOSYS",
  },
  {
    seen: "bpf(BPF_MAP_CREATE, 0x1, 72) = 3",
    call: "bpf",
    allows: [[0n]],
    denies: [[5n], [1n]],
    as: "ENOSYS",
  },
];

describe("a pin keeps what belongs to it and denies the rest with its answer", () => {
  test.each(rows.map((row) => [`${row.tier ?? "standard"}: ${row.seen}`, row] as const))(
    "%s",
    (_, { seen, tier, call, allows, denies, as }) => {
      const policy = policyOf([`7 ${seen}`], tier);
      const expected = [...allows.map((args) => [args, "allowed"]), ...denies.map((args) => [args, as])];
      expect(expected.map(([args]) => [args, answer(policy, call, args as readonly bigint[])])).toEqual(expected);
    },
  );
});

/** Calls of every kind of pin. */
const many = [
  ...rows.map(({ seen }) => `7 ${seen}`),
  "7 set_robust_list(0x1, 24) = 0",
  "7 futex(0x1, FUTEX_WAKE_PRIVATE, 1) = 1",
  "7 futex(0x1, FUTEX_UNLOCK_PI, 0) = 0",
  "7 setsockopt(3, SOL_IP, IP_UNHEARD_OF, [1], 4) = 0",
  "7 pipe2([5, 6], O_CLOEXEC) = 0",
  "7 recvfrom(3, 0x1, 100, 0, NULL, NULL) = 9",
  "7 recvmsg(3, 0x1, MSG_DONTWAIT) = 9",
  "7 timer_create(CLOCK_REALTIME, NULL, 0x1) = 0",
  "7 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0",
  "7 prctl(PR_SET_NAME, 0x1) = 0",
  "7 mount(0x1, 0x2, 0x3, MS_BIND, 0) = 0",
  "7 unshare(CLONE_NEWNS) = 0",
  "7 quotactl(QCMD(Q_SYNC, USRQUOTA), 0x1, 0, 0x1) = 0",
  "7 perf_event_open(0x1, 0, -1, -1, 0) = 3",
  "7 keyctl(KEYCTL_READ, 1) = 0",
  "7 seccomp(SECCOMP_GET_ACTION_AVAIL, 0, 0x1) = 0",
  "7 umount2(0x1, MNT_DETACH) = 0",
];

test.each(["none", "standard", "strict"] as const)("every rule and every note says why (arguments %s)", (tier) => {
  for (const floor of ["any", "old-runc"] as const) {
    const policy = buildPolicy(recorded(many), policyOptions(ceiling, { args: tier, floor }));
    for (const [name, rules] of policy.filters.flatMap(({ syscalls }) => [...syscalls]))
      for (const { because } of rules) {
        if (because.type === "observed") expect(because.processes, name).toEqual(["app"]);
        else if ("reason" in because)
          expect(
            [because.reason.length, because.source.length].every((of) => of > 5),
            name,
          ).toBe(true);
        if ("only" in because) expect(because.only?.length, name).toBeGreaterThan(1);
      }
    for (const note of policy.notes) if ("reason" in note) expect(note.reason.length, note.kind).toBeGreaterThan(5);
  }
});

test.each(["standard", "strict"] as const)("no call matches an allowing rule and an answer (arguments %s)", (tier) => {
  const [filter] = policyOf(many, tier).filters;
  let asked = 0;
  for (const [name, rules] of filter?.syscalls ?? []) {
    const [allowing, others] = [true, false].map((is) => rules.filter(({ action }) => isAllowing(action) === is));
    for (const { rule: one } of allowing ?? [])
      for (const { rule: other } of others ?? []) {
        asked += 1;
        const calls = partition([one, other].map((rule) => ({ ask: "match", rule })));
        expect(
          calls.filter((args) => ruleMatches(one, args) && ruleMatches(other, args)),
          name,
        ).toEqual([]);
      }
  }
  expect(asked).toBeGreaterThan(20);
});

test("a pin names its values in ascending order, whatever came first", () => {
  const values = (...log: readonly string[]): unknown =>
    policyOf(log, "strict")
      .filters[0]?.syscalls.get("syslog")
      ?.map(({ rule }) => rule.conditions[0]?.datum);
  const lines = ["7 syslog(SYSLOG_ACTION_SIZE_BUFFER) = 9", "7 syslog(SYSLOG_ACTION_READ_ALL, 0x1, 9) = 9"];
  expect(values(...lines)).toEqual([3n, 10n]);
  expect(values(...lines.toReversed())).toEqual([3n, 10n]);
});

test("what a pin of requests leaves out is named, in a list", () => {
  const [rule] = policyOf(["7 ioctl(1, TCGETS, 0x1) = 0"]).filters[0]?.syscalls.get("ioctl") ?? [];
  expect(rule?.because).toMatchObject({ only: expect.stringMatching(/^any request but TIOC\w+(?:, TIOC\w+)+$/) });
});

test("strict with two families keeps each one's own answers", () => {
  const policy = policyOf(
    ["7 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3", "7 socket(AF_UNIX, SOCK_STREAM, 0) = 4"],
    "strict",
  );
  expect(answer(policy, "socket", [2n, 1n, 132n])).toBe("EPROTONOSUPPORT");
  expect(answer(policy, "socket", [10n, 1n, 6n])).toBe("EAFNOSUPPORT");
});

test("strict leaves a call that was not seen its operations without a history", () => {
  const policy = policyOf(["7 pipe([3, 4]) = 0"], "strict");
  expect([0n, 0x80000n].map((flags) => answer(policy, "pipe2", [0n, flags]))).toEqual(["allowed", "allowed"]);
  expect(answer(policy, "pipe2", [0n, 0x80n])).not.toBe("allowed");
});

test("an option that could not be read opens its level, and the notes say so", () => {
  const { notes } = policyOf(["7 setsockopt(3, SOL_IP, IP_UNHEARD_OF, [1], 4) = 0"]);
  expect(notes).toContainEqual({
    kind: "unpinned",
    arch,
    syscall: "setsockopt",
    reason: "an argument could not be read",
  });
});

test("a value that could not be read is not said to exceed the ceiling", () => {
  const { notes } = policyOf(["7 personality(PER_UNHEARD_OF) = 0"]);
  expect(notes.filter(({ kind }) => kind === "above-ceiling")).toEqual([]);
  const beyond = policyOf(["7 personality(PER_LINUX|ADDR_NO_RANDOMIZE) = 0"]).notes;
  expect(beyond).toContainEqual(expect.objectContaining({ kind: "above-ceiling", values: [[0x4_0000n]] }));
});

test("--deny leaves out a call of the start too", () => {
  const allowed = (deny: readonly string[]): boolean => {
    const policy = buildPolicy(recorded([], { withoutStart: true }), policyOptions(ceiling, { deny }));
    return answer(policy, "readlink", []) === "allowed";
  };
  expect([allowed([]), allowed(["readlink"])]).toEqual([true, false]);
});

test("the floor of any runtime holds those of runc and of crun", () => {
  for (const noNewPrivileges of [true, false]) {
    const names = (choice: "any" | "runc" | "crun" | "old-runc"): readonly string[] =>
      floorFor(choice, { noNewPrivileges, init: true }).flatMap((row) => row.names);
    const [runc, crun] = [names("runc"), names("crun")];
    expect(runc).not.toEqual(crun);
    expect(names("any")).toEqual(expect.arrayContaining([...runc, ...crun]));
    expect(names("old-runc")).toEqual(names("any"));
  }
});

test("complain mode under a ceiling that allows by default logs what the profile would deny", () => {
  const all: Filter = {
    arch,
    defaultAction: { action: "SCMP_ACT_ALLOW" },
    syscalls: new Map(),
    enosysAbove: undefined,
  };
  const open = new Map([[all.arch, all]]);
  const policy = complain(buildPolicy(recorded(["7 getpid() = 7"]), policyOptions(open)), open);
  const [filter] = policy.filters;
  const answerTo = (name: string) =>
    filter && evaluate(filter, { arch, name, nr: syscallNumber(arch, name), args: callArgs() });
  expect(answerTo("reboot")).toEqual({ action: "SCMP_ACT_LOG" });
  expect(answerTo("getpid")).toEqual({ action: "SCMP_ACT_ALLOW" });
});

describe("a policy of several architectures", () => {
  const x86 = resolve(docker, { ...host, capabilities: new Set() }).filters;
  const both = (): Policy => {
    const [native, foreign] = [
      recorded(["7 getpid() = 7"]),
      recorded(["7 socketcall(1, 0x1) = 3"], {}, "SCMP_ARCH_X86"),
    ];
    return buildPolicy({ ...native, syscalls: { ...foreign.syscalls, ...native.syscalls } }, policyOptions(x86));
  };

  test("names the machine's own first, however they are spelt", () =>
    expect(both().filters.map((filter) => filter.arch)).toEqual(["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]));

  test("says once that a call exceeds the ceiling", () => {
    const { notes } = buildPolicy(
      { ...recorded([]), syscalls: { [arch]: {}, SCMP_ARCH_X86: {} } },
      policyOptions(x86, { allow: ["mount"] }),
    );
    expect(notes.filter(({ kind }) => kind === "allowed-above-ceiling")).toHaveLength(1);
  });

  test("keeps nothing where the ceiling does not have the architecture", () => {
    const onlyNative = new Map([...x86].filter(([each]) => each === arch));
    const { filters, notes } = buildPolicy(
      recorded(["7 socketcall(1, 0x1) = 3"], {}, "SCMP_ARCH_X86"),
      policyOptions(onlyNative),
    );
    expect(filters.filter(({ syscalls }) => syscalls.has("socketcall"))).toEqual([]);
    expect(notes).toContainEqual(expect.objectContaining({ kind: "above-ceiling", syscall: "socketcall" }));
  });

  test("has the runtime's calls on each of two machines", () => {
    const arm = "SCMP_ARCH_AARCH64";
    const [one, other] = [recorded(["7 getpid() = 7"], {}, arm), recorded(["7 getpid() = 7"])];
    const { filters } = buildPolicy(
      { ...one, syscalls: { ...one.syscalls, ...other.syscalls } },
      policyOptions(new Map([...resolve(docker, { ...host, arch: arm }).filters, ...ceiling])),
    );
    for (const filter of filters) expect(missingFloor(filter, { noNewPrivileges: false, init: true })).toEqual([]);
    expect(filters).toHaveLength(2);
  });

  test("allows on each what was seen on any, where the call exists", () => {
    const [native, foreign] = both().filters;
    expect(foreign?.syscalls.get("getpid")?.map(({ because }) => because.type)).toEqual(["observed"]);
    expect(native?.syscalls.has("socketcall")).toBe(false);
    expect(foreign?.syscalls.has("socketcall")).toBe(true);
  });
});

describe("what the profile says of its recording", () => {
  const assumed = (...runs: readonly Partial<Run>[]): Policy["assumptions"] => {
    const recordings = runs.map((run) => recorded([], run));
    const [first] = recordings;
    if (first === undefined) throw new RangeError("no run");
    return buildPolicy({ ...first, runs: recordings.flatMap((recording) => recording.runs) }, policyOptions(ceiling))
      .assumptions;
  };

  test("no-new-privileges counts if every run had it", () => {
    expect(assumed({ noNewPrivileges: true }).noNewPrivileges).toBe(true);
    expect(assumed({ noNewPrivileges: true }, { noNewPrivileges: false }).noNewPrivileges).toBe(false);
  });

  test("a recording without runs says nothing of no-new-privileges", () => {
    const { assumptions } = buildPolicy({ ...recorded([]), runs: [] }, policyOptions(ceiling));
    expect(assumptions.noNewPrivileges).toBe(false);
  });

  test("an init counts if any run had one", () => {
    expect(assumed({ init: true }, {}).init).toBe(true);
    expect(assumed({}).init).toBe(false);
  });

  test("capabilities beyond Docker's are named, sorted, and whether all runs had them", () => {
    expect(assumed({ capabilities: ["CAP_CHOWN"] }).capabilities).toBeUndefined();
    const more = ["CAP_SYS_TIME", "CAP_CHOWN", "CAP_NET_ADMIN"];
    expect(assumed({ capabilities: more }).capabilities).toEqual({
      more: ["CAP_NET_ADMIN", "CAP_SYS_TIME"],
      inSomeRuns: false,
    });
    expect(assumed({ capabilities: more }, { capabilities: [] }).capabilities?.inSomeRuns).toBe(true);
  });

  test("more than eight of them are counted", () => {
    const beyond = allCapabilities.filter((name) => !defaultCapabilities.includes(name));
    expect(assumed({ capabilities: beyond.slice(0, 8) }).capabilities?.more).toHaveLength(8);
    expect(assumed({ capabilities: beyond.slice(0, 9) }).capabilities?.more).toBe(9);
  });
});

describe("who made a call stands at the rule that allows it", () => {
  const log = [
    '8 execve("/bin/web", ["web"], 0x1) = 0',
    "7 socket(AF_UNIX, SOCK_STREAM, 0) = 3",
    "8 socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) = 3",
    "8 getppid() = 7",
    "7 getppid() = 1",
  ];
  const makers = (name: string): unknown =>
    policyOf(log)
      .filters[0]?.syscalls.get(name)
      ?.flatMap(({ rule, because }) =>
        because.type === "observed" ? [[rule.conditions.length, because.processes]] : [],
      );

  test("for each value of an argument, its own programs", () =>
    expect(makers("socket")).toEqual([
      [1, ["app"]],
      [2, ["web"]],
    ]));

  test("for a call without limits, all programs", () => expect(makers("getppid")).toEqual([[0, ["app", "web"]]]));
});

test.each([
  ["could not be read", undefined],
  ["had too many values", { indices: [0], values: "many" }],
] as const)("a clone whose flags %s may have made a process, so fork comes with it", (_, args) => {
  const { syscalls, ...others } = recorded(["7 getpid() = 7"]);
  const clone = { calls: 1, results: ["ok"], processes: ["app"], ...(args === undefined ? {} : { args }) };
  const policy = buildPolicy({ ...others, syscalls: { [arch]: { ...syscalls[arch], clone } } }, policyOptions(ceiling));
  expect(answer(policy, "fork", [])).toBe("allowed");
});
