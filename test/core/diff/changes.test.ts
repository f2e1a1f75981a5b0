import { describe, expect, test } from "vitest";
import {
  allowedCounts,
  compareProfiles,
  diffFilters,
  elsewhereByHost,
  elsewhereText,
  exceeds,
  isSame,
  newlyPossible,
  openedElsewhere,
  profileChanges,
  type ChangeKind,
  type Elsewhere,
} from "../../../src/core/diff/index.ts";
import { readProfile, resolve, type DockerProfile, type HostContext } from "../../../src/core/profile/index.ts";
import type { Filter } from "../../../src/core/seccomp/index.ts";
import type { ScmpArch } from "../../../src/core/tables/index.ts";

const x64 = "SCMP_ARCH_X86_64";
const x86 = "SCMP_ARCH_X86";
const arm64 = "SCMP_ARCH_AARCH64";
const host: HostContext = { arch: x64, capabilities: new Set(["CAP_CHOWN"]), kernel: "6.1", runtime: "crun" };

function profileOf(syscalls: readonly object[], members: object = {}): DockerProfile {
  return readProfile(
    JSON.stringify({ defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 1, ...members, syscalls }),
    "p.json",
  );
}
const filtersOf = (syscalls: readonly object[], members: object = {}, on = host): ReadonlyMap<ScmpArch, Filter> =>
  resolve(profileOf(syscalls, members), on).filters;
const own = (syscalls: readonly object[], members: object = {}): Filter => {
  const filter = filtersOf(syscalls, members).get(x64);
  if (filter === undefined) throw new RangeError("no filter");
  return filter;
};

const arg = (index: number, value: number): object => ({ index, value, op: "SCMP_CMP_EQ" });
const group = (action: object, ...args: readonly object[]): object => ({ names: ["socket"], ...action, args });
const allow = { action: "SCMP_ACT_ALLOW" };
const log = { action: "SCMP_ACT_LOG" };
const eperm = { action: "SCMP_ACT_ERRNO", errnoRet: 1 };
const enosys = { action: "SCMP_ACT_ERRNO", errnoRet: 38 };
const trap = { action: "SCMP_ACT_TRAP" };

