import { describe, expect, test } from "vitest";
import { lintProfile, type Finding, type FindingKind, type FindingOf } from "../../../src/core/lint/index.ts";
import { ceilingFor, readProfile, resolve, type HostContext } from "../../../src/core/profile/index.ts";
import { evaluate } from "../../../src/core/seccomp/index.ts";
import { defaultCapabilities, dockerArch, newestDockerDefault } from "../../../src/core/tables/index.ts";
import { loadDockerDefault } from "../../../src/project/index.ts";
import { findingText } from "../../../src/words/index.ts";

const host: HostContext = {
  arch: "SCMP_ARCH_X86_64",
  capabilities: new Set(defaultCapabilities),
  kernel: undefined,
  runtime: "runc",
};
const docker = await loadDockerDefault(newestDockerDefault);

interface Shape {
  readonly defaultAction?: string;
  readonly architectures?: readonly string[];
  readonly listenerPath?: string;
  readonly flags?: readonly string[];
}

function profileOf(groups: readonly object[], shape: Shape = {}): string {
  return JSON.stringify({
    defaultAction: "SCMP_ACT_ERRNO",
    architectures: ["SCMP_ARCH_X86_64"],
    ...shape,
    syscalls: groups,
  });
}

function lint(groups: readonly object[], shape: Shape = {}, on: HostContext = host): readonly Finding[] {
  const profile = readProfile(profileOf(groups, shape), "p.json");
  const ceiling = ceilingFor(docker, [on], resolve(profile, on).filters.keys());
  return lintProfile(profile, { host: on, ceiling, ceilingName: "Docker's default" });
}

function only<Kind extends FindingKind>(kind: Kind, findings: readonly Finding[]): readonly FindingOf<Kind>[] {
  return findings.filter((finding) => finding.kind === kind) as unknown as readonly FindingOf<Kind>[];
}

const group = (action: string, names: readonly string[], ...args: readonly object[]): object => ({
  names,
  action,
  ...(args.length === 0 ? {} : { args }),
});
const allow = (names: readonly string[], ...args: readonly object[]): object => group("SCMP_ACT_ALLOW", names, ...args);
const deny = (names: readonly string[], ...args: readonly object[]): object => group("SCMP_ACT_ERRNO", names, ...args);
const equal = (index: number, value: number): object => ({ index, value: 0xffff_ffff, valueTwo: value, op: masked });
const flag = (index: number, value: number, valueTwo?: number): object => ({ index, value, valueTwo, op: masked });
const masked = "SCMP_CMP_MASKED_EQ";
const denylist = { defaultAction: "SCMP_ACT_ALLOW" };
const newUser = 0x1000_0000;
const allNamespaces = 0x7e02_0000;

describe("a deny that does not take effect", () => {
  test.each<[string, readonly object[], "dropped" | "swallowed"]>([
    ["it equals the default", [deny(["prctl"], equal(0, 38)), allow(["prctl"])], "dropped"],
    [
      "an unconditional allow swallows it",
      [{ ...deny(["prctl"], equal(0, 38)), errnoRet: 13 }, allow(["prctl"])],
      "swallowed",
    ],
    ["it comes after an unconditional allow", [allow(["flock"]), group("SCMP_ACT_KILL", ["flock"])], "swallowed"],
    ["another allow meets it elsewhere", [deny(["socket"], equal(0, 16)), allow(["socket"], equal(2, 4))], "dropped"],
  ])("%s: the witness passes", (_, groups, why) => {
    const [finding, ...more] = only("void-deny", lint(groups));
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ why, severity: "error" });
    const { filters } = resolve(readProfile(profileOf(groups), "p.json"), host);
    const call = finding?.passes.call;
    const filter = filters.get("SCMP_ARCH_X86_64");
    if (call === undefined || filter === undefined) throw new RangeError("no witness");
    expect(evaluate(filter, call)).toEqual({ action: "SCMP_ACT_ALLOW" });
  });

  test.each<[string, readonly object[], Shape]>([
    ["an exception from it", [deny(["socket"]), allow(["socket"], equal(0, 1))], {}],
    ["a deny of a denylist", [deny(["prctl"], equal(0, 38))], denylist],
    ["a deny that nothing allows", [deny(["mount"]), allow(["flock"])], {}],
  ])("is not found in %s", (_, groups, shape) => expect(only("void-deny", lint(groups, shape))).toEqual([]));
});

