import { describe, expect, test } from "vitest";
import { explain, reachOf } from "../../../src/core/explain/index.ts";
import { buildPolicy, type ArgTier, type Policy } from "../../../src/core/policy/index.ts";
import { emitDocker } from "../../../src/core/emitter/index.ts";
import { readEmitted, resolve } from "../../../src/core/profile/index.ts";
import type { Recording } from "../../../src/core/recording/index.ts";
import {
  allowsOperation,
  callsOfOperation,
  callArgs,
  compileFilters,
  evaluate,
  formatAction,
  isAllowing,
  opcodes,
  type Filter,
} from "../../../src/core/seccomp/index.ts";
import {
  defaultCapabilities,
  dockerDefaultFor,
  errnoName,
  errnoNumber,
  isSyscallName,
  operationOf,
  operations,
  syscallNames,
  syscallNumber,
  vulnerabilities,
  type Operation,
  type ScmpArch,
} from "../../../src/core/tables/index.ts";
import { loadDockerDefault } from "../../../src/project/index.ts";
import { enforced } from "../../support/enforced.ts";
import { policyOptions } from "../../support/options.ts";
import { recorded } from "../../support/recorded.ts";

const arch: ScmpArch = "SCMP_ARCH_X86_64";
const capabilities = new Set(defaultCapabilities);
const host = { arch, capabilities, kernel: "6.18", runtime: "runc" } as const;
const dockerDefault = await loadDockerDefault(dockerDefaultFor("29.7.2").file);
const ceiling = resolve(dockerDefault, host).filters;

function policyOf(log: readonly string[], args: ArgTier = "standard", where: ScmpArch = arch): Policy {
  const { filters } = resolve(dockerDefault, { ...host, arch: where });
  return buildPolicy(recorded(["7 set_robust_list(0x1, 24) = 0", ...log], {}, where), policyOptions(filters, { args }));
}

const filterOf = (policy: Policy): Filter => enforced(policy, host);

const usual = [
  "7 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3",
  "7 socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP) = 3",
  "7 socket(AF_UNIX, SOCK_STREAM, 0) = 4",
  "7 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0",
  "7 futex(0x1, FUTEX_WAKE_PRIVATE, 1) = 1",
  "7 ioctl(1, TCGETS, 0x1) = 0",
  "7 pipe2([5, 6], O_CLOEXEC) = 0",
  "7 recvfrom(3, 0x1, 100, 0, NULL, NULL) = 9",
  "7 recvmsg(3, 0x1, MSG_DONTWAIT) = 9",
  "7 recvmmsg(3, 0x1, 4, 0, NULL) = 1",
  "7 timer_create(CLOCK_REALTIME, NULL, 0x1) = 0",
  "7 clock_nanosleep(CLOCK_REALTIME, 0, 0x1, NULL) = 0",
  "7 timerfd_create(CLOCK_REALTIME, 0) = 7",
  "7 timerfd_settime(7, TFD_TIMER_ABSTIME, 0x1, NULL) = 0",
  "7 waitid(P_PID, 8, 0x1, WEXITED, NULL) = 0",
  "7 listen(3, 5) = 0",
  "7 accept4(3, NULL, NULL, 0) = 8",
  "7 connect(3, 0x1, 16) = 0",
  "7 bind(3, 0x1, 16) = 0",
  "7 sendto(3, 0x1, 8, MSG_NOSIGNAL, NULL, 0) = 8",
  "7 sendmsg(3, 0x1, 0) = 8",
  "7 sendmmsg(3, 0x1, 1, MSG_NOSIGNAL) = 1",
];
/** Made in each test, because `npm run test:mutation` cannot test what is made while modules are loaded. */
const usualFilter = (): Filter => filterOf(policyOf(usual));
/** "peek" is shut only if the code shows that no program peeks. */
const shut = operations.filter(({ id }) => id !== "peek");
const callsOn = (operation: Operation): readonly string[] =>
  [...new Set(operation.forms.flatMap(({ names }) => names))].filter((name) => syscallNames(arch).includes(name));

