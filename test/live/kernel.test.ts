import { execa } from "execa";
import { readFile, writeFile } from "node:fs/promises";
import { release } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import glob from "fast-glob";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { floorFor } from "../../src/core/policy/index.ts";
import { readProfile, resolve } from "../../src/core/profile/index.ts";
import type { DockerArg, DockerProfile, DockerSyscallGroup, HostContext } from "../../src/core/profile/types.ts";
import { argIndexes, callArgs, evaluate, partition } from "../../src/core/seccomp/index.ts";
import type { Action, ArgCondition, Filter, Rule, SeccompData } from "../../src/core/seccomp/types.ts";
import {
  defaultCapabilities,
  dockerDefaults,
  isSyscallName,
  syscallName,
  syscallNames,
  syscallNumber,
} from "../../src/core/tables/index.ts";
import { anyRule } from "../support/arbitraries.ts";
import { boundaryValues } from "../support/boundary.ts";
import { notX64 } from "../support/machine.ts";
import { docker, workplace } from "../support/product.ts";

/** The long run (npm run test:kernel) has many profiles of each kind. Every other run has a few. */
const long = process.env["SECCOMP_GEN_KERNEL"] !== undefined;
const root = fileURLToPath(new URL("../../", import.meta.url));

let folder = "";
let ignoresDefaultErrnoRet = false;
beforeAll(async () => {
  folder = await workplace();
  ignoresDefaultErrnoRet =
    Number.parseInt((await docker("version", "--format", "{{.Server.Version}}")).stdout, 10) < 23;
});

/** The calls that the runtime and the probing program need. They are always allowed and never probed. */
const kept: ReadonlySet<string> = new Set([
  ...floorFor("any", { noNewPrivileges: false, init: false }).flatMap(({ names }) => names),
  ...(
    "read write close pipe pipe2 fork vfork clone wait4 exit exit_group brk mmap munmap mprotect " +
    "arch_prctl set_tid_address set_robust_list rseq prlimit64 readlink readlinkat getrandom fstat " +
    "newfstatat lseek ioctl getpid gettid tgkill rt_sigprocmask rt_sigaction rt_sigreturn clone3"
  ).split(" "),
]);

/** The errno for what the profile allows. No probe may reach the kernel. */
const allowedErrno = 199;

/** The same filter with visible verdicts: what it allows answers with an errno of its own. */
function visible(profile: DockerProfile): DockerProfile {
  const lets = (action: string): boolean => action === "SCMP_ACT_ALLOW" || action === "SCMP_ACT_LOG";
  const groups = profile.syscalls.flatMap((group): DockerSyscallGroup[] => {
    const names = group.names.filter((name) => !kept.has(name));
    return names.length === 0 || group.action === "SCMP_ACT_NOTIFY"
      ? []
      : [
          lets(group.action)
            ? { ...group, names, action: "SCMP_ACT_ERRNO", errnoRet: allowedErrno }
            : { ...group, names },
        ];
  });
  const denying = lets(profile.defaultAction) ? { defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 197 } : {};
  return {
    ...profile,
    ...denying,
    syscalls: [...groups, { names: [...kept].filter(isSyscallName).sort(), action: "SCMP_ACT_ALLOW" }],
  };
}

function stringify(profile: DockerProfile): string {
  return JSON.stringify(profile, (_, value: unknown) =>
    typeof value === "bigint" ? `bigint ${value}` : value,
  ).replace(/"bigint (\d+)"/g, "$1");
}

interface Probe {
  readonly compat: boolean;
  readonly call: SeccompData & { readonly nr: number };
}

/**
 * Above x32's bit 30, but without it. If the profile has x32, libseccomp takes it for x32's number and runc's stub for
 * x86_64's. Such profiles skip it.
 */
const noArchitecture = 0xbfff_ffff;

/** Numbers with bit 30, which marks x32, alone and with other bits, and numbers above it. */
const strangeNumbers = [0x4000_0000, 0x4000_0001, 0x4000_0200, noArchitecture];