test("an exception from a deny of everything does not take effect, and the witness is denied", () => {
  const groups = [deny(["socket"]), allow(["socket"], equal(0, 1))];
  expect(only("void-exception", lint(groups, denylist))).toMatchObject([
    { why: "dropped", denied: { call: { name: "socket" }, answer: { action: "SCMP_ACT_ERRNO" } } },
  ]);
  expect(only("void-exception", lint(groups))).toEqual([]);
});

describe("a mask is told to mean the opposite of what it says, if", () => {
  test.each<[string, readonly object[], Shape, boolean]>([
    ["a flag without valueTwo denies all other calls", [deny(["mmap"], flag(3, 0x20))], denylist, true],
    ["but not where the flag stands in both", [deny(["mmap"], flag(3, 0x20, 0x20))], denylist, false],
    ["but not where it asks for a zero in the low bits", [deny(["socket"], flag(1, 0xf, 0))], denylist, false],
    ["only what makes all namespaces is allowed", [allow(["clone"], flag(0, allNamespaces, allNamespaces))], {}, true],
    ["but not where only what makes none is allowed", [allow(["clone"], flag(0, allNamespaces, 0))], {}, false],
  ])("%s", (_, groups, shape, found) => {
    const findings = only("inverted-mask", lint(groups, shape));
    expect(findings.length > 0).toBe(found);
    for (const { passes, denied } of findings) {
      expect(passes.answer.action).toBe("SCMP_ACT_ALLOW");
      expect(denied.answer.action).toBe("SCMP_ACT_ERRNO");
    }
  });

  test("a deny of all namespaces at once lets one pass", () =>
    expect(only("mask-of-all", lint([deny(["unshare"], flag(0, 0x6000_0000, 0x6000_0000))], denylist))).toMatchObject([
      { passes: { call: { name: "unshare" }, answer: { action: "SCMP_ACT_ALLOW" } } },
    ]));
});

test.each<[string, string, object, boolean]>([
  ["a path", "openat", equal(1, 5), true],
  ["clone3's flags", "clone3", flag(0, allNamespaces, 0), true],
  ["NULL", "mount", { index: 4, value: 0, op: "SCMP_CMP_EQ" }, false],
  ["its lower bits", "waitid", flag(2, 2 ** 54, 0), true],
  ["a number", "openat", equal(2, 0), false],
])("a condition on a pointer is told, unless it compares with NULL: %s", (_, name, arg, found) => {
  const findings = only("pointer-condition", lint([allow([name], arg)]));
  expect(findings.length > 0).toBe(found);
  for (const { apart } of findings) expect(apart.map(({ answer }) => answer.action)).toHaveLength(2);
});

test.each<[string, object, "never" | "always" | undefined]>([
  ["below zero", { index: 1, value: 0, op: "SCMP_CMP_LT" }, "never"],
  ["at least zero", { index: 1, value: 0, op: "SCMP_CMP_GE" }, "always"],
  ["beyond an int", { index: 1, value: 0x1_0000_0000, op: "SCMP_CMP_EQ" }, "never"],
  ["an int", { index: 1, value: 3, op: "SCMP_CMP_EQ" }, undefined],
])("a condition on kill's signal that is %s", (_, arg, holds) =>
  expect(only("dead-condition", lint([allow(["kill"], arg)])).map((finding) => finding.holds)).toEqual(
    holds === undefined ? [] : [holds],
  ),
);

test.each<[string, object, string]>([
  ["a capability without CAP_", { includes: { caps: ["BPF"] } }, "CAP_BPF"],
  ["an architecture by libseccomp's token", { excludes: { arches: ["SCMP_ARCH_AARCH64"] } }, "arm64"],
  ["an architecture by uname's name", { includes: { arches: ["aarch64"] } }, "arm64"],
])("%s never applies, and what was meant is said", (_, conditions, meant) => {
  const [finding] = only("never-applies", lint([{ ...allow(["flock"]), ...conditions }]));
  expect(finding === undefined ? "" : findingText(finding)).toContain(`did you mean ${meant}?`);
});