describe("an operation with a history", () => {
  test.each(shut.map((row) => [row.id, row] as const))("%s is denied if it was not seen, with its answer", (_, row) => {
    const filter = usualFilter();
    for (const name of callsOn(row)) {
      const calls = callsOfOperation(row, filter, name);
      expect(calls.length).toBeGreaterThan(0);
      for (const call of calls) {
        const action = evaluate(filter, call);
        expect(action.action, JSON.stringify(call.args.map(String))).toBe("SCMP_ACT_ERRNO");
        expect("errnoRet" in action && errnoName(action.errnoRet), name).toBe(row.answer.errno);
      }
    }
  });

  test.each([
    ["sctp", "7 socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP) = 3"],
    ["dccp", "7 socket(AF_INET, SOCK_DCCP|SOCK_CLOEXEC, IPPROTO_DCCP) = 3", "7 socket(AF_INET, SOCK_DCCP, 0) = 3"],
    ["ping", "7 socket(AF_INET, SOCK_DGRAM|SOCK_NONBLOCK, IPPROTO_ICMP) = 3"],
    ["raw", "7 socket(AF_INET, SOCK_RAW, IPPROTO_IP) = 3"],
    ["tcp-ulp", "7 setsockopt(3, SOL_TCP, TCP_ULP, [7564404], 4) = 0"],
    ["multicast-membership", "7 setsockopt(3, SOL_IP, IP_ADD_MEMBERSHIP, 0x1, 8) = 0"],
    ["priority-inheritance", "7 futex(0x1, FUTEX_LOCK_PI_PRIVATE, NULL) = 0"],
    ["requeue", "7 futex(0x1, FUTEX_CMP_REQUEUE_PRIVATE, 1, 0x7, 0x1, 2) = 0"],
    ["line-discipline", "7 ioctl(0, TIOCSETD, [3]) = 0"],
    ["terminal-session", "7 ioctl(0, TIOCGSID, [3]) = 0"],
    ["notification-pipe", "7 pipe2([5, 6], O_EXCL) = 0"],
    ["out-of-band", "7 sendto(3, 0x1, 1, MSG_OOB|MSG_DONTWAIT, NULL, 0) = 1"],
    ["processor-timers", "7 timer_create(CLOCK_THREAD_CPUTIME_ID, NULL, 0x1) = 0"],
  ])("%s stays allowed if it was seen, and opens no other", (id, ...log) => {
    const row = operations.find((operation) => operation.id === id);
    if (row === undefined) throw new RangeError(id);
    for (const tier of ["standard", "strict"] as const) {
      const seen = filterOf(policyOf([...usual, ...log], tier));
      // strict compares all flags, so the operation without flags may be another call.
      if (tier === "standard") expect(callsOn(row).some((name) => allowsOperation(seen, name, row))).toBe(true);
      expect(
        shut.filter((other) => other !== row && callsOn(other).some((name) => allowsOperation(seen, name, other))),
      ).toEqual([]);
    }
  });

  // glibc probes with FUTEX_UNLOCK_PI. If the kernel has it, glibc does not check whether FUTEX_LOCK_PI fails, and two
  // threads hold the lock.
  test.each(["standard", "strict"] as const)(
    "of locks with inheritance is allowed in all forms or none (%s)",
    (tier) => {
      const row = operationOf("priority-inheritance");
      const asked = filterOf(policyOf([...usual, "7 futex(0x1, FUTEX_UNLOCK_PI, 0) = 0"], tier));
      const calls = callsOfOperation(row, asked, "futex");
      expect(calls.length).toBeGreaterThan(5);
      expect(calls.filter((call) => !isAllowing(evaluate(asked, call)))).toEqual([]);
    },
  );

  test("of no program at all is on the list of what anybody may do", () => {
    const musl = filterOf(
      buildPolicyWithout(["7 futex(0x1, FUTEX_WAKE_PRIVATE, 1) = 1", "7 futex(0x1, FUTEX_WAIT, 1, NULL) = 0"]),
    );
    const requeue = operations.find(({ id }) => id === "requeue");
    expect(requeue !== undefined && allowsOperation(musl, "futex", requeue)).toBe(true);
  });
});

/** A program that does not start like programs of glibc. */
function buildPolicyWithout(log: readonly string[]): Policy {
  return buildPolicy(recorded(log), policyOptions(ceiling));
}

