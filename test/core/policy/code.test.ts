import fc from "fast-check";
import { expect, test } from "vitest";
import { buildPolicy, howWords, type Policy, type PolicyOptions } from "../../../src/core/policy/index.ts";
import { resolve } from "../../../src/core/profile/index.ts";
import {
  mergeCode,
  type CodeEvidence,
  type CodeVia,
  type Recording,
  type SyscallRecord,
} from "../../../src/core/recording/index.ts";
import { callArgs, evaluate, isAllowing } from "../../../src/core/seccomp/index.ts";
import { defaultCapabilities, syscallNames, syscallNumber, weigh } from "../../../src/core/tables/index.ts";
import { loadDockerDefault } from "../../../src/project/index.ts";
import { policyOptions } from "../../support/options.ts";

const arch = "SCMP_ARCH_X86_64";
const host = { arch, capabilities: new Set(defaultCapabilities), kernel: undefined, runtime: "runc" } as const;
const ceiling = new Map(resolve(await loadDockerDefault("20.10.22.json"), host).filters);
const seen = (args?: SyscallRecord["args"]): SyscallRecord => ({
  calls: 1,
  results: ["ok"],
  processes: ["app"],
  ...(args === undefined ? {} : { args }),
});

function evidenceOf(names: readonly string[], files: Partial<CodeEvidence["programs"][string]> = {}): CodeEvidence {
  const via = { program: "app", rank: "few-imports", object: "libc.so.6", function: "f" } as const;
  return {
    programs: { app: { objects: ["app"], ...files } },
    calls: { [arch]: Object.fromEntries(names.map((name) => [name, via])) },
  };
}

function policyOf(
  code: CodeEvidence | undefined,
  options: Partial<PolicyOptions> = {},
  syscalls: { readonly [name: string]: SyscallRecord } = { execve: seen(), read: seen() },
): Policy {
  const recording: Recording = {
    version: 1,
    name: "app",
    runs: [{ source: "log", command: [], versions: {}, ended: "exited" }],
    syscalls: { [arch]: syscalls },
    ...(code === undefined ? {} : { code }),
  };
  return buildPolicy(recording, policyOptions(ceiling, options));
}

function allows({ filters: [filter] }: Policy, name: string, args: Parameters<typeof callArgs>[0] = {}): boolean {
  if (filter === undefined) throw new Error("no filter");
  return isAllowing(evaluate(filter, { arch, name, nr: syscallNumber(arch, name), args: callArgs(args) }));
}

const reasonsOf = ({ filters: [filter] }: Policy, name: string): readonly string[] =>
  (filter?.syscalls.get(name) ?? []).map(({ because }) => because.type);

const reasonsIn = ({ filters: [filter] }: Policy, name: string): unknown =>
  (filter?.syscalls.get(name) ?? []).map(({ because }) => because);

test("an ordinary call that the code can make is allowed, and says so", () => {
  const policy = policyOf(evidenceOf(["getxattr"]));
  expect(allows(policy, "getxattr")).toBe(true);
  expect(reasonsOf(policy, "getxattr")).toEqual(["code"]);
  expect(allows(policyOf(undefined), "getxattr")).toBe(false);
});

test.each([
  ["own-code", "at 0x1234", [], "its own instructions"],
  ["few-imports", "getxattr", ["getxattr"], "through libc.so.6"],
  ["many-imports", "getxattr", ["acl_get_file"], "through acl_get_file, libc.so.6"],
  ["libraries", "at 0x1234", [], "its libraries, libc.so.6"],
  ["pointers", "at 0x1234", [], "pointers in data, libc.so.6"],
] as const)("a profile says of a way by %s and %s no address and no name twice", (rank, name, imports, how) => {
  const via: CodeVia = {
    program: "app",
    rank,
    object: "libc.so.6",
    function: name,
    ...(imports.length === 0 ? {} : { imports }),
  };
  const code: CodeEvidence = {
    programs: { app: { objects: ["app"] } },
    calls: { [arch]: { getxattr: via } },
  };
  expect(reasonsIn(policyOf(code, { furthestRank: "pointers" }), "getxattr")).toEqual([
    expect.objectContaining({ type: "code", how }),
  ]);
});

test("evidence allows nothing with --exact or --no-reach", () => {
  expect(allows(policyOf(evidenceOf(["getxattr"]), { exact: true }), "getxattr")).toBe(false);
  expect(allows(policyOf(evidenceOf(["getxattr"]), { reach: false }), "getxattr")).toBe(false);
});

