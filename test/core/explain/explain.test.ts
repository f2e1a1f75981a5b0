import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { explain, reachOf } from "../../../src/core/explain/index.ts";
import type { CallExplanation, Explanation, Reach } from "../../../src/core/explain/types.ts";
import { ineffectiveFor } from "../../../src/core/lint/index.ts";
import { readProfile, resolve } from "../../../src/core/profile/index.ts";
import { loadDockerDefault } from "../../../src/project/index.ts";
import { passedByUpperBits } from "../../../src/core/seccomp/index.ts";
import type { Filter } from "../../../src/core/seccomp/types.ts";
import { defaultCapabilities, newestDockerDefault, syscallNames } from "../../../src/core/tables/index.ts";
import { answersOf, gapsOf, meaningOf, stateOf } from "../../../src/words/explain-words.ts";
import { vulnerabilities } from "../../../src/core/tables/surface.ts";
import type { ScmpArch } from "../../../src/core/tables/types.ts";

const arch = "SCMP_ARCH_X86_64";
const capabilities = new Set(defaultCapabilities);

interface Group {
  readonly names: readonly string[];
  readonly action?: string;
  readonly errnoRet?: number;
  readonly args?: readonly object[];
  readonly comment?: string;
}

function filters(groups: readonly Group[], architectures: readonly string[] = [arch]): ReadonlyMap<ScmpArch, Filter> {
  const text = JSON.stringify({
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 1,
    architectures,
    syscalls: groups.map((group) => ({ action: "SCMP_ACT_ALLOW", ...group })),
  });
  return resolve(readProfile(text, "p.json"), { arch, capabilities, kernel: undefined, runtime: "crun" }).filters;
}

const all = syscallNames(arch);
/** Everything but these. */
const without = (...names: string[]): ReadonlyMap<ScmpArch, Filter> =>
  filters([{ names: all.filter((name) => !names.includes(name)) }]);
const masked = (index: number, mask: number, value: number): object => ({
  index,
  op: "SCMP_CMP_MASKED_EQ",
  value: mask,
  valueTwo: value,
});

function reach(id: string, profile: ReadonlyMap<ScmpArch, Filter>, has: ReadonlySet<string> = capabilities): Reach {
  const vulnerability = vulnerabilities.find((row) => row.id === id);
  if (vulnerability === undefined) throw new RangeError(id);
  return reachOf(vulnerability, profile, has);
}

test("an upper bit opens socket families that Docker's newest default denies, none of committed profiles", async () => {
  const gaps = (profile: ReadonlyMap<ScmpArch, Filter>): object =>
    Object.fromEntries(
      [...profile.values()].flatMap((filter) =>
        filter.arch === arch
          ? syscallNames(arch).flatMap((name) =>
              passedByUpperBits(filter, name).map(({ args }) => [
                `${name} ${args.map(({ index, value }) => `${index}=${value}`).join()}`,
                args.length,
              ]),
            )
          : [],
      ),
    );
  const host = { arch, capabilities, kernel: undefined, runtime: "runc" } as const;
  const docker = resolve(await loadDockerDefault(newestDockerDefault), host).filters;
  expect(gaps(docker)).toEqual({ "socket 0=38": 1, "socket 0=40": 1 });
  const { arches } = explain({
    profile: "p",
    ceilingName: "c",
    filters: docker,
    ceiling: docker,
    capabilities,
    runs: [],
    recorded: {},
  });
  expect(arches.find((each) => each.arch === arch)?.calls.find(({ name }) => name === "socket")?.passed).toMatchObject([
    { args: [{ index: 0, value: 38n }], set: [0], witness: { args: [0x1_0000_0026n, 0n, 0n, 0n, 0n, 0n] } },
    { args: [{ index: 0, value: 40n }], set: [0] },
  ]);
  for (const name of ["nginx", "redis"])
    expect(
      gaps(
        resolve(
          readProfile(await readFile(new URL(`../../../profiles/${name}.json`, import.meta.url), "utf8"), name),
          host,
        ).filters,
      ),
    ).toEqual({});
});