test.each(["", "0.1", "3.5"])("excludes of kernel %j leave the group out everywhere", (minKernel) => {
  const [finding, ...others] = only("never-applies", lint([{ ...deny(["mount"]), excludes: { minKernel } }], denylist));
  expect([finding && findingText(finding), others]).toEqual([
    expect.stringContaining("hold on every kernel: under Docker, the group on mount never applies"),
    [],
  ]);
});

test.each([
  { includes: { caps: ["CAP_BPF"] }, excludes: { caps: ["CAP_BPF"] } },
  { includes: { arches: ["arm64"] }, excludes: { arches: ["arm64"] } },
  { includes: { minKernel: "5.10" }, excludes: { minKernel: "5.8" } },
  { includes: { minKernel: "5.8" }, excludes: { minKernel: "5.8" } },
])("a group that includes and excludes the same never applies: %o", (conditions) =>
  expect(only("never-applies", lint([{ ...allow(["flock"]), ...conditions }]))).toMatchObject([
    { cause: { type: "contradiction" } },
  ]),
);

const sigkill = { index: 1, value: 9, op: "SCMP_CMP_EQ" };
test.each<[string, readonly string[], object, readonly string[]]>([
  ["executable memory", ["mprotect"], flag(2, 4, 4), ["pkey_mprotect"]],
  ["SIGKILL", ["kill"], sigkill, ["tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"]],
  ["SIGKILL, on 32 bits", ["kill", "tkill"], equal(1, 9), ["tgkill", "rt_sigqueueinfo"]],
  ["a mode that runs as another user", ["chmod", "fchmod"], flag(1, 0o4000, 0o4000), ["fchmodat", "fchmodat2"]],
  ["a device node", ["mknod"], flag(1, 0o20000, 0o20000), ["mknodat"]],
  ["writing", ["open"], flag(1, 1, 1), ["openat", "openat2"]],
])("a deny of %s in one call names those that take the same argument", (_, names, arg, open) => {
  const [finding] = only("open-sibling", lint([deny(names, arg)], denylist));
  expect(finding?.siblings.map(({ call }) => call.name)).toEqual(expect.arrayContaining([...open]));
});

test("no sibling is named for what is denied in all of them, nor for what only one of them takes", () => {
  expect(only("open-sibling", lint([deny(["mprotect", "pkey_mprotect"], flag(2, 4, 4))], denylist))).toEqual([]);
  expect(only("open-sibling", lint([deny(["clone"], flag(0, 0x100, 0x100))], denylist))).toEqual([]);
});

test("clone3 is denied for its flags in memory, not so that no process is made", () => {
  expect(only("open-sibling", lint([deny(["clone3"])], denylist))).toEqual([]);
  const [finding] = only("open-sibling", lint([deny(["clone", "fork", "vfork"])], denylist));
  expect(finding?.siblings.map(({ call }) => call.name)).toEqual(["clone3"]);
});

test("a deny beside which another call does the same names it, and ENOSYS sends there on purpose", () => {
  const [kill] = only("open-sibling", lint([deny(["kill"])], denylist));
  expect(kill?.siblings.map(({ call }) => call.name)).toContain("tgkill");
  const [clone] = only("open-sibling", lint([deny(["clone"], flag(0, newUser, newUser))], denylist));
  expect(clone?.siblings.map(({ call }) => call.name)).toEqual(["unshare", "clone3"]);
  expect(only("open-sibling", lint([{ ...deny(["openat2"]), errnoRet: 38 }], denylist))).toEqual([]);
  expect(only("open-sibling", lint([deny(["mkdir", "mkdirat"])], denylist))).toEqual([]);
});