describe("what programs vary from day to day stays", () => {
  const sample: readonly (readonly [string, readonly bigint[]])[] = [
    ["socket", [2n, 0x80801n, 6n]],
    ["socket", [10n, 2n, 17n]],
    ["socket", [2n, 2n, 0n]],
    ["socket", [2n, 2n, 136n]],
    ["setsockopt", [3n, 6n, 1n]],
    ["setsockopt", [3n, 6n, 23n]],
    ["setsockopt", [3n, 6n, 30n]],
    ["setsockopt", [3n, 1n, 15n]],
    ["setsockopt", [3n, 0n, 1n]],
    ["setsockopt", [3n, 0n, 24n]],
    ["setsockopt", [3n, 41n, 26n]],
    ["setsockopt", [3n, 41n, 67n]],
    ["setsockopt", [3n, 270n, 11n]],
    ["futex", [1n, 0n]],
    ["futex", [1n, 128n]],
    ["futex", [1n, 0x189n]],
    ["futex", [1n, 0x8an]],
    ["futex", [1n, 0x85n]],
    ["ioctl", [1n, 0x5410n]],
    ["ioctl", [1n, 0x540fn]],
    ["ioctl", [1n, 0x541bn]],
    ["ioctl", [1n, 0x8912n]],
    ["pipe2", [1n, 0x80800n]],
    ["recvfrom", [3n, 1n, 1n, 0x4000n | 2n | 0x40n]],
    ["recvfrom", [3n, 1n, 1n, 1n]],
    ["recvmsg", [3n, 1n, 0x40000000n]],
    ["sendto", [3n, 1n, 9n, 0x8000n | 0x4000n]],
    ["sendmsg", [3n, 1n, 0x4000000n]],
    ["timer_create", [1n]],
    ["timer_create", [7n]],
    ["clock_nanosleep", [7n]],
    ["waitid", [1n, 1n, 0x7ffc_1234_5678n]],
  ];
  test.each(sample)("%s %s", (name, values) => {
    const args = [0, 1, 2, 3, 4, 5].map((index) => values[index] ?? 0n) as unknown as readonly [
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
      bigint,
    ];
    expect(isAllowing(evaluate(usualFilter(), { arch, name, nr: 1, args }))).toBe(true);
  });
});

describe("the table", () => {
  test("names calls that exist and says everything", () => {
    for (const { forms, ...row } of operations) {
      expect(forms.flatMap(({ names }) => names).filter((name) => !isSyscallName(name))).toEqual([]);
      for (const text of [row.does, row.reason, row.users, row.answer.then, row.source])
        expect(text.length, row.id).toBeGreaterThan(5);
    }
    expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
  });

  test("every row closes what it says, and nothing is closed that no row says", () => {
    const open = openedFor(operations);
    const known = new Set(operations.flatMap(({ closes }) => closes));
    const closed = vulnerabilities
      .filter((row) => reachOf(row, open, capabilities) !== "closed")
      .filter((row) => reachOf(row, new Map([[arch, usualFilter()]]), capabilities) === "closed")
      .map(({ id }) => id);
    expect(closed.filter((id) => !known.has(id))).toEqual([]);
    expect([...known].filter((id) => !closed.includes(id) && !peeking.includes(id))).toEqual([]);
  });
});

const peeking: readonly string[] = operations.find(({ id }) => id === "peek")?.closes ?? [];

/** The filter that also allows these operations, and everything else that they need. */
function openedFor(rows: readonly Operation[]): ReadonlyMap<ScmpArch, Filter> {
  const filter = usualFilter();
  const syscalls = new Map(filter.syscalls);
  for (const { forms } of rows) {
    for (const { names, args = [] } of forms)
      for (const name of names) {
        const conditions = args.map(({ index, value, mask = 0xffff_ffff }) => ({
          index,
          op: "SCMP_CMP_MASKED_EQ" as const,
          mask: BigInt(mask),
          datum: BigInt(value),
        }));
        const because = { type: "fallback", reason: "a test", source: "a test" } as const;
        const rules = (syscalls.get(name) ?? []).filter(({ action }) => isAllowing(action));
        syscalls.set(name, [...rules, { action: { action: "SCMP_ACT_ALLOW" }, rule: { conditions }, because }]);
      }
  }
  return new Map([[arch, { ...filter, syscalls }]]);
}

test("explain tells what is closed by names and by pins apart", () => {
  const { vulnerabilities: verdicts, arches } = explain({
    profile: "p.json",
    filters: new Map([[arch, usualFilter()]]),
    ceiling,
    ceilingName: "Docker's default",
    capabilities,
    runs: [],
    recorded: {},
  });
  const of = (id: string): string | undefined =>
    verdicts.find(({ vulnerability }) => vulnerability.id === id)?.closedBy;
  expect([of("CVE-2017-6074"), of("CVE-2021-3347"), of("CVE-2013-2094"), of("CVE-2019-5736")]).toEqual([
    "pins",
    "pins",
    "names",
    undefined,
  ]);
  const socket = arches[0]?.calls.find(({ name }) => name === "socket")?.operations ?? [];
  expect(socket.map(({ operation, open }) => [operation, open])).toEqual([
    ["sctp", false],
    ["dccp", false],
    ["ping", false],
    ["l2tp", false],
    ["raw", false],
  ]);
});