describe("a change of a call is", () => {
  test.each<[ChangeKind | "none", readonly object[], readonly object[]]>([
    ["newly-allowed", [], [group(allow)]],
    ["newly-allowed", [], [group(allow, arg(0, 2))]],
    ["no-longer-allowed", [group(allow)], []],
    ["no-longer-allowed", [group(allow, arg(0, 2))], [group(trap)]],
    ["widened", [group(allow, arg(0, 2))], [group(allow)]],
    ["widened", [group(allow, arg(0, 2))], [group(allow, arg(0, 2)), group(allow, arg(0, 1))]],
    ["narrowed", [group(allow)], [group(allow, arg(0, 2))]],
    ["narrowed", [group(allow)], [group(log, arg(0, 2))]],
    ["changed", [group(allow, arg(0, 2))], [group(allow, arg(0, 1))]],
    ["changed", [group(allow)], [group(log)]],
    ["changed", [group(allow, arg(0, 2)), group(trap, arg(0, 1))], [group(log, arg(0, 2))]],
    ["denied-differently", [], [group(enosys)]],
    ["denied-differently", [group(allow, arg(0, 2))], [group(allow, arg(0, 2)), group(trap, arg(0, 1))]],
    ["none", [group(eperm)], []],
    ["none", [group(allow, arg(0, 2))], [group(allow, arg(0, 2)), group(allow, arg(0, 2))]],
  ])("%s, row %$", (kind, before, after) =>
    expect(diffFilters(filtersOf(before), filtersOf(after)).syscalls.map((change) => change.kind)).toEqual(
      kind === "none" ? [] : [kind],
    ),
  );

  test("told with both sides' rules, and with a call that shows it", () => {
    const [change] = diffFilters(filtersOf([group(allow, arg(0, 2))]), filtersOf([group(allow)])).syscalls;
    expect(change).toMatchObject({ arch: x64, syscall: "socket", was: eperm, is: allow });
    expect(change?.before.map(({ rule }) => rule.conditions)).toEqual([[{ index: 0, op: "SCMP_CMP_EQ", datum: 2n }]]);
    expect(change?.after.map(({ rule }) => rule.conditions)).toEqual([[]]);
    expect(change?.witness).toMatchObject({ arch: x64, name: "socket", nr: 41 });
    expect(change?.witness.args[0]).not.toBe(2n);
  });

  test("shown by what opens before what closes, and by what closes before what is denied otherwise", () => {
    const answers = (before: readonly object[], after: readonly object[]): readonly unknown[] =>
      diffFilters(filtersOf(before), filtersOf(after)).syscalls.map(({ was, is }) => [was.action, is.action]);
    expect(answers([group(allow, arg(0, 1))], [group(allow, arg(0, 2))])).toEqual([
      ["SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW"],
    ]);
    expect(answers([group(allow, arg(0, 2))], [group(trap, arg(0, 1))])).toEqual([
      ["SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"],
    ]);
    expect(answers([group(allow)], [group(log)])).toEqual([["SCMP_ACT_ALLOW", "SCMP_ACT_LOG"]]);
  });

  test("told without rules where runc's stub answers before them", () => {
    const rules = [group(allow)];
    const [filter, stubbed] = [own(rules), { ...own(rules), enosysAbove: 40 }];
    const diff = diffFilters(new Map([[x64, filter]]), new Map([[x64, stubbed]]));
    const change = diff.syscalls.find(({ syscall }) => syscall === "socket");
    expect(change).toMatchObject({ kind: "no-longer-allowed", after: [], is: enosys });
    expect(change?.before).toHaveLength(1);
    const at = diffFilters(new Map([[x64, filter]]), new Map([[x64, { ...filter, enosysAbove: 41 }]]));
    expect(at.syscalls.some(({ syscall }) => syscall === "socket")).toBe(false);
    expect(at.syscalls.find(({ syscall }) => syscall === "connect")).toMatchObject({ kind: "denied-differently" });
  });
});

describe("of whole filters", () => {
  test("architectures that came and went are told, and their calls are not", () => {
    const [one, both] = [filtersOf([group(allow)]), filtersOf([group(allow)], { architectures: [x64, x86] })];
    expect(diffFilters(one, both)).toMatchObject({
      profile: [{ kind: "architecture-added", arch: x86 }],
      syscalls: [],
    });
    expect(diffFilters(both, one)).toMatchObject({
      profile: [{ kind: "architecture-removed", arch: x86 }],
      syscalls: [],
    });
  });

  test("another default is told once, with the calls that a side names", () => {
    const diff = diffFilters(filtersOf([group(trap)]), filtersOf([group(eperm)], { defaultErrnoRet: 38 }));
    expect(diff.profile).toEqual([{ kind: "default-changed", arch: x64, was: { ...eperm }, is: { ...enosys } }]);
    expect(diff.syscalls.map(({ syscall, kind }) => [syscall, kind])).toEqual([["socket", "denied-differently"]]);
  });

  test("counts say how many calls each side allows, in whole or in part", () => {
    expect(allowedCounts(filtersOf([group(allow, arg(0, 1))]), filtersOf([]))).toEqual({
      allowedBefore: { [x64]: 1 },
      allowedAfter: { [x64]: 0 },
    });
    const all = allowedCounts(filtersOf([], { defaultAction: "SCMP_ACT_ALLOW" }), filtersOf([]));
    const but = allowedCounts(filtersOf([group(eperm)], { defaultAction: "SCMP_ACT_ALLOW" }), filtersOf([]));
    expect((all.allowedBefore[x64] ?? 0) - (but.allowedBefore[x64] ?? 0)).toBe(1);
    expect(all.allowedBefore[x64]).toBeGreaterThan(300);
  });

  test("a name that no table has is compared too", () => {
    const strange = (action: Filter["defaultAction"]): Filter => ({
      ...own([]),
      syscalls: new Map([
        ["newest", [{ action, rule: { conditions: [] }, because: { type: "user", option: "--allow" } }]],
      ]),
    });
    const diff = diffFilters(new Map([[x64, own([])]]), new Map([[x64, strange({ action: "SCMP_ACT_ALLOW" })]]));
    expect(diff.syscalls).toMatchObject([{ syscall: "newest", kind: "newly-allowed", witness: { nr: undefined } }]);
  });
});