/** Every number. For each call with conditions, also all of their boundary values. */
function probesOf(filter: Filter, compat: boolean): readonly Probe[] {
  const { arch } = filter;
  const numbers = [
    ...Array(700).keys(),
    0xffff_ffff,
    0x3fff_ffff,
    ...(compat ? [] : strangeNumbers),
    ...(filter.enosysAbove === undefined ? [] : [filter.enosysAbove - 1, filter.enosysAbove, filter.enosysAbove + 1]),
  ];
  const plain = numbers.map((nr): Probe => ({
    compat,
    call: { arch, nr, name: syscallName(arch, nr) ?? "", args: callArgs() },
  }));
  const conditional = [...filter.syscalls].flatMap(([name, rules]): Probe[] => {
    const nr = syscallNumber(arch, name);
    if (nr === undefined) return [];
    // Every set of rules that some call matches together, unless there are too many.
    const calls = partition(
      rules.length > 8 ? [{ ask: "decider", filter, name }] : rules.map(({ rule }) => ({ ask: "match", rule })),
    );
    const around = argIndexes.flatMap((index) => {
      const conditions = rules.flatMap(({ rule }) =>
        rule.conditions.filter((condition: ArgCondition) => condition.index === index),
      );
      return conditions.length === 0
        ? []
        : boundaryValues(conditions).flatMap((value) =>
            calls.slice(0, 3).map((args) => callArgs(Object.assign({}, args, { [index]: value }))),
          );
    });
    return [...calls, ...around].map((args) => ({
      compat,
      call: {
        arch,
        nr,
        name,
        args: compat ? (args.map((value) => BigInt.asUintN(32, value)) as unknown as SeccompData["args"]) : args,
      },
    }));
  });
  return [...plain, ...conditional].filter(({ call }) => !kept.has(call.name));
}

function wordOf(action: Action): string {
  switch (action.action) {
    case "SCMP_ACT_ERRNO":
      return String(action.errnoRet);
    case "SCMP_ACT_TRACE":
      return "38"; // no process traces: seccomp(2)
    case "SCMP_ACT_KILL_PROCESS":
    case "SCMP_ACT_KILL_THREAD":
    case "SCMP_ACT_TRAP":
      return "K";
    default:
      return "allowed";
  }
}

let probed = 0;

/**
 * Syscalls 335 and 336 of x86_64 are the kernel's own way out of uprobes. Since Linux 6.14 no filter sees them
 * (kernel/seccomp.c, seccomp_uprobe_exception).
 */
const unfiltered: ReadonlySet<string> = new Set(["uretprobe", "uprobe"]);

/**
 * Names that a runtime's libseccomp is too old to know. It leaves them to the default action (SEMANTICS.md, "Unknown
 * names").
 */
const strangers = new Map<string, ReadonlySet<string>>();

