import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SeccompGenError } from "../../../src/core/errors/error.ts";
import { readProfile, resolve } from "../../../src/core/profile/index.ts";
import { loadDockerDefault } from "../../../src/project/index.ts";
import type { HostContext } from "../../../src/core/profile/types.ts";
import { evaluate } from "../../../src/core/seccomp/index.ts";
import { defaultCapabilities, dockerDefaults, syscallNumber } from "../../../src/core/tables/index.ts";

const host: HostContext = {
  arch: "SCMP_ARCH_X86_64",
  capabilities: new Set(defaultCapabilities),
  kernel: "6.1",
  runtime: "crun",
};

function verdict(
  profile: object | string,
  name: string,
  args: readonly bigint[] = [],
  context: HostContext = host,
): string {
  const text = typeof profile === "string" ? profile : JSON.stringify(profile);
  const filter = resolve(readProfile(text, "p.json"), context).filters.get(context.arch);
  if (filter === undefined) throw new Error("no filter");
  const six = [0, 1, 2, 3, 4, 5].map((index) => args[index] ?? 0n) as unknown as readonly [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const action = evaluate(filter, { arch: context.arch, name, nr: syscallNumber(context.arch, name), args: six });
  return "errnoRet" in action ? `${action.action} ${action.errnoRet}` : action.action;
}

const allow = "SCMP_ACT_ALLOW";

describe("formats met in the wild", () => {
  test("today's, with includes and excludes", () => {
    const profile = {
      defaultAction: "SCMP_ACT_ERRNO",
      defaultErrnoRet: 38,
      archMap: [{ architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86"] }],
      syscalls: [
        { names: ["read"], action: allow, comment: "why" },
        { names: ["ptrace"], action: allow, includes: { minKernel: "4.8" } },
        { names: ["mount"], action: allow, includes: { caps: ["CAP_SYS_ADMIN"] } },
        { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 1, excludes: { caps: ["CAP_SYS_ADMIN"] } },
        { names: ["arch_prctl"], action: allow, includes: { arches: ["arm64"] } },
      ],
    };
    expect(["read", "ptrace", "mount", "clone3", "arch_prctl"].map((name) => verdict(profile, name))).toEqual([
      allow,
      allow,
      "SCMP_ACT_ERRNO 38",
      "SCMP_ACT_ERRNO 1",
      "SCMP_ACT_ERRNO 38",
    ]);
    expect(verdict(profile, "mount", [], { ...host, capabilities: new Set(["CAP_SYS_ADMIN"]) })).toBe(allow);
    expect(verdict(profile, "ptrace", [], { ...host, kernel: "4.4" })).toBe("SCMP_ACT_ERRNO 38");
  });

  test("an empty kernel is 0.0 to Docker, which every kernel has reached, and nothing to podman", () => {
    const profile = {
      defaultAction: allow,
      syscalls: [
        { names: ["mount"], action: "SCMP_ACT_ERRNO", excludes: { minKernel: "" } },
        { names: ["chroot"], action: "SCMP_ACT_ERRNO", includes: { minKernel: "" } },
      ],
    };
    const asked = (on: HostContext): readonly string[] =>
      ["mount", "chroot"].map((name) => verdict(profile, name, [], on));
    expect(asked(host)).toEqual([allow, "SCMP_ACT_ERRNO 1"]);
    expect(asked({ ...host, kernel: undefined })).toEqual([allow, "SCMP_ACT_ERRNO 1"]);
    expect(asked({ ...host, skips: "kernels" })).toEqual(["SCMP_ACT_ERRNO 1", "SCMP_ACT_ERRNO 1"]);
  });

  test("the first ones: one name a group, args null", () => {
    const profile = {
      defaultAction: "SCMP_ACT_ERRNO",
      architectures: ["SCMP_ARCH_X86_64"],
      syscalls: [
        { name: "read", action: allow, args: null },
        { name: "personality", action: allow, args: [{ index: 0, value: 8, valueTwo: 0, op: "SCMP_CMP_EQ" }] },
      ],
    };
    expect(verdict(profile, "read")).toBe(allow);
    expect(verdict(profile, "personality", [8n])).toBe(allow);
    expect(verdict(profile, "personality", [9n])).toBe("SCMP_ACT_ERRNO 1");
  });

  test("a denylist", () => {
    const profile = { defaultAction: allow, syscalls: [{ names: ["ptrace", "keyctl"], action: "SCMP_ACT_ERRNO" }] };
    expect([verdict(profile, "ptrace"), verdict(profile, "read")]).toEqual(["SCMP_ACT_ERRNO 1", allow]);
  });

  test("podman's, with errno names beside numbers", () => {
    const profile = {
      defaultAction: "SCMP_ACT_ERRNO",
      defaultErrnoRet: 38,
      defaultErrno: "ENOSYS",
      architectures: [],
      syscalls: [
        {
          names: ["bdflush"],
          action: "SCMP_ACT_ERRNO",
          args: [],
          comment: "",
          includes: {},
          excludes: {},
          errnoRet: 1,
          errno: "EPERM",
        },
        { names: ["read"], action: allow, args: [], comment: "", includes: {}, excludes: {} },
      ],
    };
    expect([verdict(profile, "mount"), verdict(profile, "read")]).toEqual(["SCMP_ACT_ERRNO 38", allow]);
  });

  test("uint64 without loss", () => {
    const args = '[{"index":0,"value":18446744073709551615,"op":"SCMP_CMP_EQ"}]';
    const group = `{"names":["personality"],"action":"${allow}","args":${args}}`;
    const profile = `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[${group}]}`;
    expect(verdict(profile, "personality", [0xffff_ffff_ffff_ffffn])).toBe(allow);
    expect(verdict(profile, "personality", [0xffff_ffff_ffff_f800n])).toBe("SCMP_ACT_ERRNO 1");
  });

  test("two conditions on one argument are either-or, as runc and crun read them", () => {
    const profile = {
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: [
        {
          names: ["socket"],
          action: allow,
          args: [
            { index: 0, value: 2, op: "SCMP_CMP_GE" },
            { index: 0, value: 3, op: "SCMP_CMP_LE" },
          ],
        },
      ],
    };
    expect(verdict(profile, "socket", [40n])).toBe(allow);
  });

  test("members in any case, as Go reads them", () => {
    expect(
      verdict(
        {
          DefaultAction: "SCMP_ACT_ERRNO",
          SYSCALLS: [{ Names: ["getpriority"], Action: "SCMP_ACT_ERRNO", errnoret: 5 }],
        },
        "getpriority",
      ),
    ).toBe("SCMP_ACT_ERRNO 5");
  });

  test("names of JavaScript's own are names like others", () => {
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
    const profile = readProfile(
      JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO", syscalls: [{ names: [...names, "read"], action: allow }] }),
      "p.json",
    );
    expect(resolve(profile, host).dropped).toEqual(names.toSorted());
    expect(
      verdict(
        JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO", syscalls: [{ names: [...names, "read"], action: allow }] }),
        "read",
      ),
    ).toBe(allow);
  });

  test("Windows line ends and empty lists", () => {
    expect(
      verdict(
        `{\r\n  "defaultAction": "SCMP_ACT_ERRNO",\r\n  "syscalls": [{ "names": [], "action": "${allow}" ` +
          `}, { "names": ["read"], "action": "${allow}" }]\r\n}\r\n`,
        "read",
      ),
    ).toBe(allow);
  });

  test("members that no engine reads are kept as such, with what they may have been meant to be", () => {
    const { unknownMembers } = readProfile(
      JSON.stringify({
        $schema: "x",
        defaultAction: "SCMP_ACT_ERRNO",
        syscalls: [{ names: ["read"], action: allow, arg: [{ index: 0, valuetow: 1, op: "SCMP_CMP_EQ" }] }],
      }),
      "p.json",
    );
    expect(unknownMembers).toMatchObject([
      { pointer: "/$schema" },
      { pointer: "/syscalls/0/arg", name: "arg", meant: "args" },
    ]);
  });

  test.each(dockerDefaults.map(({ file }) => file))(
    "Docker's default %s allows read and denies reboot",
    async (file) => {
      const filter = resolve(await loadDockerDefault(file), host).filters.get(host.arch);
      const ask = (name: string): string | undefined =>
        filter &&
        evaluate(filter, { arch: host.arch, name, nr: syscallNumber(host.arch, name), args: [0n, 0n, 0n, 0n, 0n, 0n] })
          .action;
      expect([ask("read"), ask("reboot")]).toEqual([allow, "SCMP_ACT_ERRNO"]);
      // The shipped profiles are read without validation.
      expect(await loadDockerDefault(file)).toEqual(
        readProfile(readFileSync(new URL(`../../../profiles/docker-default/${file}`, import.meta.url), "utf8"), file),
      );
    },
  );
});

/**
 * Each was measured on runc 1.1.5 and crun 1.8.1 with libseccomp 2.5.4: exit code 125, or a start if the list is empty.
 */
describe("what keeps a container from starting", () => {
  const group = (action: string, errnoRet?: number): object => ({
    names: ["getpriority"],
    action,
    ...(errnoRet === undefined ? {} : { errnoRet }),
  });
  test.each<[string, "runc" | "crun", object, readonly string[]]>([
    ["an errno of 4095", "runc", { syscalls: [group("SCMP_ACT_ERRNO", 4095)] }, ["/syscalls/0/errnoRet"]],
    ["an errno of 4094 does not", "crun", { syscalls: [group("SCMP_ACT_ERRNO", 4094)] }, []],
    ["an errno of 0 does not", "runc", { syscalls: [group("SCMP_ACT_ERRNO", 0)] }, []],
    ["NOTIFY without an agent on runc", "runc", { syscalls: [group("SCMP_ACT_NOTIFY")] }, ["/syscalls/0/action"]],
    ["NOTIFY without an agent does not on crun", "crun", { syscalls: [group("SCMP_ACT_NOTIFY")] }, []],
    ["NOTIFY for everything", "crun", { defaultAction: "SCMP_ACT_NOTIFY", syscalls: [] }, ["/defaultAction"]],
    ["an errno for SIGSYS on crun", "crun", { syscalls: [group("SCMP_ACT_TRAP", 5)] }, ["/syscalls/0/errnoRet"]],
    ["an errno for SIGSYS does not on runc", "runc", { syscalls: [group("SCMP_ACT_TRAP", 5)] }, []],
    [
      "two byte orders",
      "runc",
      { architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_S390X"], syscalls: [] },
      ["/architectures"],
    ],
    ["a foreign architecture does not", "runc", { architectures: ["SCMP_ARCH_AARCH64"], syscalls: [] }, []],
  ])("%s (%s)", (_, runtime, profile, pointers) => {
    const { problems } = resolve(readProfile(JSON.stringify({ defaultAction: allow, ...profile }), "p.json"), {
      ...host,
      runtime,
    });
    expect(problems.map((problem) => (problem.kind === "refused" ? problem.pointer : problem.kind))).toEqual(pointers);
  });
});

test("of any number of names, and of architectures that are called like members of every object", () => {
  const names = Array.from({ length: 19_000 }, (_, index) => `n${index}`);
  const profile = readProfile(
    JSON.stringify({
      defaultAction: "SCMP_ACT_ERRNO",
      architectures: ["toString"],
      syscalls: [{ names: ["read", ...names], action: "SCMP_ACT_ALLOW" }],
    }),
    "p.json",
  );
  const { filters, problems } = resolve(profile, host);
  expect([...filters.keys()]).toEqual(["SCMP_ARCH_X86_64"]);
  expect(problems).toContainEqual({ kind: "unknown-architecture", name: "toString" });
});

describe("mistakes are told with their place and what was meant", () => {
  test.each([
    ["an action", '{\n  "defaultAction": "SCMP_ACT_ALOW"\n}', /p\.json:2:\d+: \/defaultAction/, /SCMP_ACT_ALLOW/],
    [
      "an operator",
      '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW",' +
        '"args":[{"index":0,"value":1,"op":"SCMP_CMP_EG"}]}]}',
      /\/syscalls\/0\/args\/0\/op/,
      /SCMP_CMP_EQ/,
    ],
    [
      "an index",
      '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW",' +
        '"args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]}]}',
      /\/syscalls\/0\/args\/0\/index/,
      /./,
    ],
    ["no object at all", "[1]", /p\.json:1:1: \/: this has to be an object, not \[1\]/, /./],
    ["a list that is none", '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":{}}', /\/syscalls/, /./],
    ["no JSON", '{"defaultAction": }', /p\.json:1:\d+: not JSON/, /./],
    [
      "a member that stands twice",
      '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[],\n"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}',
      /p\.json:2:\d: .*"syscalls" is given twice/,
      /keep one/,
    ],
    [
      "a member in two spellings",
      '{"defaultAction":"SCMP_ACT_ERRNO",\n"DefaultAction":"SCMP_ACT_ALLOW"}',
      /p\.json:2:17: \/DefaultAction: "defaultAction" and "DefaultAction" are one member/,
      /keep one/i,
    ],
    [
      "a pin that a null in another spelling takes away",
      '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW",' +
        '"args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}],"Args":null}]}',
      /"Args" is given twice/,
      /keep one/,
    ],
    [
      "a letter that Go takes for an s",
      '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[],"\u017fyscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}',
      /are one member/,
      /keep one/i,
    ],
    ["what is nested without end", "[".repeat(200_000), /p\.json:1:\d+/, /./],
    [
      "a number with an exponent",
      '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW",' +
        '"args":[{"index":0,"value":1e3,"op":"SCMP_CMP_EQ"}]}]}',
      /\/syscalls\/0\/args\/0\/value/,
      /plain digits/,
    ],
    [
      "a number of 65 bits",
      '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW",' +
        '"args":[{"index":0,"value":18446744073709551616,"op":"SCMP_CMP_EQ"}]}]}',
      /\/syscalls\/0\/args\/0\/value/,
      /18446744073709551615/,
    ],
    [
      "an errno below zero",
      '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"Names":["read"],"action":"SCMP_ACT_ERRNO",\n"ErrnoRet":-1}]}',
      /p\.json:2:12: \/syscalls\/0\/errnoRet/,
      /EPERM/,
    ],
    [
      "an error that podman reads otherwise than Docker",
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["chroot"],"action":"SCMP_ACT_ERRNO",' +
        '"errnoRet":1,"errno":"0"}]}',
      /\/syscalls\/0\/errno: errno "0" and errnoRet 1 are different errors/,
      /podman answers with the first/,
    ],
    ["a recording", '{"version":1,"name":"x","runs":[],"syscalls":{}}', /p\.json:1:1/, /./],
  ])("%s", (_, text, place, todo) => {
    const error = (() => {
      try {
        readProfile(text, "p.json");
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toBeInstanceOf(SeccompGenError);
    expect((error as SeccompGenError).message).toMatch(place);
    expect(`${(error as SeccompGenError).message} ${(error as SeccompGenError).todo}`).toMatch(todo);
  });
});

test("an agent's address is given to runc by Docker 23 and newer only", () => {
  const syscalls = [{ names: ["mkdir"], action: "SCMP_ACT_NOTIFY" }];
  const profile = readProfile(
    JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/run/agent.sock", syscalls }),
    "p.json",
  );
  const problems = (ignoresDefaultErrnoRet: boolean) =>
    resolve(profile, { ...host, runtime: "runc", ignoresDefaultErrnoRet }).problems;
  expect(problems(false)).toEqual([]);
  expect(problems(true)).toMatchObject([
    { kind: "refused", reason: expect.stringContaining("listenerPath, which Docker before 23 drops") as string },
  ]);
});