describe("what exceeds a ceiling", () => {
  const names = (filter: Filter, ceiling: Filter): readonly string[] =>
    exceeds(filter, ceiling).map(({ syscall }) => syscall);

  test("is allowed below it and denied by it, whatever else differs", () => {
    expect(names(own([group(allow)]), own([]))).toEqual(["socket"]);
    expect(names(own([]), own([group(allow)]))).toEqual([]);
    expect(names(own([group(log)]), own([group(allow)]))).toEqual([]);
    expect(names(own([group(trap)]), own([]))).toEqual([]);
    expect(names(own([group(allow, arg(0, 1))]), own([group(allow, arg(0, 2))]))).toEqual(["socket"]);
  });

  test("is asked of one architecture alone", () => {
    expect(() => exceeds(own([]), { ...own([]), arch: arm64 })).toThrow(
      /SCMP_ARCH_X86_64 cannot be .* SCMP_ARCH_AARCH64/,
    );
  });
});

test("what is newly possible is denied before, allowed after, and not excused", () => {
  const [nothing, two, all] = [own([]), own([group(allow, arg(0, 2))]), own([group(allow)])];
  expect(newlyPossible(nothing, two, undefined, "socket")).toMatchObject({ arch: x64, name: "socket", nr: 41 });
  expect(newlyPossible(nothing, two, undefined, "socket")?.args[0]).toBe(2n);
  expect(newlyPossible(undefined, two, undefined, "socket")?.args[0]).toBe(2n);
  expect(newlyPossible(two, all, undefined, "socket")?.args[0]).not.toBe(2n);
  expect(newlyPossible(all, two, undefined, "socket")).toBeUndefined();
  expect(newlyPossible(nothing, two, two, "socket")).toBeUndefined();
  expect(newlyPossible(nothing, all, two, "socket")?.args[0]).not.toBe(2n);
});

