import { describe, expect, test } from "vitest";
import { lintProfile, type Finding, type FindingKind } from "../../../src/core/lint/index.ts";
import { floorFor } from "../../../src/core/policy/index.ts";
import { ceilingFor, readProfile, resolve, type HostContext } from "../../../src/core/profile/index.ts";
import { defaultCapabilities, newestDockerDefault } from "../../../src/core/tables/index.ts";
import { loadDockerDefault } from "../../../src/project/index.ts";

const host: HostContext = {
  arch: "SCMP_ARCH_X86_64",
  capabilities: new Set(defaultCapabilities),
  kernel: undefined,
  runtime: "runc",
};
const docker = await loadDockerDefault(newestDockerDefault);

/** `everywhere`: lint also asks about other hosts, which takes longer. */
function lint(document: object, everywhere = false): readonly Finding[] {
  const profile = readProfile(JSON.stringify(document), "p.json");
  const ceiling = ceilingFor(docker, [host], resolve(profile, host).filters.keys());
  return lintProfile(profile, {
    host,
    ceiling,
    ceilingName: "Docker's default",
    ...(everywhere ? { reference: docker } : {}),
  });
}

type Row = readonly [severity: Finding["severity"], pointer: string, names: readonly string[]];

/** Severity, place and names of the findings of one kind. */
function rows(kind: FindingKind, document: object): readonly Row[] {
  return lint(document, kind === "beyond-elsewhere")
    .filter((finding) => finding.kind === kind)
    .map(({ severity, pointer, names }) => [severity, pointer, names]);
}

const group = (action: string, names: readonly string[], ...args: readonly object[]): object => ({
  names,
  action,
  ...(args.length === 0 ? {} : { args }),
});
const allow = (names: readonly string[], ...args: readonly object[]): object => group("SCMP_ACT_ALLOW", names, ...args);
const deny = (names: readonly string[], ...args: readonly object[]): object => group("SCMP_ACT_ERRNO", names, ...args);
const masked = (index: number, value: number, mask = 0xffff_ffff): object => ({
  index,
  value: mask,
  valueTwo: value,
  op: "SCMP_CMP_MASKED_EQ",
});
const equal = (index: number, value: number): object => ({ index, value, op: "SCMP_CMP_EQ" });
const floorNames = (noNewPrivileges: boolean): readonly string[] => [
  ...new Set(floorFor("any", { noNewPrivileges, init: false }).flatMap(({ names }) => names)),
];
const floor = allow(floorNames(false));
/** The only finding in it is `clone`, whose flags it does not pin. `groups` begin at /syscalls/1. */
const clean = (...groups: readonly object[]) => ({
  defaultAction: "SCMP_ACT_ERRNO",
  defaultErrnoRet: 38,
  architectures: ["SCMP_ARCH_X86_64"],
  syscalls: [floor, ...groups],
});
const denylist = (...groups: readonly object[]) => ({ ...clean(...groups), defaultAction: "SCMP_ACT_ALLOW" });
const values = (count: number): readonly object[] => [...Array(count).keys()].map((value) => masked(0, value + 1));