test("a value with upper bits is found for any int argument, and for several of one rule together", () => {
  const passed = (groups: readonly object[], shape: Shape = {}): readonly string[] =>
    only("wide-comparison", lint(groups, shape)).flatMap((finding) =>
      finding.passed.map(
        ({ args, set }) => `${args.map(({ index, value }) => `${index}=${value}`).join()} ${set.join()}`,
      ),
    );
  const wide = (index: number, value: number, op = "SCMP_CMP_EQ"): object => ({ index, value, op });
  for (const [name, index] of [
    ["personality", 0],
    ["memfd_create", 1],
    ["umount2", 1],
    ["kill", 1],
    ["arch_prctl", 0],
    ["clone", 0],
  ] as const)
    expect(passed([deny([name], wide(index, 9))], denylist), name).toContain(`${index}=9 ${index}`);
  expect(
    passed([allow(["socket"], wide(1, 9, "SCMP_CMP_NE")), allow(["socket"], wide(0, 16, "SCMP_CMP_NE"))]),
  ).toContain("0=16,1=9 0");
});

test("another machine's architecture has Docker's default of its own", () => {
  const both = { architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"] };
  const findings = lint([allow(["getcpu", "read", "bpf"])], both);
  expect(only("beyond-docker", findings).map(({ names, arches }) => [names, arches.map(dockerArch)])).toEqual([
    [["bpf"], ["amd64", "arm64"]],
  ]);
  expect(only("compat-architecture", findings)).toEqual([]);
});

test("a denylist is asked for floor, answers and danger", () => {
  const findings = lint([deny(["execve", "clone3"])], denylist);
  expect(only("missing-floor", findings)).toMatchObject([{ severity: "error", starts: "never", names: ["execve"] }]);
  expect(only("enosys-trap", findings).flatMap(({ names }) => names)).toContain("clone3");
  expect(only("dangerous-call", findings).flatMap(({ names }) => names)).toContain("bpf");
});

test.each([
  [
    ["close", "tgkill"],
    "error",
    "may call close, tgkill: under runc, Docker's own runtime, the container does not start without close",
  ],
  [["tgkill", "statx"], "warning", "in some starts, or on some versions of runc or crun, the container does not start"],
  [["setuid"], "note", "the container starts only with --security-opt no-new-privileges"],
])("a denylist of %j: %s, because of what happens then", (names, severity, text) => {
  const [finding] = only("missing-floor", lint([deny(names)], denylist));
  expect([finding?.severity, finding && findingText(finding)]).toEqual([severity, expect.stringContaining(text)]);
});

test("what the runtimes refuse or cut: NOTIFY on write, unknown flags, seven conditions", () => {
  const listening = { ...denylist, listenerPath: "/run/agent.sock" };
  const refused = (groups: readonly object[], shape: Shape): readonly string[] =>
    only("refused", lint(groups, shape)).map(({ reason }) => reason);
  expect(refused([group("SCMP_ACT_NOTIFY", ["write"])], listening).join()).toContain("for write");
  expect(refused([group("SCMP_ACT_NOTIFY", ["chmod"])], listening)).toEqual([]);
  expect(refused([], { ...denylist, flags: ["SECCOMP_FILTER_FLAG_LOG"] })).toEqual([]);
  expect(refused([], { ...denylist, flags: ["SECCOMP_FILTER_FLAG_LOGS"] }).join()).toContain("FLAG_LOGS");
  const values = [...Array(7).keys()].map((value) => equal(0, value + 1));
  const profile = readProfile(profileOf([deny(["personality"], ...values)], denylist), "p.json");
  const answer = (runtime: "runc" | "crun"): string | undefined => {
    const filter = resolve(profile, { ...host, runtime }).filters.get("SCMP_ARCH_X86_64");
    const call = { arch: "SCMP_ARCH_X86_64", name: "personality", nr: 135, args: [7n, 0n, 0n, 0n, 0n, 0n] } as const;
    return filter === undefined ? undefined : evaluate(filter, call).action;
  };
  expect([answer("runc"), answer("crun")]).toEqual(["SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW"]);
});

test("a list of values of one argument is meant as either, a range is not", () => {
  const severity = (...args: readonly object[]): readonly string[] =>
    only("or-not-and", lint([allow(["personality"], ...args)])).map((finding) => finding.severity);
  expect(severity(equal(0, 0), equal(0, 8))).toEqual(["note"]);
  expect(severity({ index: 0, value: 1, op: "SCMP_CMP_GE" }, { index: 0, value: 3, op: "SCMP_CMP_LE" })).toEqual([
    "error",
  ]);
});

test.each([
  ["llseek", "_llseek"],
  ["pread", "pread64"],
  ["fstatat", "newfstatat"],
  ["opennat", "openat"],
])("instead of %s, %s is suggested", (name, meant) =>
  expect(only("unknown-syscall", lint([allow([name])])).map((finding) => finding.meant)).toEqual([meant]),
);

test("an empty name beside names is none, as Go has it", () =>
  expect(readProfile(profileOf([{ ...deny(["chmod"]), name: "" }]), "p.json").syscalls).toMatchObject([
    { names: ["chmod"] },
  ]));

describe("a comparison that no int meets, or every one", () => {
  const judged = (op: string, value: string, valueTwo?: string): readonly unknown[] => {
    const two = valueTwo === undefined ? "" : `, "valueTwo": ${valueTwo}`;
    const text =
      `{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [{"names": ["socket"], ` +
      `"action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": ${value}${two}, "op": "${op}"}]}]}`;
    const profile = readProfile(text, "p.json");
    const ceiling = ceilingFor(docker, [host], resolve(profile, host).filters.keys());
    return only("dead-condition", lintProfile(profile, { host, ceiling, ceilingName: "Docker's default" })).map(
      ({ holds, ints }) => (ints ? `${holds} for ints` : holds),
    );
  };
  const [low32, upper, lowestNegative, belowIt, all] = [
    "4294967295",
    "4294967296",
    "18446744071562067968",
    "18446744071562067967",
    "18446744073709551615",
  ];

  test.each([
    ["SCMP_CMP_EQ", low32, undefined, []],
    ["SCMP_CMP_EQ", upper, undefined, ["never for ints"]],
    ["SCMP_CMP_EQ", lowestNegative, undefined, []],
    ["SCMP_CMP_EQ", belowIt, undefined, ["never for ints"]],
    ["SCMP_CMP_GE", low32, undefined, []],
    ["SCMP_CMP_GE", upper, undefined, ["never for ints"]],
    ["SCMP_CMP_GE", "0", undefined, ["always"]],
    ["SCMP_CMP_GT", "4294967294", undefined, []],
    ["SCMP_CMP_GT", low32, undefined, ["never for ints"]],
    ["SCMP_CMP_GT", all, undefined, ["never"]],
    ["SCMP_CMP_LT", "0", undefined, ["never"]],
    ["SCMP_CMP_LT", upper, undefined, []],
    ["SCMP_CMP_NE", upper, undefined, []],
    [masked, all, upper, ["never for ints"]],
    [masked, all, "18446744069414584321", []],
    [masked, upper, upper, ["never for ints"]],
    [masked, "0", "0", []],
  ] as const)("%s %s %s: %j", (op, value, valueTwo, found) => expect(judged(op, value, valueTwo)).toEqual(found));
});

describe("a condition of a group that never holds", () => {
  const causes = (includes: object, excludes: object = {}): readonly unknown[] =>
    only("never-applies", lint([{ ...allow(["flock"]), includes, excludes }])).map(({ cause }) => cause);

  test("names what an unknown name probably means", () => {
    expect(causes({ arches: ["x86_64"] })).toEqual([
      { type: "unknown-name", of: "arches", name: "x86_64", meant: "amd64" },
    ]);
    expect(causes({ arches: ["amd46"] })).toEqual([
      { type: "unknown-name", of: "arches", name: "amd46", meant: "amd64" },
    ]);
    expect(causes({ caps: ["sys_time"] })).toEqual([
      { type: "unknown-name", of: "caps", name: "sys_time", meant: "CAP_SYS_TIME" },
    ]);
    expect(causes({ caps: ["CAP_SYS_TIEM"] })).toEqual([
      { type: "unknown-name", of: "caps", name: "CAP_SYS_TIEM", meant: "CAP_SYS_TIME" },
    ]);
  });

  test("asks for and against the same capability, every architecture, or a kernel", () => {
    expect(causes({ caps: ["CAP_SYS_TIME"] }, { caps: ["CAP_SYS_TIME"] })).toEqual([
      { type: "contradiction", of: "caps", name: "CAP_SYS_TIME" },
    ]);
    expect(causes({ arches: ["amd64"] }, { arches: ["amd64"] })).toEqual([
      { type: "contradiction", of: "arches", name: "amd64" },
    ]);
    expect(causes({ arches: ["amd64", "arm64"] }, { arches: ["arm64"] })).toEqual([]);
    expect(causes({ minKernel: "5.4" }, { minKernel: "4.8" })).toEqual([
      { type: "contradiction", of: "minKernel", name: "5.4" },
    ]);
    expect(causes({ minKernel: "4.8" }, { minKernel: "5.4" })).toEqual([]);
  });
});

describe("a profile of several machines", () => {
  const both = { architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"] };
  const on = (arch: string, about: object): object => ({ ...about, includes: { arches: [arch] } });

  test("a condition on architectures holds on the machine that it names", () => {
    const findings = lint([on("arm64", allow(["setns"])), on("amd64", allow(["kcmp"])), allow(["reboot"])], both);
    expect(only("beyond-docker", findings).map(({ names, arches }) => [names, arches])).toEqual([
      [["kcmp"], ["SCMP_ARCH_X86_64"]],
      [["reboot"], ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"]],
      [["setns"], ["SCMP_ARCH_AARCH64"]],
    ]);
    expect(only("dangerous-call", findings).flatMap(({ names }) => names)).toEqual(["kcmp", "setns", "reboot"]);
  });

  test("a deny without effect on another machine is told with it, and one on both once", () => {
    const groups = [
      on("arm64", deny(["socket"], equal(0, 16))),
      deny(["prctl"], equal(0, 38)),
      allow(["socket", "prctl"]),
    ];
    const findings = only("void-deny", lint(groups, both));
    expect(findings.map(findingText)).toEqual([
      expect.stringMatching(/^does not deny prctl/),
      expect.stringMatching(/^on arm64: does not deny socket/),
    ]);
  });

  test("a denylist is not said to open a call that none of its machines has", () => {
    const names = (architectures: readonly string[]): readonly string[] =>
      only("dangerous-call", lint([], { ...denylist, architectures })).flatMap(({ names: open }) => open);
    expect(names(["SCMP_ARCH_X86_64"])).not.toContain("stime");
    expect(names(["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"])).toContain("stime");
  });
});

describe("groups that together hold for every call", () => {
  const all = (op: string, ...values: readonly number[]): readonly object[] =>
    values.map((value) => allow(["ioctl"], { index: 1, value, op }));

  test("two exceptions in two groups open each other", () => {
    const [finding, ...more] = only("or-not-and", lint(all("SCMP_CMP_NE", 0x5412, 0x541c)));
    expect([finding?.severity, finding?.pointer, more]).toEqual(["error", "/syscalls/1/args", []]);
    expect(finding && findingText(finding)).toBe(
      "every value of arg1 meets a condition of one of the groups on ioctl, and one is enough: " +
        "together they hold for every call",
    );
  });

  test.each<[string, readonly object[]]>([
    ["values of a list", all("SCMP_CMP_EQ", 0x5412, 0x541c)],
    ["all but one value, below and above it", [...all("SCMP_CMP_LT", 38), ...all("SCMP_CMP_GT", 38)]],
    ["one group alone", all("SCMP_CMP_NE", 0x5412)],
    [
      "different answers",
      [...all("SCMP_CMP_NE", 0x5412), deny(["ioctl"], { index: 1, value: 0x5412, op: "SCMP_CMP_EQ" })],
    ],
  ])("%s do not", (_, groups) => expect(only("or-not-and", lint(groups))).toEqual([]));
});