async function namesUnknownTo(runtime: HostContext["runtime"]): Promise<ReadonlySet<string>> {
  const known = strangers.get(runtime);
  if (known !== undefined) return known;
  strangers.set(runtime, new Set());
  const all: DockerProfile = {
    defaultAction: "SCMP_ACT_ERRNO",
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
    syscalls: [
      {
        names: syscallNames("SCMP_ARCH_X86_64").concat(syscallNames("SCMP_ARCH_X86")),
        action: "SCMP_ACT_ERRNO",
        errnoRet: 101,
      },
    ],
  };
  const found = new Set(
    (await disagreements(all, runtime, defaultCapabilities, []))?.map(
      (text) => /^(?:i386 )?(\w+)\(/.exec(text)?.[1] ?? "",
    ),
  );
  found.delete("");
  for (const name of found)
    expect(syscallNumber("SCMP_ARCH_X86_64", name) ?? Infinity, `${name} is new`).toBeGreaterThan(440);
  strangers.set(runtime, found);
  return found;
}

/**
 * Not every virtual machine lets 64-bit programs make i386 calls (int 0x80). On the others these calls end with
 * SIGSEGV, whatever the filter says.
 */
const compatCalls = execa("docker", ["run", "--rm", "-i", "--network", "none", "seccomp-gen-test-probe"], {
  input: "C 20 0 0 0 0 0 0\n",
  reject: false,
}).then(({ stdout }) => {
  if (stdout === "K") console.warn("i386 calls are not probed: this machine makes none (int 0x80)");
  return stdout !== "K";
});

/** The answers of the runtime's filter that differ from evaluate. `undefined` if the container did not start. */
async function disagreements(
  profile: DockerProfile,
  runtime: HostContext["runtime"],
  capabilities: readonly string[],
  options: readonly string[],
): Promise<readonly string[] | undefined> {
  const unknown = await namesUnknownTo(runtime);
  const document = visible(profile);
  const path = join(folder, `profile-${Math.random().toString(36).slice(2)}.json`);
  await writeFile(path, stringify(document));
  const kernel = /^\d+\.\d+/.exec(release())?.[0];
  const understood = {
    ...document,
    syscalls: document.syscalls.map((group) => ({ ...group, names: group.names.filter((name) => !unknown.has(name)) })),
  };
  const { filters } = resolve(understood, {
    arch: "SCMP_ARCH_X86_64",
    capabilities: new Set(capabilities),
    kernel,
    runtime,
    ignoresDefaultErrnoRet,
  });
  const compat = await compatCalls;
  const probes = [...filters]
    .flatMap(([arch, filter]) =>
      arch === "SCMP_ARCH_X86_64" || (arch === "SCMP_ARCH_X86" && compat)
        ? probesOf(filter, arch === "SCMP_ARCH_X86")
        : [],
    )
    .filter(({ call }) => !unfiltered.has(call.name));
  const input = probes.map(({ compat, call }) => `${compat ? "C" : "T"} ${call.nr} ${call.args.join(" ")}\n`).join("");
  const { exitCode, stdout, stderr } = await execa(
    "docker",
    [
      "run",
      "--rm",
      "-i",
      "--network",
      "none",
      "--runtime",
      runtime,
      ...options,
      "--security-opt",
      `seccomp=${path}`,
      "seccomp-gen-test-probe",
    ],
    { input, reject: false, timeout: 120_000, maxBuffer: 1 << 28 },
  );
  if (exitCode === 125 || (exitCode !== 0 && stdout === "")) return undefined;
  expect(exitCode, stderr).toBe(0);
  const answers = stdout.split("\n");
  expect(answers.length).toBe(probes.length);
  probed += probes.length;
  return probes.flatMap(({ compat, call: asked }, index) => {
    const x32 = (asked.nr & 0x4000_0000) !== 0 && !compat ? filters.get("SCMP_ARCH_X32") : undefined;
    if (asked.nr === noArchitecture && filters.has("SCMP_ARCH_X32")) return [];
    const call = x32 === undefined ? asked : { ...asked, arch: x32.arch, name: syscallName(x32.arch, asked.nr) ?? "" };
    if (kept.has(call.name)) return [];
    const filter = x32 ?? filters.get(call.arch);
    const expected = filter === undefined ? "no filter" : wordOf(evaluate(filter, call));
    if (answers[index] === expected) return [];
    const name = compat ? `i386 ${call.name || call.nr}` : call.name || String(call.nr);
    const args = call.args.map((value) => value.toString(16)).join(", ");
    return [`${name}(${args}): ${answers[index]}, evaluate says ${expected}`];
  });
}

const committed = glob.sync(["profiles/docker-default/[0-9]*.json", "profiles/*.json"], { cwd: root }).sort();
const newest = `profiles/docker-default/${dockerDefaults.at(-1)?.file ?? ""}`;
const some = ["profiles/nginx.json", newest];
/** Capabilities that Docker's profiles ask for. All capabilities together are more than some test machines can give. */
const granted = [
  "SYS_ADMIN",
  "SYS_PTRACE",
  "SYS_MODULE",
  "SYS_PACCT",
  "SYS_RAWIO",
  "SYS_TIME",
  "SYS_TTY_CONFIG",
  "SYS_NICE",
  "SYS_BOOT",
  "SYSLOG",
  "DAC_READ_SEARCH",
];
const grants: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["the default capabilities", defaultCapabilities, []],
  [
    "many capabilities",
    [...defaultCapabilities, ...granted.map((name) => `CAP_${name}`)],
    granted.flatMap((name) => ["--cap-add", name]),
  ],
  ["none", [], ["--cap-drop", "ALL"]],
];

afterAll(() => console.log(`${probed.toLocaleString("en")} calls were probed`));

