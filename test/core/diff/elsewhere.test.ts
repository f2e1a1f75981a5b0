import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newlyPossible, openedElsewhere } from "../../../src/core/diff/index.ts";
import { resolve, type DockerProfile, type HostContext } from "../../../src/core/profile/index.ts";
import { engineArches } from "../../../src/core/tables/index.ts";

const caps = ["CAP_SYS_ADMIN", "CAP_BPF", "CAP_PERFMON"] as const;
const kernels = ["0.0", "3.0", "4.8", "5.9", "99.0", "100.0"] as const;
const here: HostContext = { arch: "SCMP_ARCH_X86_64", capabilities: new Set(), kernel: "6.1", runtime: "crun" };

const condition = fc.record(
  {
    caps: fc.subarray([...caps], { minLength: 1 }),
    arches: fc.subarray(["amd64", "arm64"], { minLength: 1 }),
    minKernel: fc.constantFrom("", "3.0", "4.8", "99.0"),
  },
  { requiredKeys: [] },
);
const group = fc.record(
  {
    names: fc.constant(["bpf"]),
    action: fc.constantFrom("SCMP_ACT_ALLOW", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG"),
    includes: condition,
    excludes: condition,
  },
  { requiredKeys: ["names", "action"] },
);
const profile = fc
  .array(group, { maxLength: 4 })
  .map((syscalls): DockerProfile => ({ defaultAction: "SCMP_ACT_ERRNO", syscalls }));

/** Every set of capabilities, on every kernel and architecture, and the engines that skip conditions. */
const everyHost: readonly HostContext[] = engineArches.flatMap((arch) =>
  kernels.flatMap((kernel) =>
    Array.from({ length: 8 }, (_, set) => caps.filter((_name, bit) => (set & (1 << bit)) !== 0)).flatMap(
      (capabilities): HostContext[] => {
        const host: HostContext = { ...here, arch, kernel, capabilities: new Set(capabilities) };
        return [host, { ...host, skips: "kernels" }, { ...host, skips: "conditions" }];
      },
    ),
  ),
);

function byBruteForce(before: DockerProfile, after: DockerProfile): boolean {
  const known = resolve(after, here).filters;
  // Only for rules that name machines is another machine another host.
  const named = [...before.syscalls, ...after.syscalls].some(
    ({ includes, excludes }) => includes?.arches !== undefined || excludes?.arches !== undefined,
  );
  return everyHost.some((host) => {
    if (!named && host.arch !== here.arch) return false;
    const was = resolve(before, host).filters;
    return [...resolve(after, host).filters].some(
      ([arch, filter]) => newlyPossible(was.get(arch), filter, known.get(arch), "bpf") !== undefined,
    );
  });
}

describe("the search over hosts is complete", () => {
  test("it finds an opening exactly where trying every host finds one", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(profile, profile, (before, after) => {
        expect(openedElsewhere(before, after, { hosts: [here] }).length > 0).toBe(byBruteForce(before, after));
      }),
      { numRuns: 300 },
    );
  });

  test("of two states of one profile, it misses no host on which more became possible", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(profile, profile, (before, after) => {
        const more = (host: HostContext): boolean => {
          const was = resolve(before, host).filters;
          return [...resolve(after, host).filters].some(
            ([arch, filter]) => newlyPossible(was.get(arch), filter, undefined, "bpf") !== undefined,
          );
        };
        fc.pre(!more(here));
        const machines = everyHost.filter(({ arch }) => arch === here.arch || arch === "SCMP_ARCH_AARCH64");
        const found = openedElsewhere(before, after, { hosts: [here], sameProfile: true });
        if (found.length === 0) expect(machines.find(more)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  const opened = (syscalls: DockerProfile["syscalls"], before: DockerProfile["syscalls"] = []): readonly string[] =>
    openedElsewhere(
      { defaultAction: "SCMP_ACT_ERRNO", syscalls: before },
      { defaultAction: "SCMP_ACT_ERRNO", syscalls },
      {
        hosts: [here],
      },
    ).map(({ syscall, host }) => `${syscall} ${host.kernel ?? ""} ${host.added.join()} ${host.skips ?? ""}`.trim());

  test("between two kernels", () => {
    const allow = { names: ["mount"], action: "SCMP_ACT_ALLOW" };
    expect(opened([{ ...allow, includes: { minKernel: "3.0" }, excludes: { minKernel: "6.0" } }])).toEqual([
      "mount 3.0",
    ]);
  });

  test("with one capability and without another", () => {
    const allow = { names: ["bpf"], action: "SCMP_ACT_ALLOW" };
    const only = { includes: { caps: ["CAP_NET_RAW"] }, excludes: { caps: ["CAP_SYS_ADMIN"] } };
    expect(opened([{ ...allow, ...only }])).toEqual(["bpf  CAP_NET_RAW"]);
  });

  test("a call that moves from one capability to another", () => {
    const under = (name: string): DockerProfile["syscalls"] => [
      { names: ["bpf"], action: "SCMP_ACT_ALLOW", includes: { caps: [name] } },
    ];
    expect(opened(under("CAP_BPF"), under("CAP_SYS_ADMIN"))).toEqual(["bpf  CAP_BPF"]);
  });

  test("what only containerd allows, which skips conditions", () => {
    const never = { includes: { minKernel: "5.0" }, excludes: { minKernel: "4.0" } };
    expect(opened([{ names: ["bpf"], action: "SCMP_ACT_ALLOW", ...never, includes: { caps: ["CAP_NONE"] } }])).toEqual([
      "bpf   conditions",
    ]);
  });

  test("more capabilities than can be tried are an error, and no answer", () => {
    const all = [
      "CHOWN",
      "KILL",
      "MKNOD",
      "SETUID",
      "SETGID",
      "BPF",
      "PERFMON",
      "SYS_ADMIN",
      "SYSLOG",
      "NET_RAW",
      "NET_ADMIN",
      "FOWNER",
      "FSETID",
    ];
    const includes = { caps: all.map((name) => `CAP_${name}`) };
    expect(() => opened([{ names: ["bpf"], action: "SCMP_ACT_ALLOW", includes }])).toThrow(/more than 12 capabilities/);
  });
});