describe("out of reach", () => {
  test("a call that is not allowed", () => {
    expect(reach("CVE-2017-5123", without())).toBe("open");
    expect(reach("CVE-2017-5123", without("waitid"))).toBe("closed");
  });

  test("all of several calls that would do", () => {
    expect(reach("CVE-2022-0847", without("splice"))).toBe("open");
    expect(reach("CVE-2022-0847", without("splice", "sendfile"))).toBe("closed");
  });

  test("arguments: Dirty COW needs MADV_DONTNEED", () => {
    const others = all.filter((name) => name !== "madvise");
    expect(
      reach("CVE-2016-5195", filters([{ names: others }, { names: ["madvise"], args: [masked(2, 0xffff_ffff, 8)] }])),
    ).toBe("closed");
    expect(
      reach("CVE-2016-5195", filters([{ names: others }, { names: ["madvise"], args: [masked(2, 0xffff_ffff, 4)] }])),
    ).toBe("open");
  });

  test("arguments: families of sockets, also where 64 bits are compared with a 32-bit argument", () => {
    const others = all.filter((name) => name !== "socket");
    const family = (value: number): ReadonlyMap<ScmpArch, Filter> =>
      filters([{ names: others }, { names: ["socket"], args: [masked(0, 0xffff_ffff, value)] }]);
    expect(reach("CVE-2021-26708", family(2))).toBe("closed");
    expect(reach("CVE-2021-26708", family(40))).toBe("open");
    // "anything but 38" allows 38 with an upper bit set, and the kernel ignores that bit.
    expect(
      reach(
        "CVE-2026-31431",
        filters([{ names: others }, { names: ["socket"], args: [{ index: 0, op: "SCMP_CMP_NE", value: 38 }] }]),
      ),
    ).toBe("open");
  });

  test("arguments: a flag that a mask forbids", () => {
    const flags = filters([
      { names: all.filter((name) => !["clone", "clone3", "unshare"].includes(name)) },
      { names: ["clone"], args: [masked(0, 2114060288, 0)] },
    ]);
    expect(reach("CVE-2018-18955", flags)).toBe("closed");
    expect(reach("CVE-2018-18955", without("clone", "unshare"))).toBe("open");
  });

  test("a capability counts as had where a user namespace can be made", () => {
    expect(reach("CVE-2024-1086", without())).toBe("open");
    expect(reach("CVE-2024-1086", without("unshare", "clone", "clone3"))).toBe("closed");
    expect(reach("CVE-2024-1086", without("unshare", "clone", "clone3"), new Set(["CAP_NET_ADMIN"]))).toBe("open");
    // CAP_NET_RAW is one of Docker's defaults.
    expect(reach("CVE-2020-14386", without("unshare", "clone", "clone3"))).toBe("open");
  });

  test("a capability of the host is not to be had that way", () => {
    expect(reach("CVE-2014-3519", without())).toBe("capability");
    expect(reach("CVE-2014-3519", without(), new Set(["CAP_DAC_READ_SEARCH"]))).toBe("open");
    expect(reach("CVE-2014-3519", without("open_by_handle_at"))).toBe("closed");
  });

  test("another architecture is another way in", () => {
    expect(reach("CVE-2021-22555", without(), new Set(["CAP_NET_ADMIN"]))).toBe("closed");
    const both = filters([{ names: all }], [arch, "SCMP_ARCH_X86"]);
    expect(reach("CVE-2021-22555", both, new Set(["CAP_NET_ADMIN"]))).toBe("open");
    // socketcall's arguments are in memory.
    const muxed = filters(
      [{ names: all.filter((name) => name !== "socket") }, { names: ["socketcall"] }],
      [arch, "SCMP_ARCH_X86"],
    );
    expect(reach("CVE-2026-31431", muxed)).toBe("open");
  });

  test("Docker's default keeps out what needs its denied calls, and not what needs allowed ones", async () => {
    const { filters: docker } = resolve(await loadDockerDefault(newestDockerDefault), {
      arch,
      capabilities,
      kernel: undefined,
      runtime: "runc",
    });
    for (const id of [
      "CVE-2016-0728",
      "CVE-2022-0185",
      "CVE-2017-16995",
      "CVE-2013-2094",
      "CVE-2023-2598",
      "CVE-2024-1086",
      "CVE-2014-3519",
    ])
      expect(reach(id, docker), id).toBe("closed");
    for (const id of ["CVE-2016-5195", "CVE-2022-0847", "CVE-2017-5123", "CVE-2017-7308"])
      expect(reach(id, docker), id).toBe("open");
    // It compares 64 bits of socket's family. The kernel looks at 32.
    for (const id of ["CVE-2021-26708", "CVE-2026-31431"]) expect(reach(id, docker), id).toBe("open");
  });
});