describe("every kind of finding has its weight, its place and its names", () => {
  test.each<[FindingKind, object, readonly Row[]]>([
    ["no-filter", {}, [["error", "", []]]],
    ["no-filter", { spec: clean() }, [["error", "/spec", []]]],
    ["denylist", denylist(), [["error", "/defaultAction", []]]],
    ["denylist", { ...clean(), defaultAction: "SCMP_ACT_LOG" }, [["error", "/defaultAction", []]]],
    ["denylist", clean(), []],
    ["false-success", { ...clean(), defaultErrnoRet: 0 }, [["error", "/defaultErrnoRet", []]]],
    ["false-success", { ...clean(), defaultErrnoRet: 1 }, []],
    [
      "false-success",
      clean(allow(["flock"]), { ...deny(["mount", "umount2"]), errnoRet: 0 }),
      [["error", "/syscalls/2/errnoRet", ["mount", "umount2"]]],
    ],
    ["false-success", clean({ ...group("SCMP_ACT_TRACE", ["mount"]), errnoRet: 0 }), []],
    ["unknown-syscall", clean(allow(["flock", "opennat"])), [["warning", "/syscalls/1/names/1", ["opennat"]]]],
    ["unknown-member", { ...clean(), sycalls: [] }, [["warning", "/sycalls", ["sycalls"]]]],
    ["unknown-member", { ...clean(), zzzzzzzzzz: 1 }, [["note", "/zzzzzzzzzz", ["zzzzzzzzzz"]]]],
    [
      "unknown-architecture",
      { ...clean(), architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_VAX"] },
      [["error", "/architectures", ["SCMP_ARCH_VAX"]]],
    ],
    [
      "conflict",
      clean({ ...deny(["socket"], masked(0, 2), masked(1, 1)), errnoRet: 97 }, allow(["socket"], masked(0, 2))),
      [["error", "/syscalls/2", ["socket"]]],
    ],
    ["refused", clean({ ...deny(["flock"]), errnoRet: 4096 }), [["error", "/syscalls/1/errnoRet", []]]],
    [
      "or-not-and",
      clean(allow(["flock"]), allow(["setpriority"], { ...equal(0, 1), op: "SCMP_CMP_GE" }, equal(0, 3))),
      [["error", "/syscalls/2/args", ["setpriority"]]],
    ],
    [
      "or-not-and",
      clean(allow(["personality"], equal(0, 1), equal(0, 3))),
      [["note", "/syscalls/1/args", ["personality"]]],
    ],
    [
      "or-not-and",
      clean(allow(["personality"], masked(0, 1), masked(0, 3))),
      [["note", "/syscalls/1/args", ["personality"]]],
    ],
    [
      "or-not-and",
      clean(allow(["personality"], masked(0, 1, 0xff), masked(0, 3, 0xff))),
      [["error", "/syscalls/1/args", ["personality"]]],
    ],
    [
      "or-not-and",
      clean(allow(["socket"], masked(0, 1), masked(0, 3), masked(1, 1))),
      [["error", "/syscalls/1/args", ["socket"]]],
    ],
    ["or-not-and", clean(allow(["socket"], masked(0, 1), masked(1, 1))), []],
    [
      "wide-comparison",
      clean(allow(["socket"], masked(1, 1), { ...equal(0, 16), op: "SCMP_CMP_NE" })),
      [["warning", "/syscalls/1/args/1", ["socket"]]],
    ],
    [
      "wide-comparison",
      clean(allow(["socket", "flock"], equal(0, 2))),
      [["note", "/syscalls/1/args/0", ["socket", "flock"]]],
    ],
    ["wide-comparison", clean(allow(["socket"], masked(0, 2))), []],
    ["wide-comparison", clean(allow(["mmap"], equal(0, 2))), []],
    [
      "ignored-bits",
      clean(allow(["flock"]), allow(["personality"], masked(0, 2), masked(0, 9, 8))),
      [["warning", "/syscalls/2/args/1", ["personality"]]],
    ],
    [
      "ignored-bits",
      clean(allow(["personality"], masked(0, 3, 8))),
      [["warning", "/syscalls/1/args/0", ["personality"]]],
    ],
    ["ignored-bits", clean(allow(["personality"], masked(0, 8, 8))), []],
    ["agent-needed", clean(group("SCMP_ACT_NOTIFY", ["chroot"])), [["warning", "/syscalls/1/action", ["chroot"]]]],
    ["agent-needed", clean(group("SCMP_ACT_TRACE", ["chroot"])), [["warning", "/syscalls/1/action", ["chroot"]]]],
    ["agent-needed", clean(group("SCMP_ACT_LOG", ["chroot"])), []],
    [
      "cut-conditions",
      clean(allow(["personality"], ...values(7))),
      [["warning", "/syscalls/1/args/6", ["personality"]]],
    ],
    ["cut-conditions", clean(allow(["personality"], ...values(6))), []],
    [
      "void-deny",
      clean({ ...deny(["socket", "flock"], masked(0, 9)), errnoRet: 13 }, allow(["socket", "flock"])),
      [["error", "/syscalls/1", ["socket", "flock"]]],
    ],
    [
      "void-exception",
      denylist({ ...deny(["socket"]), errnoRet: 13 }, allow(["socket"], masked(0, 1))),
      [["warning", "/syscalls/2", ["socket"]]],
    ],
    ["shadowed-rule", clean(allow(["flock"]), allow(["sync", "flock"])), [["note", "/syscalls/2", ["flock"]]]],
    [
      "shadowed-rule",
      clean(allow(["sync", "flock"]), allow(["sync", "flock"])),
      [["note", "/syscalls/2", ["flock", "sync"]]],
    ],
    [
      "old-format",
      clean(allow(["sync"]), { name: "flock", action: "SCMP_ACT_ALLOW" }),
      [["note", "/syscalls/2/name", ["flock"]]],
    ],
    ["old-format", clean(allow(["flock"])), []],
    ["missing-architectures", { ...clean(), architectures: [] }, [["note", "", []]]],
    ["missing-architectures", clean(), []],
    [
      "missing-architectures",
      {
        ...clean(),
        architectures: undefined,
        archMap: [{ architecture: "SCMP_ARCH_X86_64", subArchitectures: [] }],
      },
      [],
    ],
    ["beyond-docker", clean(allow(["mount", "bpf"])), [["warning", "", ["bpf", "clone", "mount"]]]],
    ["beyond-docker", clean(allow(["flock"])), [["warning", "", ["clone"]]]],
    ["beyond-docker", denylist(), []],
    [
      "beyond-elsewhere",
      clean({ ...allow(["mount"]), includes: { caps: ["CAP_NET_ADMIN"] } }),
      [["warning", "", ["mount"]]],
    ],
    ["beyond-elsewhere", denylist({ ...allow(["mount"]), includes: { caps: ["CAP_NET_ADMIN"] } }), []],
    ["dangerous-call", clean(allow(["flock"]), allow(["bpf"])), [["warning", "/syscalls/2", ["bpf"]]]],
    ["dangerous-call", clean(allow(["keyctl"])), [["warning", "/syscalls/1", ["keyctl"]]]],
    ["dangerous-call", clean(allow(["keyctl"], masked(0, 11))), []],
    [
      "missing-floor",
      { ...clean(), syscalls: [allow(floorNames(false).filter((name) => name !== "execve"))] },
      [["error", "", ["execve"]]],
    ],
    [
      "missing-floor",
      { ...clean(), syscalls: [allow(floorNames(false).filter((name) => name !== "futex"))] },
      [["error", "", ["futex"]]],
    ],
    [
      "missing-floor",
      { ...clean(), syscalls: [allow(floorNames(false).filter((name) => name !== "madvise"))] },
      [["warning", "", ["madvise"]]],
    ],
    [
      "missing-floor",
      { ...clean(), syscalls: [allow(floorNames(false).filter((name) => name !== "capset"))] },
      [["note", "", ["capset"]]],
    ],
    ["missing-floor", clean(), []],
    ["enosys-trap", clean({ ...deny(["clone3"]), errnoRet: 1 }), [["warning", "", ["clone3"]]]],
    ["enosys-trap", clean({ ...deny(["clone3"]), errnoRet: 13 }), []],
    ["enosys-trap", clean({ ...deny(["mount"]), errnoRet: 1 }), []],
    [
      "compat-architecture",
      { ...clean(), architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_AARCH64"] },
      [["note", "/architectures", ["x86"]]],
    ],
    [
      "socketcall-open",
      {
        ...clean(allow(["socketcall"]), allow(["socket"], masked(0, 1))),
        architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
      },
      [["warning", "", ["socket", "socketcall"]]],
    ],
    ["socketcall-open", clean(allow(["socketcall"]), allow(["socket"], masked(0, 1))), []],
    [
      "socketcall-open",
      { ...clean(allow(["socketcall", "socket"])), architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"] },
      [],
    ],
    [
      "inverted-mask",
      denylist(
        allow(["flock"]),
        deny(["mmap"], masked(2, 0, 0xffff_ffff), { ...masked(3, 0x20), value: 0x20, valueTwo: 0 }),
      ),
      [["error", "/syscalls/2/args/1", ["mmap"]]],
    ],
    [
      "mask-of-all",
      denylist(allow(["flock"]), deny(["unshare"], masked(0, 0x6000_0000, 0x6000_0000))),
      [["error", "/syscalls/2/args/0", ["unshare"]]],
    ],
    [
      "pointer-condition",
      clean(allow(["openat"], masked(2, 0), masked(1, 5))),
      [["error", "/syscalls/1/args/1", ["openat"]]],
    ],
    [
      "dead-condition",
      clean(allow(["kill"], masked(0, 1), { ...equal(1, 0), op: "SCMP_CMP_LT" })),
      [["warning", "/syscalls/1/args/1", ["kill"]]],
    ],
    [
      "never-applies",
      clean(allow(["sync"]), { ...allow(["flock"]), includes: { caps: ["BPF"] } }),
      [["warning", "/syscalls/2/includes/caps", ["flock"]]],
    ],
    [
      "never-applies",
      clean({ ...allow(["flock"]), excludes: { arches: ["aarch64"] } }),
      [["warning", "/syscalls/1/excludes/arches", ["flock"]]],
    ],
    [
      "open-sibling",
      denylist(allow(["sync"]), { ...deny(["mkdir", "rmdir"]), errnoRet: 1 }),
      [
        ["warning", "/syscalls/2", ["mkdir"]],
        ["warning", "/syscalls/2", ["rmdir"]],
      ],
    ],
    ["pointer-condition", clean(allow(["read"], { ...equal(1, 1), op: "SCMP_CMP_GE" })), []],
    ["pointer-condition", clean(allow(["read"], equal(1, 1))), [["error", "/syscalls/1/args/0", ["read"]]]],
    ["pointer-condition", clean(allow(["read"], { ...equal(1, 1), op: "SCMP_CMP_LT" })), []],
    ["pointer-condition", clean(allow(["read"], equal(1, 0))), []],
    [
      "dead-condition",
      clean(allow(["flock"], equal(1, 0x1_0000_0001))),
      [["warning", "/syscalls/1/args/0", ["flock"]]],
    ],
    ["dead-condition", clean(allow(["ftruncate"], equal(1, 0x1_0000_0001))), []],
    ["open-sibling", denylist(deny(["clone"], masked(0, 0x100, 0x100))), []],
    [
      "ignored-bits",
      clean(allow(["personality"], masked(0, 1, 0))),
      [["error", "/syscalls/1/args/0", ["personality"]]],
    ],
    [
      "ignored-bits",
      clean(allow(["personality"], masked(0, 3, 1))),
      [["warning", "/syscalls/1/args/0", ["personality"]]],
    ],
    ["ignored-bits", clean(allow(["personality"], masked(0, 1, 1))), []],
    [
      "inverted-mask",
      denylist(deny(["clone"], masked(0, 0, 0x1000_0000), equal(1, 5))),
      [["error", "/syscalls/1/args/0", ["clone"]]],
    ],
    ["inverted-mask", denylist(deny(["clone"], masked(0, 0x7c00_0000, 0x7c00_0000))), []],
    [
      "shadowed-rule",
      clean(allow(["flock"]), deny(["flock"], masked(1, 2)), allow(["flock"], masked(1, 3))),
      [["note", "/syscalls/3", ["flock"]]],
    ],
    [
      "void-deny",
      clean(allow(["flock"]), deny(["flock"], masked(1, 2)), allow(["flock"], masked(1, 3))),
      [["error", "/syscalls/2", ["flock"]]],
    ],
  ])("%s, row %$", (kind, document, expected) => expect(rows(kind, document)).toEqual(expected));

  test("a profile of the operator on top of another one", () => {
    const profile = { ...readProfile(JSON.stringify(clean()), "p.json"), baseProfileName: "runc-v1.1" };
    const ceiling = ceilingFor(docker, [host], resolve(profile, host).filters.keys());
    expect(lintProfile(profile, { host, ceiling, ceilingName: "Docker's default" })).toContainEqual({
      kind: "base-profile",
      severity: "note",
      pointer: "/baseProfileName",
      names: ["runc-v1.1"],
    });
  });

  test("a deny that does not take effect names the rule that answers instead", () => {
    const document = clean(allow(["getppid"]), allow(["flock"]), deny(["flock"], masked(1, 2)));
    expect(lint(document).find(({ kind }) => kind === "void-deny")).toMatchObject({ by: "/syscalls/2" });
  });

  test("a namespace that another call still makes", () => {
    const document = denylist(deny(["clone"], masked(0, 0x1000_0000, 0x1000_0000)), deny(["clone3"]));
    expect(lint(document).find(({ kind }) => kind === "open-sibling")).toMatchObject({
      names: ["clone"],
      does: "make the same namespaces",
      siblings: [{ call: { name: "unshare" } }],
    });
  });

  test("more than fifty unknown names are counted", () => {
    const names = [...Array(53).keys()].map((at) => `nobody_knows_${at}`);
    expect(rows("unknown-syscall", clean(allow(names)))).toHaveLength(50);
    expect(lint(clean(allow(names))).find(({ kind }) => kind === "more-unknown-syscalls")).toEqual({
      kind: "more-unknown-syscalls",
      severity: "warning",
      pointer: "/syscalls",
      names: [],
      count: 3,
    });
    expect(rows("more-unknown-syscalls", clean(allow(names.slice(0, 50))))).toEqual([]);
  });

  test("a profile as large as the kernel's limit", () => {
    const of = (count: number) =>
      rows("huge-profile", clean(...values(count).map((arg) => allow(["personality"], arg))));
    expect(of(3600)).toEqual([]);
    expect(of(4000)).toEqual([["warning", "/syscalls", []]]);
    expect(of(4400)).toEqual([["error", "/syscalls", []]]);
  });
});

test("a dangerous call that one rule pins and another allows whole is dangerous", () => {
  const pinned = allow(["ptrace"], equal(0, 0));
  expect(rows("dangerous-call", clean(pinned))).toEqual([]);
  expect(rows("dangerous-call", clean(pinned, allow(["ptrace"])))).toEqual([["warning", "/syscalls/1", ["ptrace"]]]);
});
