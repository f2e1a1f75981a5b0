import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { inspectedArguments, parseRecording, type Run } from "../../../src/core/recording/index.ts";
import { diffFilters } from "../../../src/core/diff/index.ts";
import { emitDocker } from "../../../src/core/emitter/index.ts";
import {
  argumentRows,
  buildPolicy,
  companionRows,
  floorRows,
  missingFloor,
  probeRows,
  twinRows,
  type Policy,
  type PolicyOptions,
} from "../../../src/core/policy/index.ts";
import { readProfile, resolve } from "../../../src/core/profile/index.ts";
import { loadDockerDefault } from "../../../src/project/index.ts";
import { evaluate, ruleMatches } from "../../../src/core/seccomp/index.ts";
import type { Action } from "../../../src/core/seccomp/types.ts";
import {
  defaultCapabilities,
  dockerDefaultFor,
  isSyscallName,
  syscallNumber,
  type ScmpArch,
} from "../../../src/core/tables/index.ts";
import { exposureOf } from "../../../src/core/tables/surface.ts";
import { enforced } from "../../support/enforced.ts";
import { policyOptions } from "../../support/options.ts";
import { recorded } from "../../support/recorded.ts";

const arch = "SCMP_ARCH_X86_64";
const host = { arch, capabilities: new Set(defaultCapabilities), kernel: "6.18", runtime: "runc" } as const;
const docker = await loadDockerDefault(dockerDefaultFor("20.10.24").file);
const ceiling = resolve(docker, host).filters;

/** Docker's default for a container with CAP_SYS_ADMIN. */
const wide = resolve(docker, {
  ...host,
  capabilities: new Set([...defaultCapabilities, "CAP_SYS_ADMIN", "CAP_PERFMON"]),
}).filters;

function policyOf(log: readonly string[], options: Partial<PolicyOptions> = {}, run: Partial<Run> = {}): Policy {
  return buildPolicy(recorded(log, run), policyOptions(ceiling, options));
}