describe("explain", () => {
  const explained = (groups: readonly Group[]): Explanation =>
    explain({
      profile: "p.json",
      filters: filters(groups),
      ceiling: without("bpf"),
      ceilingName: "Docker's default",
      capabilities,
      runs: [],
      recorded: { [arch]: { read: { calls: 10, results: ["ok"], processes: ["app"] } } },
    });
  const call = (explanation: Explanation, name: string): CallExplanation => {
    const found = explanation.arches[0]?.calls.find((candidate) => candidate.name === name);
    if (found === undefined) throw new RangeError(name);
    return found;
  };

  test("says the state of every call, here and under Docker's default", () => {
    const explanation = explained([
      { names: ["read"], comment: "observed (recording app)" },
      { names: ["execve"], comment: "container runtime: starts the program" },
      { names: ["socket"], args: [masked(0, 0xffff_ffff, 1)] },
      { names: ["statx"], action: "SCMP_ACT_ERRNO", errnoRet: 38 },
    ]);
    expect(["read", "execve", "socket", "statx", "bpf"].map((name) => call(explanation, name).state)).toEqual([
      "allowed",
      "floor",
      "pinned",
      "enosys",
      "denied",
    ]);
    expect(["read", "bpf"].map((name) => call(explanation, name).docker)).toEqual(["allowed", "denied"]);
    expect(call(explanation, "read").recorded?.processes).toEqual(["app"]);
    expect(call(explanation, "bpf").answer).toEqual({ action: "SCMP_ACT_ERRNO", errnoRet: 1 });
    expect(call(explanation, "socket").answer).toEqual({ action: "SCMP_ACT_ERRNO", errnoRet: 1 });
    expect(call(explanation, "read").answer).toBeUndefined();
    expect(call(explanation, "bpf").vulnerabilities).toContain("CVE-2017-16995");
  });

  test("a call that the profile says was recorded, and was not, is told so", () => {
    const run = { source: "host", command: ["app"], versions: {}, ended: "exited" } as const;
    const context = {
      profile: "p.json",
      filters: filters([{ names: ["read", "bpf"], comment: "observed (recording app)" }]),
      ceiling: without("bpf"),
      ceilingName: "Docker's default",
      capabilities,
      recorded: { [arch]: { read: { calls: 1, results: ["ok"], processes: ["app"] } } },
    };
    expect(["read", "bpf", "write"].map((name) => call(explain({ ...context, runs: [run] }), name).unbacked)).toEqual([
      false,
      true,
      false,
    ]);
    expect(call(explain({ ...context, runs: [], recorded: {} }), "bpf").unbacked).toBe(false);
  });

  test("the totals are those of the calls", () => {
    const [first] = explained([{ names: ["read", "write"] }]).arches;
    expect(first?.counts).toMatchObject({
      total: all.length,
      states: { allowed: 2, denied: all.length - 2 },
      docker: { allowed: all.length - 1, denied: 1 },
    });
    expect(first?.calls).toHaveLength(all.length);
  });

  test("a call that the runtime needs and the program makes is not for the start only", () => {
    expect(
      call(
        explained([
          { names: ["read"], comment: "container runtime: reads", args: [masked(0, 0xffff_ffff, 2)] },
          { names: ["read"], comment: "observed (recording app)", args: [masked(0, 0xffff_ffff, 1)] },
        ]),
        "read",
      ).state,
    ).toBe("pinned");
  });
});

describe("actions have their names, and what does not take effect is said at the call", () => {
  const explained = (defaultAction: string, ...groups: readonly object[]): CallExplanation | undefined => {
    const text = JSON.stringify({ defaultAction, architectures: [arch], syscalls: groups });
    const host = { arch, capabilities, kernel: undefined, runtime: "runc" } as const;
    const document = readProfile(text, "p");
    const filters = resolve(document, host).filters;
    const { arches } = explain({
      profile: "p",
      ceilingName: "c",
      filters,
      ceiling: filters,
      findings: ineffectiveFor(document, [host]),
      capabilities,
      runs: [],
      recorded: {},
    });
    return arches[0]?.calls.find(({ name }) => name === "ioctl");
  };
  const ioctl = (action: string, ...args: readonly object[]): object => ({ names: ["ioctl"], action, args });
  const sti = { index: 1, value: 0xffff_ffff, valueTwo: 0x5412, op: "SCMP_CMP_MASKED_EQ" };

  test.each([
    ["SCMP_ACT_LOG", /logged/],
    ["SCMP_ACT_NOTIFY", /agent/],
    ["SCMP_ACT_TRACE", /tracer/],
    ["SCMP_ACT_TRAP", /SIGSYS/],
    ["SCMP_ACT_KILL", /thread is killed/],
    ["SCMP_ACT_KILL_PROCESS", /process is killed/],
  ])("%s", (action, words) => {
    const call = explained("SCMP_ACT_ERRNO", ioctl(action));
    expect(call === undefined ? "" : stateOf(call)).toMatch(words);
    expect(call === undefined ? "" : meaningOf(call)).not.toContain("with any arguments");
  });

  test("a conditional deny names its arguments", () => {
    const call = explained("SCMP_ACT_ALLOW", ioctl("SCMP_ACT_ERRNO", sti));
    expect(call === undefined ? [] : answersOf(call)).toEqual([expect.stringMatching(/^if arg1 = TIOCSTI: EPERM/)]);
  });

  test("denies with the same answer stand in one line, which names their argument once", () => {
    const linux = { index: 1, value: 0x541c, op: "SCMP_CMP_EQ" };
    const call = explained("SCMP_ACT_ALLOW", ioctl("SCMP_ACT_ERRNO", sti), ioctl("SCMP_ACT_ERRNO", linux));
    expect(call === undefined ? [] : answersOf(call)).toEqual([
      expect.stringMatching(/^if arg1 = TIOCSTI, or = TIOCLINUX: EPERM/),
    ]);
  });

  test("a deny that does not take effect", () => {
    const call = explained("SCMP_ACT_ERRNO", ioctl("SCMP_ACT_ERRNO", sti), ioctl("SCMP_ACT_ALLOW"));
    expect(call?.findings.map(({ kind }) => kind)).toEqual(["void-deny"]);
    expect(call === undefined ? [] : gapsOf(call)).toEqual([expect.stringContaining("ioctl(0, TIOCSTI) gets allow")]);
  });
});