test("whatever evidence claims, nothing more than ordinary is allowed whole, and nothing above the ceiling", () => {
  const plain = policyOf(undefined);
  fc.assert(
    fc.property(fc.subarray([...syscallNames(arch)]), (names) => {
      const policy = policyOf(evidenceOf(names));
      for (const name of names) {
        if (weigh(name).weight === "ordinary" || name === "clone") continue;
        if (!allows(plain, name)) expect(allows(policy, name), name).toBe(false);
      }
      const limit = ceiling.get(arch);
      for (const name of names)
        if (limit !== undefined && allows(policy, name) && !allows(plain, name))
          expect(
            isAllowing(evaluate(limit, { arch, name, nr: syscallNumber(arch, name), args: callArgs() })),
            name,
          ).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("a dangerous call of the code is told with its way, and stays denied", () => {
  const { notes } = policyOf(evidenceOf(["ptrace", "getxattr"]));
  expect(notes).toContainEqual(expect.objectContaining({ kind: "in-code", syscall: "ptrace", weight: "dangerous" }));
  expect(notes).not.toContainEqual(expect.objectContaining({ kind: "in-code", syscall: "getxattr" }));
});

test("a pair of AF_UNIX sockets is ordinary, other families of it are not", () => {
  const policy = policyOf(evidenceOf(["socketpair"]));
  expect(allows(policy, "socketpair", { 0: 1n })).toBe(true);
  expect(allows(policy, "socketpair", { 0: 38n })).toBe(false);
});

const withOperations = (
  code: CodeEvidence,
  operations: { readonly [syscall: string]: { readonly [values: string]: string } },
): CodeEvidence => ({ ...code, operations: { [arch]: operations } });

test("a family that the code passes as a constant belongs to the pin, if it is ordinary", () => {
  const syscalls = { execve: seen(), socket: seen({ indices: [0, 2], values: [[2n, 0n]] }) };
  const code = withOperations(evidenceOf(["socket"]), {
    socket: {
      "arg0=1 arg1=524290 arg2=0": "openlog in libc.so.6",
      "arg0=16 arg1=524291 arg2=0": "__check_pf in libc.so.6",
      "arg0=38 arg1=5 arg2=0": "hash in app",
      "arg0=* arg1=1 arg2=0": "connect_to in app",
    },
  });
  const policy = policyOf(code, {}, syscalls);
  expect(allows(policy, "socket", { 0: 2n })).toBe(true);
  expect(allows(policy, "socket", { 0: 1n })).toBe(true);
  expect(allows(policy, "socket", { 0: 16n, 2: 0n })).toBe(true);
  expect(allows(policy, "socket", { 0: 16n, 2: 12n })).toBe(false);
  expect(allows(policy, "socket", { 0: 38n })).toBe(false);
  expect(JSON.stringify(reasonsIn(policy, "socket"))).toContain("openlog in libc.so.6");
  expect(allows(policyOf(evidenceOf(["socket"]), {}, syscalls), "socket", { 0: 1n })).toBe(false);
});

test.each(["standard", "strict"] as const)("at %s, code opens operations of open families, and no family", (args) => {
  const raw = { "arg0=2 arg1=3 arg2=0": "ping in app", "arg0=10 arg1=3 arg2=0": "ping6 in app" };
  const code = withOperations(evidenceOf(["socket"]), { socket: raw });
  const socket = seen({ indices: [0, 1, 2], values: [[2n, 1n, 0n]] });
  const policy = policyOf(code, { args }, { execve: seen(), socket });
  expect(allows(policy, "socket", { 0: 2n, 1: 1n })).toBe(true);
  expect(allows(policy, "socket", { 0: 2n, 1: 3n })).toBe(true);
  expect(allows(policy, "socket", { 0: 10n, 1: 3n })).toBe(false);
  // The answer of a kernel without the family.
  const [filter] = policy.filters;
  const call = { arch, name: "socket", nr: syscallNumber(arch, "socket"), args: callArgs({ 0: 10n, 1: 3n }) } as const;
  expect(filter && evaluate(filter, call)).toEqual({ action: "SCMP_ACT_ERRNO", errnoRet: 97 });
});

test("a socket option that the code passes is ordinary, and no other option comes with it", () => {
  const code = withOperations(evidenceOf(["setsockopt"]), {
    setsockopt: { "arg1=1 arg2=9": "keep in app", "arg1=0 arg2=64": "rules in app", "arg1=6 arg2=*": "tune in app" },
  });
  const policy = policyOf(code);
  expect(allows(policy, "setsockopt", { 1: 1n, 2: 9n })).toBe(true);
  expect(allows(policy, "setsockopt", { 1: 1n, 2: 2n })).toBe(false);
  expect(allows(policy, "setsockopt", { 1: 0n, 2: 64n })).toBe(false);
  // With any option of TCP.
  expect(allows(policy, "setsockopt", { 1: 6n, 2: 1n })).toBe(true);
  expect(allows(policy, "setsockopt", { 1: 6n, 2: 31n })).toBe(false);
});

test("an interpreter, whose code passes what a script gives, may set ordinary options and no others", () => {
  const code = withOperations(evidenceOf(["setsockopt", "socket"]), {
    setsockopt: { "arg1=* arg2=*": "Perl_pp_ssockopt in perl" },
    socket: { "arg0=* arg1=* arg2=*": "Perl_pp_socket in perl" },
  });
  const policy = policyOf(code);
  expect(allows(policy, "setsockopt", { 1: 1n, 2: 2n })).toBe(true);
  expect(allows(policy, "setsockopt", { 1: 6n, 2: 1n })).toBe(true);
  expect(allows(policy, "setsockopt", { 1: 6n, 2: 31n })).toBe(false);
  expect(allows(policy, "setsockopt", { 1: 0n, 2: 64n })).toBe(false);
  expect(allows(policy, "socket", { 0: 1n })).toBe(false);
});

test("what a C library asks the kernel for opens no operation, whoever uses the library", () => {
  const code = withOperations(evidenceOf(["futex"]), { futex: { "arg1=135": "pthread_mutex_init in libc.so.6" } });
  const syscalls = { execve: seen(), futex: seen({ indices: [1], values: [[129n]] }) };
  expect(allows(policyOf(code, {}, syscalls), "futex", { 1: 135n })).toBe(false);
  expect(allows(policyOf(code, {}, syscalls), "futex", { 1: 7n })).toBe(false);
  expect(allows(policyOf(code, {}, syscalls), "futex", { 1: 128n })).toBe(true);
});

test("code opens no dangerous operation, also where it passes it as a constant", () => {
  const passed = { "arg1=21506": "set in app", "arg1=21522": "type in app", "arg1=21532": "paste in app" };
  const code = withOperations(evidenceOf(["ioctl"]), { ioctl: passed });
  const policy = policyOf(code, {}, { execve: seen(), ioctl: seen({ indices: [1], values: [[0x5401n]] }) });
  expect([0x5402n, 0x5412n, 0x541cn].map((request) => allows(policy, "ioctl", { 1: request }))).toEqual([
    true,
    false,
    false,
  ]);
});

test("a rare call counts only if it is near, and never of a program that did not run", () => {
  const way = (rank: CodeVia["rank"], ran: boolean): CodeEvidence => ({
    programs: { app: { objects: ["app"], ...(ran ? {} : { ran: false as const }) } },
    calls: { [arch]: { sched_setscheduler: { program: "app", rank, object: "libc.so.6", function: "f" } } },
  });
  expect(allows(policyOf(way("few-imports", true)), "sched_setscheduler")).toBe(true);
  expect(allows(policyOf(way("many-imports", true)), "sched_setscheduler")).toBe(false);
  expect(allows(policyOf(way("own-code", false)), "sched_setscheduler")).toBe(false);
});

test("the far way of a program that ran does not hide the near one of a program that did not", () => {
  const of = (program: string, rank: CodeVia["rank"], ran: boolean): CodeEvidence => ({
    programs: { [program]: { objects: [program], ...(ran ? {} : { ran: false as const }) } },
    calls: { [arch]: { fadvise64: { program, rank, object: "libc.so.6", function: "f" } } },
  });
  const code = mergeCode(of("app", "libraries", true), of("cat", "few-imports", false));
  expect(allows(policyOf(code), "fadvise64")).toBe(true);
  expect(allows(policyOf(of("app", "libraries", true)), "fadvise64")).toBe(false);
});

test("of a program that did not run, far ways do not count", () => {
  const far = (ran: boolean): CodeEvidence => ({
    programs: { tool: { objects: ["tool"], ...(ran ? {} : { ran: false as const }) } },
    calls: { [arch]: { getxattr: { program: "tool", rank: "many-imports", object: "libc.so.6", function: "f" } } },
  });
  expect(allows(policyOf(far(true)), "getxattr")).toBe(true);
  expect(allows(policyOf(far(false)), "getxattr")).toBe(false);
});

/** A service that flushed a file once. It looks like a database if nobody reads its code. */
const service = { execve: seen(), fsync: seen(), listen: seen() };

test("code refutes a guess: one fsync does not make a service a database", () => {
  const policy = policyOf(evidenceOf(["execve", "fsync", "listen"]), {}, service);
  for (const name of ["truncate", "pwritev", "rmdir", "rename"]) expect(allows(policy, name), name).toBe(false);
  // The kernel's own calls, and those of other versions, are not guesses.
  for (const name of ["restart_syscall", "fdatasync", "accept4", "shutdown"])
    expect(allows(policy, name), name).toBe(true);
});

test.each<[string, CodeEvidence | undefined, { readonly reach?: boolean }]>([
  ["no code was read", undefined, {}],
  ["--no-reach leaves code out", evidenceOf(["execve"]), { reach: false }],
  ["a place of the code may make any call", evidenceOf(["execve"], { open: ["app f"] }), {}],
  ["a file of the program could not be read", evidenceOf(["execve"], { unread: ["libx.so: not found"] }), {}],
  ["the program did not run", evidenceOf(["execve"], { ran: false }), {}],
  ["the code of another program was read", { ...evidenceOf(["execve"]), programs: { sh: { objects: ["sh"] } } }, {}],
])("a guess holds if %s", (_, code, options) => {
  const policy = policyOf(code, options, service);
  expect(allows(policy, "truncate")).toBe(true);
  expect(reasonsOf(policy, "truncate")).toEqual(["companion"]);
});

test("a constant that the code passes opens its own operation and no other", () => {
  const syscalls = { execve: seen(), socket: seen({ indices: [0, 1, 2], values: [[2n, 1n, 6n]] }) };
  const passing = (values: string): Policy =>
    policyOf(withOperations(evidenceOf(["socket"]), { socket: { [values]: "dial in app" } }), {}, syscalls);
  expect(allows(passing("arg0=2 arg1=1 arg2=132"), "socket", { 0: 2n, 1: 1n, 2: 132n })).toBe(true);
  expect(allows(passing("arg0=2 arg1=1 arg2=6"), "socket", { 0: 2n, 1: 1n, 2: 132n })).toBe(false);
  expect(allows(passing("arg0=2 arg1=1 arg2=*"), "socket", { 0: 2n, 1: 1n, 2: 132n })).toBe(false);
});

test("the way to a call names the imports that lead to it, or the function if it is imported itself", () => {
  const way = { program: "app", rank: "few-imports", object: "libc.so.6", function: "openat" } as const;
  expect(howWords(way)).toBe("through openat in libc.so.6");
  expect(howWords({ ...way, imports: ["openat", "fopen"] })).toBe("through openat in libc.so.6");
  expect(howWords({ ...way, imports: ["fopen", "freopen"] })).toBe("through fopen or freopen, openat in libc.so.6");
  expect(howWords({ ...way, rank: "own-code" })).toBe("its own openat");
  expect(howWords({ ...way, rank: "libraries" })).toBe("its libraries, openat in libc.so.6");
  expect(howWords({ ...way, rank: "pointers" })).toBe("pointers in data, openat in libc.so.6");
});

test("a profile says no address, which every build changes, and no function of the call's own name", () => {
  const of = (via: Partial<CodeVia>): unknown => {
    const evidence = evidenceOf(["fdatasync"]);
    const way: CodeVia = { program: "app", rank: "few-imports", object: "libc.so.6", function: "fdatasync", ...via };
    return reasonsIn(policyOf({ ...evidence, calls: { [arch]: { fdatasync: way } } }), "fdatasync");
  };
  const through = (how: string): unknown => [{ type: "code", program: "app", ran: true, how }];
  expect(of({})).toEqual(through("through libc.so.6"));
  expect(of({ function: "at 0x7f1d0", imports: ["flush", "save"] })).toEqual(
    through("through flush or save, libc.so.6"),
  );
  expect(of({ function: "sync_all" })).toEqual(through("through sync_all in libc.so.6"));
  expect(of({ rank: "own-code", function: "at 0x1f0" })).toEqual(through("its own instructions"));
});