test("what one architecture was seen to do is allowed, although another one would deny it", () => {
  const i386: ScmpArch = "SCMP_ARCH_X86";
  const native = recorded(usual);
  const both: Recording = {
    ...native,
    syscalls: {
      ...native.syscalls,
      ...recorded(["7 setsockopt(3, SOL_IP, IP_ADD_MEMBERSHIP, 0x1, 8) = 0"], {}, i386).syscalls,
    },
  };
  const limits = new Map([...ceiling, ...resolve(dockerDefault, { ...host, arch: i386 }).filters]);
  const filter = filterOf(buildPolicy(both, policyOptions(limits)));
  const call = { arch, name: "setsockopt", nr: 54, args: callArgs({ 1: 0n, 2: 35n }) };
  expect(isAllowing(evaluate(filter, call))).toBe(true);
  const other = { ...call, args: callArgs({ 1: 0n, 2: 39n }) };
  expect(evaluate(filter, other)).toEqual({ action: "SCMP_ACT_ERRNO", errnoRet: errnoNumber("ENOPROTOOPT") });
});

test("pins take few rules that the runtime is given", () => {
  const counts = [...usualFilter().syscalls].flatMap(([name, rules]) => {
    const count = rules.filter(({ rule }) => rule.conditions.length > 0).length;
    return count === 0 ? [] : [[name, count] as const];
  });
  expect(Object.fromEntries(counts)).toEqual({
    clock_nanosleep: 4,
    clone: 8,
    futex: 4,
    ioctl: 22,
    mmap: 3,
    mprotect: 2,
    pipe2: 2,
    prctl: 10,
    sendmmsg: 2,
    sendmsg: 2,
    sendto: 2,
    setsockopt: 24,
    socket: 13,
    timer_create: 4,
    waitid: 2,
  });
});

describe("on mips, where SOCK_STREAM is 2 and SOCK_DGRAM is 1", () => {
  const mips: ScmpArch = "SCMP_ARCH_MIPS64";
  const may = (log: string, tier: ArgTier, type: bigint): boolean => {
    const own = policyOf([log], tier, mips).filters.find((each) => each.arch === mips);
    if (own === undefined) throw new Error("no filter");
    return isAllowing(evaluate(own, { arch: mips, name: "socket", nr: 5040, args: [2n, type, 0n, 0n, 0n, 0n] }));
  };

  test("a type that the log only names is not pinned", () => {
    for (const tier of ["standard", "strict"] as const)
      expect(
        [1n, 2n].map((type) => may("7 socket(AF_INET, SOCK_STREAM, 0) = 3", tier, type)),
        tier,
      ).toEqual([true, true]);
  });

  test("--args strict pins it by the number that strace showed", () => {
    const log = "7 socket(0x2 /* AF_INET */, 0x2 /* SOCK_STREAM */, 0) = 3";
    expect([1n, 2n].map((type) => may(log, "strict", type))).toEqual([false, true]);
  });
});

describe("answers of a profile for mips, where ENOSYS is 89", () => {
  const mips: ScmpArch = "SCMP_ARCH_MIPS64";
  const on = { ...host, arch: mips };
  const profile = readEmitted(emitDocker(policyOf(usual, "standard", mips)));
  const filter = resolve(profile, on).filters.get(mips);
  const answer = (name: string, args: Parameters<typeof callArgs>[0] = {}): string => {
    if (filter === undefined) throw new Error("no filter");
    const nr = syscallNumber(mips, name);
    return formatAction(evaluate(filter, { arch: mips, name, nr, args: callArgs(args) }));
  };

  test("have the numbers of mips in the file, and their names for people", () => {
    expect(profile.defaultErrnoRet).toBe(89);
    expect([answer("clone3"), answer("swapon"), answer("futex", { 1: 6n }), answer("socket", { 0: 16n })]).toEqual([
      "ENOSYS",
      "EPERM",
      "ENOSYS",
      "EAFNOSUPPORT",
    ]);
  });

  test("reach the kernel as numbers of mips", () => {
    const program = compileFilters(filter === undefined ? [] : [filter]);
    const returned = program.filter(({ code }) => code === opcodes.ret).map(({ k }) => k & 0xffff);
    expect(returned).toContain(89);
    expect(returned).not.toContain(38);
  });

  test("have the numbers of other machines in a profile for both kinds", () => {
    const both = { ...policyOf(usual), filters: [arch, mips].map((each) => ({ ...usualFilter(), arch: each })) };
    const written = readEmitted(emitDocker(both));
    expect(written.defaultErrnoRet).toBe(38);
    const there = resolve(written, on).filters.get(mips);
    expect(there === undefined ? "" : formatAction(there.defaultAction)).toBe("EL2NSYNC");
  });
});