/** The answer of the emitted text, read and resolved again as runc would. */
function answer(policy: Policy, name: string, args: readonly bigint[] = []): Action {
  const six = [0, 1, 2, 3, 4, 5].map((index) => args[index] ?? 0n) as unknown as readonly [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  return evaluate(enforced(policy, host), { arch, name, nr: syscallNumber(arch, name), args: six });
}

const allowed: Action = { action: "SCMP_ACT_ALLOW" };
const errno = (errnoRet: number): Action => ({ action: "SCMP_ACT_ERRNO", errnoRet });

describe("what was seen", () => {
  test("is allowed", () => expect(answer(policyOf(["7 setpgid(0, 0) = 0"]), "setpgid")).toEqual(allowed));

  test("but denied by the ceiling is reported and left out", () => {
    const policy = policyOf(["7 mount(0x1, 0x2, 0x3, 0, 0) = -1 EPERM (Operation not permitted)"]);
    expect(answer(policy, "mount")).toEqual(errno(1));
    expect(policy.notes).toContainEqual(
      expect.objectContaining({ kind: "above-ceiling", syscall: "mount", results: ["EPERM"] }),
    );
  });

  test("but denied is taken in by --allow, and said", () => {
    const policy = policyOf(["7 mount(0x1, 0x2, 0x3, 0, 0) = -1 EPERM (Operation not permitted)"], {
      allow: ["mount"],
    });
    expect(answer(policy, "mount")).toEqual(allowed);
    expect(policy.notes).toContainEqual(expect.objectContaining({ kind: "allowed-above-ceiling", syscall: "mount" }));
    expect(emitDocker(policy)).toContain("user: --allow, BEYOND Docker's");
  });

  test("within limits that compare by order is said as such", async () => {
    const newest = resolve(await loadDockerDefault(dockerDefaultFor("29.7.2").file), host).filters;
    const text = emitDocker(
      policyOf(["7 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3"], { args: "none", ceiling: newest }),
    );
    for (const words of ["socket below AF_ALG", "socket AF_NFC", "socket above AF_VSOCK"])
      expect(text).toContain(`observed: ${words}"`);
  });

  test("is left out by --deny", () =>
    expect(answer(policyOf(["7 setpgid(0, 0) = 0"], { deny: ["setpgid"] }), "setpgid")).toEqual(errno(38)));
});

describe("what was not seen", () => {
  test("answers ENOSYS where only the profile denies", () => expect(answer(policyOf([]), "ptrace")).toEqual(errno(38)));
  test("answers as Docker where Docker denies", () => expect(answer(policyOf([]), "reboot")).toEqual(errno(1)));
  test("clone3 answers ENOSYS even when it was tried and failed", () =>
    expect(answer(policyOf(["7 clone3({flags=0}, 88) = -1 ENOSYS (Function not implemented)"]), "clone3")).toEqual(
      errno(38),
    ));
});

describe("arguments", () => {
  const socket = ["7 socket(AF_INET, SOCK_STREAM, 0) = 3", "7 socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) = 3"];

  test("a socket's family is pinned, and other common ones answer EAFNOSUPPORT", () => {
    const policy = policyOf(socket);
    expect(answer(policy, "socket", [2n, 1n, 0n])).toEqual(allowed);
    expect(answer(policy, "socket", [1n, 1n, 0n])).toEqual(errno(97));
    expect(answer(policy, "socket", [16n, 3n, 0n])).toEqual(allowed);
    expect(answer(policy, "socket", [16n, 3n, 9n])).toEqual(errno(38));
    expect(answer(policy, "socket", [17n, 3n, 0n])).toEqual(errno(38));
  });

  test("they are compared on 32 bits", () =>
    expect(answer(policyOf(socket), "socket", [0xdead_beef_0000_0002n, 1n, 0n])).toEqual(allowed));

  test("clone makes no namespace that was not seen", () => {
    const policy = policyOf(["7 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 8"]);
    expect(answer(policy, "clone", [0x1200011n])).toEqual(allowed);
    for (const flag of [0x20000n, 0x10000000n, 0x40000000n, 0x7e020000n])
      expect(answer(policy, "clone", [flag | 17n])).toEqual(errno(1));
  });

  test("memory is writable or executable, not both, and does not become executable", () => {
    const policy = policyOf([
      "7 mmap(NULL, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE, 3, 0) = 0x7f",
      "7 mprotect(0x7f, 4096, PROT_READ) = 0",
    ]);
    for (const protection of [0n, 1n, 3n, 4n, 5n])
      expect(answer(policy, "mmap", [0n, 4096n, protection])).toEqual(allowed);
    for (const protection of [6n, 7n, 0xf_0000_0007n])
      expect(answer(policy, "mmap", [0n, 4096n, protection])).toEqual(errno(13));
    expect(answer(policy, "mprotect", [0n, 4096n, 3n])).toEqual(allowed);
    expect(answer(policy, "mprotect", [0n, 4096n, 5n])).toEqual(errno(13));
  });

  test("a just-in-time compiler keeps what it was seen to do, and no more", () => {
    const policy = policyOf(["7 mprotect(0x7f, 4096, PROT_READ|PROT_EXEC) = 0"]);
    expect(answer(policy, "mprotect", [0n, 4096n, 5n])).toEqual(allowed);
    expect(answer(policy, "mprotect", [0n, 4096n, 7n])).toEqual(errno(13));
    expect(
      answer(policyOf(["7 mmap(NULL, 4096, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE, -1, 0) = 0x7f"]), "mmap", [
        0n,
        4096n,
        7n,
      ]),
    ).toEqual(allowed);
  });

  test("a compiler at run time keeps what it needs under load, and the profile says why", () => {
    const log = [
      '7 execve("/usr/bin/node", ["node"], 0x1) = 0',
      "7 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE, -1, 0) = 0x7f",
      "7 mprotect(0x7f, 4096, PROT_READ) = 0",
    ];
    expect(answer(policyOf(log), "mprotect", [0n, 4096n, 7n])).toEqual(allowed);
    expect(emitDocker(policyOf(log))).toContain("mprotect with any arguments, because node compiles while it runs");
    const postgres = policyOf(log.map((line) => line.replace("node", "postgres")));
    expect(answer(postgres, "mprotect", [0n, 4096n, 5n])).toEqual(allowed);
    expect(answer(postgres, "mprotect", [0n, 4096n, 7n])).toEqual(errno(13));
  });

  test("prctl keeps what was seen, what the runtime calls and what is harmless; each says which it is", () => {
    const policy = policyOf(["7 prctl(PR_SET_TIMERSLACK, 1) = 0"]);
    for (const option of [29n, 24n, 15n, 0x1_0000_000fn]) expect(answer(policy, "prctl", [option])).toEqual(allowed);
    for (const option of [28n, 35n, 22n]) expect(answer(policy, "prctl", [option])).toEqual(errno(38));
    expect(emitDocker(policy)).toMatch(
      /observed: prctl PR_SET_TIMERSLACK.*\n.*prctl PR_CAPBSET_DROP: drops|companion: prctl PR_SET_NAME: a harmless/,
    );
    expect(
      answer(policyOf(["7 prctl(PR_SET_TIMERSLACK, 1) = 0"], {}, { noNewPrivileges: true }), "prctl", [24n]),
    ).toEqual(errno(38));
  });

  test("ioctl does everything but type into terminals and change their protocol, whatever the upper bits say", () => {
    const policy = policyOf(["7 ioctl(0, TCGETS, 0x1) = 0"]);
    const [rules] = [policy.filters[0]?.syscalls.get("ioctl") ?? []];
    expect(rules.length).toBeLessThan(24);
    for (let request = 0n; request < 0x1_0000n; request++) {
      const denied = [0x5412n, 0x541cn, 0x5423n, 0x5429n].includes(request);
      for (const upper of [0n, 0xdead_beef_0000_0000n])
        expect(
          rules.some(
            ({ action, rule }) =>
              action.action === "SCMP_ACT_ALLOW" && ruleMatches(rule, [0n, upper | request, 0n, 0n, 0n, 0n]),
          ),
          request.toString(16),
        ).toBe(!denied);
    }
    for (const upper of [0n, 1n << 32n]) expect(answer(policy, "ioctl", [0n, upper | 0x5412n])).toEqual(errno(5));
    expect(answer(policy, "ioctl", [0n, 0x8000_5413n])).toEqual(allowed);
    expect(emitDocker(policy)).toContain("observed: ioctl any request but TIOCSTI, TIOCLINUX");
  });

  test("ioctl keeps what was seen of that", () => {
    const typed = policyOf(["7 ioctl(0, TIOCSTI, 0x1) = 0"]);
    expect([0x5412n, 0x541cn, 0x5413n].map((request) => answer(typed, "ioctl", [0n, request]))).toEqual([
      allowed,
      errno(5),
      allowed,
    ]);
    // SNDRV_TIMER_IOCTL_PARAMS has the lower half of TIOCSTI.
    const timer = policyOf(["7 ioctl(0, 0x40505412, 0x1) = 0"]);
    expect([0x4050_5412n, 0x5412n].map((request) => answer(timer, "ioctl", [0n, request]))).toEqual([
      allowed,
      errno(38),
    ]);
  });

  test("operations of mount and perf_event_open are pinned where they are allowed at all", () => {
    const policy = policyOf(
      ["7 mount(0x1, 0x2, 0x3, MS_BIND, 0) = 0", "7 perf_event_open(0x1, 0, -1, -1, PERF_FLAG_FD_CLOEXEC) = 3"],
      { ceiling: wide },
    );
    expect([0x1000n, 0x4000n].map((flags) => answer(policy, "mount", [0n, 0n, 0n, flags]))).toEqual([
      allowed,
      errno(38),
    ]);
    expect([8n, 4n].map((flags) => answer(policy, "perf_event_open", [0n, 0n, 0n, 0n, flags]))).toEqual([
      allowed,
      errno(38),
    ]);
  });

  test("none leaves them open as far as the ceiling goes", () =>
    expect(answer(policyOf(socket, { args: "none" }), "socket", [17n, 3n, 0n])).toEqual(allowed));

  test("strict pins operations", () => {
    const policy = policyOf(["7 fcntl(3, F_SETLK, 0x1) = 0"], { args: "strict" });
    expect(answer(policy, "fcntl", [3n, 6n])).toEqual(allowed);
    expect(answer(policy, "fcntl", [3n, 1n])).toEqual(allowed); // the runtime's own
    expect(answer(policy, "fcntl", [3n, 1031n])).toEqual(errno(38));
  });
});

describe("the floor", () => {
  test("follows no-new-privileges", () => {
    expect(answer(policyOf([], { exact: true }), "capset")).toEqual(allowed);
    expect(answer(policyOf([], { exact: true }, { noNewPrivileges: true }), "capset")).toEqual(errno(38));
  });

  test("of crun is smaller", () => {
    const allowing = (floor: PolicyOptions["floor"]): number =>
      [...(policyOf([], { exact: true, reach: true, floor }).filters[0]?.syscalls.values() ?? [])].filter((rules) =>
        rules.some(({ action }) => action.action === "SCMP_ACT_ALLOW"),
      ).length;
    expect(allowing("crun")).toBeLessThan(allowing("any"));
  });
});

describe("companions", () => {
  test("come with their trigger only, and not with --exact", () => {
    expect(answer(policyOf(["7 pipe([3, 4]) = 0"]), "pipe2")).toEqual(allowed);
    expect(answer(policyOf([]), "pipe2")).toEqual(errno(38));
    expect(answer(policyOf(["7 pipe([3, 4]) = 0"], { exact: true }), "pipe2")).toEqual(errno(38));
  });

  test("of another libc come where they would be called", () => {
    expect(answer(policyOf(["7 epoll_create1(0) = 3"]), "epoll_create")).toEqual(allowed);
    expect(answer(policyOf(["7 set_robust_list(0x1, 24) = 0", "7 epoll_create1(0) = 3"]), "epoll_create")).toEqual(
      errno(38),
    );
    expect(answer(policyOf(["7 set_robust_list(0x1, 24) = 0", "7 epoll_create(1) = 3"]), "epoll_create1")).toEqual(
      allowed,
    );
    expect(answer(policyOf(["7 set_tid_address(0x1) = 7"]), "tkill")).toEqual(allowed);
    expect(answer(policyOf(["7 set_tid_address(0x1) = 7", "7 set_robust_list(0x1, 24) = 0"]), "tkill")).toEqual(
      errno(38),
    );
  });

  test("of processes do not come with threads", () => {
    const threads = policyOf([
      "7 clone(child_stack=0x7f, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD) = 8",
    ]);
    expect(answer(threads, "fork")).toEqual(errno(38));
    const both = policyOf([
      "7 clone(child_stack=0x7f, flags=CLONE_VM|CLONE_THREAD) = 8",
      "7 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 9",
    ]);
    expect(answer(both, "fork")).toEqual(allowed);
  });

  test("of connections do not come with the name service's vain question", () => {
    expect(
      answer(
        policyOf([
          '7 connect(3, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT (No such ' +
            "file or directory)",
        ]),
        "poll",
      ),
    ).toEqual(errno(38));
    expect(
      answer(
        policyOf([
          '7 connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 ' +
            "EINPROGRESS (Operation now in progress)",
        ]),
        "poll",
      ),
    ).toEqual(allowed);
  });

  test("of scripts do not come with services", () => {
    const tar = '7 execve("/bin/tar", ["tar"], 0x1) = 0';
    expect(answer(policyOf([tar]), "unlinkat")).toEqual(allowed);
    expect(answer(policyOf([tar, "7 listen(3, 5) = 0"]), "unlinkat")).toEqual(errno(38));
  });

  test("bring the successor of an old call, not the old one", () => {
    expect(answer(policyOf(["7 getdents(3, 0x1, 100) = 0"]), "getdents64")).toEqual(allowed);
    expect(answer(policyOf(["7 getdents64(3, 0x1, 100) = 0"]), "getdents")).toEqual(errno(38));
  });
});

const levels = [undefined, "notable", "danger"];
const danger = (names: readonly string[]): number =>
  Math.max(0, ...names.map((name) => levels.indexOf(exposureOf(name)?.level)));
const rowsOfCompanions = [
  ...companionRows,
  ...twinRows.map((row) => ({
    ...row,
    triggers: [...row.names, ...(row.older ?? []), ...(row.glibc ?? [])],
    with: undefined,
    names: [...row.names, ...(row.glibc ?? [])],
    reason: row.breaks,
  })),
];

describe.each(rowsOfCompanions)("companions of $triggers: $reason", ({ triggers, with: all = [], programs, names }) => {
  const program = programs === undefined ? [] : [`7 execve("/bin/${programs[0]}", ["x"], 0x1) = 0`];
  const existing = triggers.filter((name) => syscallNumber(arch, name) !== undefined);
  const added = names.filter(
    (name) => syscallNumber(arch, name) !== undefined && ceiling.get(arch)?.syscalls.has(name),
  );

  test("come with any trigger, and not beyond its danger", () => {
    expect(danger(names)).toBeLessThanOrEqual(danger(triggers));
    for (const trigger of triggers.length === 0 ? [[]] : existing.map((name) => [name])) {
      const policy = policyOf([...program, ...[...trigger, ...all].map((name) => `7 ${name}(0x7e000000) = 0`)]);
      for (const name of added)
        expect(
          policy.filters[0]?.syscalls.get(name)?.some(({ action }) => action.action === "SCMP_ACT_ALLOW"),
          `${name} with ${trigger.join()}`,
        ).toBe(true);
    }
  });
});

test.each(["nginx", "redis"])("%s gets at most 40 companions without its code", (name) => {
  const { code: _, ...recording } = parseRecording(
    readFileSync(new URL(`../../../traces/${name}/recording.json`, import.meta.url), "utf8"),
    name,
  );
  const policy = buildPolicy(recording, policyOptions(ceiling));
  const companions = [...(policy.filters[0]?.syscalls ?? [])].filter(([, rules]) =>
    rules.every(({ action, because }) => action.action === "SCMP_ACT_ALLOW" && because.type === "companion"),
  );
  expect(companions.length).toBeGreaterThan(10);
  expect(companions.length).toBeLessThanOrEqual(40);
});

test.each(["1.13.0", "20.10.24", "23.0.0", "28.5.2"])(
  "nothing exceeds Docker %s's default, whatever was seen",
  async (version) => {
    const limit = resolve(await loadDockerDefault(dockerDefaultFor(version).file), host).filters;
    const everything = [...(ceiling.get(arch)?.syscalls.keys() ?? [])].map(
      (name) => `7 ${name}(0x7e020011, 0x28, 0x1) = 0`,
    );
    for (const args of ["none", "standard", "strict"] as const) {
      const policy = policyOf(everything, { args, ceiling: limit });
      const after = resolve(readProfile(emitDocker(policy), "profile"), host).filters;
      const wider = diffFilters(limit, after).syscalls.filter(
        ({ kind }) => kind === "newly-allowed" || kind === "widened" || kind === "changed",
      );
      expect(wider).toEqual([]);
    }
  },
);

test("what is emitted answers as the policy says", () => {
  const policy = policyOf(["7 socket(AF_INET, SOCK_STREAM, 0) = 3", "7 setpgid(0, 0) = 0"]);
  const filters = new Map<ScmpArch, Policy["filters"][number]>(policy.filters.map((filter) => [filter.arch, filter]));
  const read = resolve(readProfile(emitDocker(policy), "profile"), { ...host, runtime: "crun" }).filters;
  expect(diffFilters(filters, read).syscalls).toEqual([]);
});

test("every row of the tables names calls that exist and says why", () => {
  for (const row of floorRows)
    expect(
      row.names.filter((name) => !isSyscallName(name)),
      row.reason,
    ).toEqual([]);
  for (const row of companionRows)
    expect(
      [...row.triggers, ...row.names].filter((name) => !isSyscallName(name)),
      row.reason,
    ).toEqual([]);
  for (const row of twinRows)
    expect(
      row.names.filter((name) => !isSyscallName(name)),
      row.source,
    ).toEqual([]);
  for (const row of probeRows)
    expect(
      row.names.filter((name) => !isSyscallName(name)),
      row.who,
    ).toEqual([]);
  for (const row of argumentRows) {
    expect(row.syscalls.filter((name) => !isSyscallName(name))).toEqual([]);
    // No program passes waitid an address of the kernel, so no value of it needs to be recorded.
    for (const name of row.syscalls.filter((each) => each !== "waitid"))
      expect(inspectedArguments(arch, name)?.indices, name).toEqual(row.indices);
    expect(Math.min(row.constants.length, row.attacker.length, row.programs.length)).toBeGreaterThan(5);
  }
  for (const { reason, source } of [...floorRows, ...companionRows])
    expect(Math.min(reason.length, source.length)).toBeGreaterThan(5);
  for (const { breaks, source } of [...companionRows, ...twinRows])
    expect(Math.min(breaks.length, source.length)).toBeGreaterThan(5);
});

describe("what runtimes need to start", () => {
  const start = { noNewPrivileges: false, init: false };
  const filterOf = (policy: Policy) => {
    const filter = resolve(readProfile(emitDocker(policy), "profile"), host).filters.get(arch);
    if (filter === undefined) throw new Error("no filter");
    return filter;
  };

  test("is all there by default", () => expect(missingFloor(filterOf(policyOf([])), start)).toEqual([]));

  test("is named where another runtime needs it", () => {
    const missing = missingFloor(filterOf(policyOf([], { floor: "crun" })), start);
    expect(missing).toContain("fstatfs");
    expect(missing).not.toContain("umask");
  });
});

describe("an argument that could not be read", () => {
  const made = (...log: readonly string[]): Policy => buildPolicy(recorded(log), policyOptions(wide));
  const socket = (family: bigint, protocol: bigint, policy: Policy): string =>
    policy.filters.map(
      (filter) =>
        evaluate(filter, {
          arch,
          name: "socket",
          nr: syscallNumber(arch, "socket"),
          args: [family, 3n, protocol, 0n, 0n, 0n],
        }).action,
    )[0] ?? "";
  const lost = ({ notes }: Policy): readonly string[] =>
    notes.flatMap((note) => (note.kind === "unpinned" ? [`${note.syscall}: ${note.reason}`] : []));

  test("leaves the others pinned: the family counts where the protocol is unknown", () => {
    const policy = made("7 socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) = 3", "7 socket(AF_UNIX, SOCK_STREAM, 0) = 4");
    expect([17n, 1n].map((family) => socket(family, 0x300n, policy))).toEqual(["SCMP_ACT_ALLOW", "SCMP_ACT_ALLOW"]);
    expect([38n, 2n, 16n, 31n].map((family) => socket(family, 0n, policy))).not.toContain("SCMP_ACT_ALLOW");
    expect(lost(policy)).toEqual([]);
  });

  test("of a netlink socket allows any protocol, and says so", () => {
    const policy = made("7 socket(AF_NETLINK, SOCK_RAW, NETLINK_UNHEARD_OF) = 3");
    expect([0n, 12n].map((protocol) => socket(16n, protocol, policy))).toEqual(["SCMP_ACT_ALLOW", "SCMP_ACT_ALLOW"]);
    expect(socket(38n, 0n, policy)).not.toBe("SCMP_ACT_ALLOW");
    expect(lost(policy)).toEqual(["socket: a protocol of AF_NETLINK could not be read"]);
  });

  test("of an internet socket allows its family whole, pins the other, and says both losses", () => {
    const policy = made(
      "7 socket(AF_INET, SOCK_UNHEARD_OF, IPPROTO_TCP) = 3",
      "7 socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP) = 3",
      "7 socket(AF_NETLINK, SOCK_RAW, NETLINK_UNHEARD_OF) = 3",
    );
    expect(socket(2n, 255n, policy)).toBe("SCMP_ACT_ALLOW");
    expect(socket(10n, 255n, policy)).not.toBe("SCMP_ACT_ALLOW");
    expect(lost(policy)).toEqual([
      "socket: a protocol of AF_NETLINK could not be read; a type or protocol of AF_INET could not be read",
    ]);
  });

  // Each call that a table row pins, under the strictest row. A call that the ceiling denies is not pinned.
  const pinned = [...new Set(argumentRows.flatMap(({ syscalls }) => syscalls))].filter(
    (name) => syscallNumber(arch, name) !== undefined && inspectedArguments(arch, name) !== undefined,
  );

  test.each(pinned)("of %s is told by the call's name", (name) => {
    const { indices, names } = inspectedArguments(arch, name) ?? { indices: [], names: undefined };
    const shown = [0, 1, 2, 3, 4, 5].map((index) => (index === indices[0] ? "UNHEARD_OF" : "0"));
    const log = `7 ${name}(${names === undefined ? shown.join(", ") : `${names[0] ?? ""}=UNHEARD_OF`}) = 0`;
    const policy = buildPolicy(recorded([log]), policyOptions(wide, { args: "strict" }));
    const isDenied = policy.notes.some((note) => note.kind === "above-ceiling" && note.syscall === name);
    expect(lost(policy)).toEqual(isDenied ? [] : [`${name}: an argument could not be read`]);
  });

  test("unpins a call that is pinned by nothing else, by name", () => {
    expect(lost(made("7 socket(AF_UNHEARD_OF, SOCK_STREAM, 0) = 3", "7 bpf(BPF_UNHEARD_OF, 0x1, 8) = 3"))).toEqual([
      "bpf: an argument could not be read",
      "socket: an argument could not be read",
    ]);
  });
});