describe("beside the rules", () => {
  const changes = (before: object, after: object, judged: readonly ScmpArch[] = [x64]) =>
    profileChanges(profileOf([], before), profileOf([], after), judged);

  test("a side without any filter is told, the newer one first", () => {
    const none = readProfile("{}", "p.json");
    const noFilter = { kind: "empty", pointer: "" };
    expect(profileChanges(none, none, [x64])).toEqual([
      { kind: "no-filter", side: "after", noFilter },
      { kind: "no-filter", side: "before", noFilter },
    ]);
    expect(profileChanges(profileOf([]), none, [x64])).toEqual([{ kind: "no-filter", side: "after", noFilter }]);
  });

  test("members that change what the filter does are told, and their order is none", () => {
    expect(
      changes(
        { listenerPath: "/a", flags: ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"] },
        { listenerPath: "/b", listenerMetadata: "m" },
      ),
    ).toEqual([
      {
        kind: "member-changed",
        member: "flags",
        was: "SECCOMP_FILTER_FLAG_LOG, SECCOMP_FILTER_FLAG_SPEC_ALLOW",
        is: undefined,
      },
      { kind: "member-changed", member: "listenerPath", was: "/a", is: "/b" },
      { kind: "member-changed", member: "listenerMetadata", was: undefined, is: "m" },
    ]);
    expect(changes({ flags: ["B", "A"] }, { flags: ["A", "B"] })).toEqual([]);
    expect(changes({ flags: [], listenerPath: "" }, {})).toEqual([]);
  });

  test("what is served on other machines is told, machine by machine", () => {
    const map = (...entries: readonly (readonly [string, ...string[]])[]): object => ({
      archMap: entries.map(([architecture, ...subArchitectures]) => ({ architecture, subArchitectures })),
    });
    const arm = "SCMP_ARCH_ARM";
    expect(changes(map([x64, x86], [arm64, arm]), map([x64], [arm64]))).toEqual([
      { kind: "sub-architectures", arch: arm64, added: [], removed: [arm] },
    ]);
    expect(changes(map([arm64]), map([arm64, arm, "SCMP_ARCH_VAX"]))).toEqual([
      { kind: "sub-architectures", arch: arm64, added: [arm], removed: [] },
    ]);
    expect(changes(map([x64, x86], [arm64, arm]), map([x64], [arm64]), [])).toEqual([
      { kind: "sub-architectures", arch: arm64, added: [], removed: [arm] },
      { kind: "sub-architectures", arch: x64, added: [], removed: [x86] },
    ]);
    expect(changes(map([arm64, arm]), { architectures: [arm] })).toEqual([]);
    expect(changes(map(["SCMP_ARCH_VAX", arm]), map(["SCMP_ARCH_VAX"]))).toEqual([]);
  });
});

describe("two profiles are the same", () => {
  const conditional = { ...group(allow), names: ["mount"], includes: { caps: ["CAP_SYS_ADMIN"] } };

  test("if nothing differs on the hosts given and on all others", () => {
    expect(isSame(compareProfiles(profileOf([group(allow)]), profileOf([group(allow)]), [host]))).toBe(true);
    for (const [before, after] of [
      [profileOf([]), profileOf([group(allow)])],
      [profileOf([]), profileOf([conditional])],
      [profileOf([conditional]), profileOf([])],
      [profileOf([]), profileOf([], { flags: ["SECCOMP_FILTER_FLAG_LOG"] })],
    ] as const)
      expect(isSame(compareProfiles(before, after, [host]))).toBe(false);
  });

  test("and each kind of difference stands in its list", () => {
    const opened = compareProfiles(profileOf([]), profileOf([conditional], { listenerPath: "/a" }), [host], {
      ceiling: profileOf([]),
    });
    expect(opened.openedElsewhere).toEqual([
      {
        syscall: "mount",
        arch: x64,
        host: { arch: x64, added: ["CAP_SYS_ADMIN"], dropped: [] },
        beyondCeiling: true,
      },
    ]);
    expect(opened.closedElsewhere).toEqual([]);
    expect(opened.profile).toMatchObject([{ kind: "member-changed" }]);
    const closed = compareProfiles(profileOf([conditional]), profileOf([]), [host]);
    expect(closed.openedElsewhere).toEqual([]);
    expect(closed.closedElsewhere).toMatchObject([{ syscall: "mount", beyondCeiling: false }]);
    expect(
      compareProfiles(profileOf([]), profileOf([conditional]), [host], { ceiling: profileOf([conditional]) })
        .openedElsewhere,
    ).toMatchObject([{ beyondCeiling: false }]);
  });
});

describe("what opens on other hosts", () => {
  const opened = (before: readonly object[], after: readonly object[], hosts: readonly HostContext[] = [host]) =>
    openedElsewhere(profileOf(before), profileOf(after), { hosts });
  const named = (name: string, more: object = {}): object => ({ names: [name], action: "SCMP_ACT_ALLOW", ...more });

  test("is sorted by call, each with the first host that shows it", () => {
    const on = { includes: { caps: ["CAP_SYS_ADMIN"] } };
    expect(opened([], [named("mount", on), named("bpf", on), named("acct", on)]).map(({ syscall }) => syscall)).toEqual(
      ["acct", "bpf", "mount"],
    );
  });

  test("is nothing without a host, for a name that is no call, and for what is open here", () => {
    const on = { includes: { caps: ["CAP_SYS_ADMIN"] } };
    expect(opened([], [named("mount", on)], [])).toEqual([]);
    expect(opened([], [named("mountt", on)])).toEqual([]);
    expect(opened([], [named("mount"), named("mount", on)])).toEqual([]);
    expect(opened([named("mount", on)], [named("mount", on)])).toEqual([]);
  });

  test("may need a capability that is dropped there", () => {
    expect(opened([], [named("mount", { excludes: { caps: ["CAP_CHOWN"] } })])).toMatchObject([
      { host: { added: [], dropped: ["CAP_CHOWN"] } },
    ]);
  });

  test("may be on another machine, which a rule names", () => {
    expect(opened([], [named("mount", { includes: { arches: ["arm64"] } })])).toMatchObject([
      { arch: arm64, host: { arch: arm64, added: [], dropped: [] } },
    ]);
    expect(opened([named("mount", { excludes: { arches: ["arm64"] } })], [named("mount")])).toMatchObject([
      { arch: arm64 },
    ]);
  });

  test("of two states of one profile may be a call that both allow here", () => {
    const without = (name: string): readonly object[] => [named("ptrace", { excludes: { caps: [name] } })];
    const [before, after] = [profileOf(without("CAP_SYS_PTRACE")), profileOf(without("CAP_SYS_ADMIN"))];
    expect(openedElsewhere(before, after, { hosts: [host] })).toEqual([]);
    expect(openedElsewhere(before, after, { hosts: [host], sameProfile: true })).toMatchObject([
      { syscall: "ptrace", host: { added: ["CAP_SYS_PTRACE"], dropped: [] } },
    ]);
    expect(isSame(compareProfiles(before, after, [host]))).toBe(false);
  });

  test("is a call that no machine of the profile has, if it is beyond the ceiling", () => {
    const arm = { architectures: [arm64] };
    const hosts = [{ ...host, arch: arm64 } as const];
    const opens = (name: string) =>
      openedElsewhere(profileOf([], arm), profileOf([named(name)], arm), {
        hosts,
        ceiling: profileOf([named("fork")]),
      });
    expect(opens("iopl")).toMatchObject([{ syscall: "iopl", arch: x64, beyondCeiling: true }]);
    expect(opens("fork")).toEqual([]);
  });

  test("may be on an older kernel than here", () => {
    expect(opened([], [named("mount", { excludes: { minKernel: "4.0" } })])[0]?.host.kernel).toMatch(/^[0-3]\./);
    expect(opened([], [named("mount", { includes: { minKernel: "4.0" } })])).toEqual([]);
  });
});

describe("a host elsewhere is said", () => {
  const one = (where: Partial<Elsewhere["host"]>, more: Partial<Elsewhere> = {}): Elsewhere => ({
    syscall: "ptrace",
    arch: x64,
    host: { arch: x64, added: [], dropped: [], ...where },
    beyondCeiling: false,
    ...more,
  });

  test.each<[string, Elsewhere]>([
    ["ptrace (amd64)", one({})],
    ["ptrace (amd64; beyond Docker's default)", one({}, { beyondCeiling: true })],
    ["ptrace (x86 on amd64)", one({}, { arch: x86 })],
    ["ptrace (amd64, kernel 4.0)", one({ kernel: "4.0" })],
    [
      "ptrace (amd64, under containerd, which skips includes and excludes)",
      one({ skips: "conditions", kernel: "4.0" }),
    ],
    ["ptrace (amd64, under podman, which skips minKernel)", one({ skips: "kernels", kernel: "4.0" })],
    ["ptrace (amd64, with A and B, without C)", one({ added: ["A", "B"], dropped: ["C"] })],
    ["ptrace (amd64, with A and B and C and D)", one({ added: ["A", "B", "C", "D"] })],
    ["ptrace (amd64, with A and B and C and D and 2 more)", one({ added: ["A", "B", "C", "D", "E", "F"] })],
  ])("%s", (text, elsewhere) => expect(elsewhereText(elsewhere)).toBe(text));

  test("once for all of its calls", () => {
    expect(
      elsewhereByHost([one({}), one({ kernel: "4.0" }, { syscall: "bpf" }), one({}, { syscall: "setns" })]),
    ).toEqual(["amd64: ptrace, setns", "amd64, kernel 4.0: bpf"]);
  });
});
