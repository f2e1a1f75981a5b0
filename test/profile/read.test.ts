import { describe, expect, test } from "vitest";
import { SeccompGenError } from "../../src/errors.ts";
import { loadDockerDefault, readProfile, resolve } from "../../src/profile/index.ts";
import type { HostContext } from "../../src/profile/types.ts";
import { evaluate } from "../../src/seccomp/index.ts";
import { defaultCapabilities, dockerDefaults, syscallNumber } from "../../src/tables/index.ts";

const host: HostContext = { arch: "SCMP_ARCH_X86_64", capabilities: new Set(defaultCapabilities), kernel: "6.1", runtime: "crun" };

function verdict(profile: object | string, name: string, args: readonly bigint[] = [], context: HostContext = host): string {
  const text = typeof profile === "string" ? profile : JSON.stringify(profile);
  const filter = resolve(readProfile(text, "p.json"), context).filters.get(context.arch);
  if (filter === undefined) throw new Error("no filter");
  const six = [0, 1, 2, 3, 4, 5].map((index) => args[index] ?? 0n) as unknown as readonly [bigint, bigint, bigint, bigint, bigint, bigint];
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
    expect(["read", "ptrace", "mount", "clone3", "arch_prctl"].map((name) => verdict(profile, name))).toEqual([allow, allow, "SCMP_ACT_ERRNO 38", "SCMP_ACT_ERRNO 1", "SCMP_ACT_ERRNO 38"]);
    expect(verdict(profile, "mount", [], { ...host, capabilities: new Set(["CAP_SYS_ADMIN"]) })).toBe(allow);
    expect(verdict(profile, "ptrace", [], { ...host, kernel: "4.4" })).toBe("SCMP_ACT_ERRNO 38");
  });

  test("the first ones: one name a group, args null", () => {
    const profile = { defaultAction: "SCMP_ACT_ERRNO", architectures: ["SCMP_ARCH_X86_64"], syscalls: [{ name: "read", action: allow, args: null }, { name: "personality", action: allow, args: [{ index: 0, value: 8, valueTwo: 0, op: "SCMP_CMP_EQ" }] }] };
    expect(verdict(profile, "read")).toBe(allow);
    expect(verdict(profile, "personality", [8n])).toBe(allow);
    expect(verdict(profile, "personality", [9n])).toBe("SCMP_ACT_ERRNO 1");
  });

  test("a denylist", () => {
    const profile = { defaultAction: allow, syscalls: [{ names: ["ptrace", "keyctl"], action: "SCMP_ACT_ERRNO" }] };
    expect([verdict(profile, "ptrace"), verdict(profile, "read")]).toEqual(["SCMP_ACT_ERRNO 1", allow]);
  });

  test("podman's, with errno names beside numbers", () => {
    const profile = { defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 38, defaultErrno: "ENOSYS", architectures: [], syscalls: [{ names: ["bdflush"], action: "SCMP_ACT_ERRNO", args: [], comment: "", includes: {}, excludes: {}, errnoRet: 1, errno: "EPERM" }, { names: ["read"], action: allow, args: [], comment: "", includes: {}, excludes: {} }] };
    expect([verdict(profile, "mount"), verdict(profile, "read")]).toEqual(["SCMP_ACT_ERRNO 38", allow]);
  });

  test("uint64 without loss", () => {
    const profile = `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["personality"],"action":"${allow}","args":[{"index":0,"value":18446744073709551615,"op":"SCMP_CMP_EQ"}]}]}`;
    expect(verdict(profile, "personality", [0xffff_ffff_ffff_ffffn])).toBe(allow);
    expect(verdict(profile, "personality", [0xffff_ffff_ffff_f800n])).toBe("SCMP_ACT_ERRNO 1");
  });

  test("two conditions on one argument are either-or, as runc and crun read them", () => {
    const profile = { defaultAction: "SCMP_ACT_ERRNO", syscalls: [{ names: ["socket"], action: allow, args: [{ index: 0, value: 2, op: "SCMP_CMP_GE" }, { index: 0, value: 3, op: "SCMP_CMP_LE" }] }] };
    expect(verdict(profile, "socket", [40n])).toBe(allow);
  });

  test.each(dockerDefaults.map(({ file }) => file))("Docker's default %s allows read and denies reboot", async (file) => {
    const filter = resolve(await loadDockerDefault(file), host).filters.get(host.arch);
    const ask = (name: string): string | undefined => filter && evaluate(filter, { arch: host.arch, name, nr: syscallNumber(host.arch, name), args: [0n, 0n, 0n, 0n, 0n, 0n] }).action;
    expect([ask("read"), ask("reboot")]).toEqual([allow, "SCMP_ACT_ERRNO"]);
  });
});

describe("mistakes are told with their place and what was meant", () => {
  test.each([
    ["an action", '{\n  "defaultAction": "SCMP_ACT_ALOW"\n}', /p\.json:2:\d+: \/defaultAction/, /SCMP_ACT_ALLOW/],
    ["an operator", '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"SCMP_CMP_EG"}]}]}', /\/syscalls\/0\/args\/0\/op/, /SCMP_CMP_EQ/],
    ["an index", '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]}]}', /\/syscalls\/0\/args\/0\/index/, /./],
    ["a list that is none", '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":{}}', /\/syscalls/, /./],
    ["no JSON", '{"defaultAction": }', /p\.json:1:\d+: not JSON/, /./],
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