describe.each<HostContext["runtime"]>(["runc", "crun"])(
  "the kernel under %s's filter answers as evaluate",
  (runtime) => {
    beforeEach(({ skip }) => skip(process.arch !== "x64", notX64));

    test.each(long ? committed : some)("%s", async (file) => {
      const profile = readProfile(await readFile(join(root, file), "utf8"), file);
      for (const [, capabilities, options] of long ? grants : grants.slice(0, 1))
        expect(await disagreements(profile, runtime, capabilities, options)).toEqual([]);
    });

    const names = syscallNames("SCMP_ARCH_X86_64").filter((name) => !kept.has(name));
    const group = fc
      .record({
        names: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 12 }),
        verdict: fc.constantFrom<readonly [string, number?]>(
          ["SCMP_ACT_ALLOW"],
          ["SCMP_ACT_ERRNO", 101],
          ["SCMP_ACT_ERRNO", 102],
          ["SCMP_ACT_KILL_PROCESS"],
          ["SCMP_ACT_TRAP"],
        ),
        // Only EQ and MASKED_EQ: libseccomp compiles some unions of the others wrongly (SEMANTICS.md).
        rule: fc.oneof(fc.constant<Rule>({ conditions: [] }), anyRule(2, false)),
      })
      .map(({ names, verdict: [action, errnoRet], rule }): DockerSyscallGroup => ({
        names,
        action,
        ...(errnoRet === undefined ? {} : { errnoRet }),
        ...(rule.conditions.length === 0 ? {} : { args: rule.conditions.map(toArg) }),
      }));
    const anyProfile = fc.record({
      defaultAction: fc.constantFrom("SCMP_ACT_ERRNO", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP", "SCMP_ACT_ALLOW"),
      architectures: fc.constantFrom(
        ["SCMP_ARCH_X86_64"],
        ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
        ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
      ),
      // Starting a container takes the longest, so the long run starts fewer and asks each one more.
      syscalls: fc.array(group, { minLength: 1, maxLength: long ? 30 : 12 }),
    });

    test(`${long ? 40 : 6} profiles made at random`, async () => {
      for (const profile of fc.sample(anyProfile, { numRuns: long ? 40 : 6, seed: 11 })) {
        const { problems } = resolve(visible(profile), {
          arch: "SCMP_ARCH_X86_64",
          capabilities: new Set(defaultCapabilities),
          kernel: undefined,
          runtime,
        });
        const found = await disagreements(profile, runtime, defaultCapabilities, []);
        expect(found, stringify(profile)).toEqual(
          problems.some(({ kind }) => kind === "conflict" || kind === "refused") ? undefined : [],
        );
      }
    }, 1_800_000);
  },
);

describe.each<HostContext["runtime"]>(["runc", "crun"])(
  "a bit above the lower 32 of socket's family under %s",
  (runtime) => {
    beforeEach(({ skip }) => skip(process.arch !== "x64", notX64));

    const families = { AF_INET: 2n, AF_ALG: 38n, AF_VSOCK: 40n };
    const denied = "1";

    /**
     * The answers to socket(family) with and without bit 32. Everything except socket is allowed, so that the probing
     * program runs.
     */
    async function answers(file: string): Promise<ReadonlyMap<string, readonly (string | undefined)[]>> {
      const profile = readProfile(await readFile(join(root, file), "utf8"), file);
      const sockets = profile.syscalls
        .filter(({ names }) => names.includes("socket"))
        .map((group) => ({ ...group, names: ["socket"] }));
      const path = join(folder, `socket-${Math.random().toString(36).slice(2)}.json`);
      await writeFile(
        path,
        stringify({
          defaultAction: "SCMP_ACT_ERRNO",
          architectures: ["SCMP_ARCH_X86_64"],
          syscalls: [
            ...sockets,
            { names: syscallNames("SCMP_ARCH_X86_64").filter((name) => name !== "socket"), action: "SCMP_ACT_ALLOW" },
          ],
        }),
      );
      const input = Object.values(families)
        .flatMap((family) => [family, family | 0x1_0000_0000n])
        .map((family) => `T 41 ${family} ${family === families.AF_ALG ? 5 : 1} 0 0 0 0\n`)
        .join("");
      const { stdout } = await execa(
        "docker",
        [
          "run",
          "--rm",
          "-i",
          "--network",
          "none",
          "--runtime",
          runtime,
          "--security-opt",
          `seccomp=${path}`,
          "seccomp-gen-test-probe",
        ],
        { input },
      );
      const words = stdout.split("\n");
      return new Map(Object.keys(families).map((name, at) => [name, words.slice(2 * at, 2 * at + 2)]));
    }

    test("opens what Docker's newest default denies: the kernel looks at the lower half only", async () => {
      const found = await answers(newest);
      expect(found.get("AF_INET")).toEqual(["0", "0"]);
      for (const family of ["AF_ALG", "AF_VSOCK"]) {
        const [plain, withBit] = found.get(family) ?? [];
        expect([family, plain]).toEqual([family, denied]);
        // A socket, or the kernel's own answer that it has no such family (97). In both cases the call reached the
        // kernel.
        expect([family, withBit === "0" || withBit === "97"]).toEqual([family, true]);
      }
    });

    test("opens nothing under a profile of ours, and takes nothing away", async () => {
      const found = await answers("profiles/nginx.json");
      expect(found.get("AF_INET")).toEqual(["0", "0"]);
      for (const family of ["AF_ALG", "AF_VSOCK"])
        expect([family, found.get(family)]).toEqual([family, [denied, denied]]);
    });
  },
);

function toArg(condition: ArgCondition): DockerArg {
  return condition.op === "SCMP_CMP_MASKED_EQ"
    ? { index: condition.index, op: condition.op, value: condition.mask, valueTwo: condition.datum }
    : { index: condition.index, op: condition.op, value: condition.datum };
}
