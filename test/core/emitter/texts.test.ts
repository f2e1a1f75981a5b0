import { describe, expect, test } from "vitest";
import {
  emitBpf,
  emitBpfText,
  emitDocker,
  emitFirejail,
  emitOci,
  emitPod,
  emitSecurityProfile,
  emitSystemd,
  encodeProgram,
  type AppliedProfile,
} from "../../../src/core/emitter/index.ts";
import type { Policy } from "../../../src/core/policy/index.ts";
import { readProfile, resolve } from "../../../src/core/profile/index.ts";
import type { ActionRule, ArgCondition, Because, Filter } from "../../../src/core/seccomp/index.ts";
import type { ScmpArch } from "../../../src/core/tables/index.ts";

const x64 = "SCMP_ARCH_X86_64";
const allow = { action: "SCMP_ACT_ALLOW" } as const;
const enosys = { action: "SCMP_ACT_ERRNO", errnoRet: 38 } as const;
const eperm = { action: "SCMP_ACT_ERRNO", errnoRet: 1 } as const;
const seen: Because = { type: "observed", processes: ["app"] };

const rule = (
  action: ActionRule["action"],
  because: Because = seen,
  ...conditions: readonly ArgCondition[]
): ActionRule => ({ action, rule: { conditions }, because });
const equal = (index: 0 | 1 | 2, datum: bigint): ArgCondition => ({ index, op: "SCMP_CMP_EQ", datum });
const masked = (index: 0 | 1 | 2, mask: bigint, datum: bigint): ArgCondition => ({
  index,
  op: "SCMP_CMP_MASKED_EQ",
  mask,
  datum,
});
const family = (datum: bigint): ArgCondition => masked(0, 0xffff_ffffn, datum);

function filterOf(
  rules: Readonly<Record<string, readonly ActionRule[]>>,
  arch: ScmpArch = x64,
  defaultAction: Filter["defaultAction"] = enosys,
): Filter {
  return { arch, defaultAction, syscalls: new Map(Object.entries(rules)), enosysAbove: undefined };
}

function policyOf(...filters: readonly Filter[]): Policy {
  return {
    filters,
    notes: [],
    assumptions: {
      recording: "app",
      noNewPrivileges: true,
      init: false,
      floor: "any",
      args: "standard",
      capabilities: undefined,
      exact: false,
      reach: true,
      mode: "enforce",
      ceiling: "Docker 28's default",
    },
  };
}

describe("a profile for Docker", () => {
  const floor: Because = { type: "floor", reason: "runc starts the program", source: "measured" };
  const fallback: Because = { type: "fallback", reason: "the same answer", source: "moby" };

  test("has a group for each reason and set of arguments, in the order of reasons", () => {
    const text = emitDocker(
      policyOf(
        filterOf({
          mount: [rule(eperm, fallback)],
          write: [rule(allow)],
          socket: [rule(allow, seen, family(16n)), rule(allow, seen, family(2n), equal(1, 1n))],
          mkdir: [rule(eperm, fallback)],
          bpf: [rule(eperm, fallback)],
          execve: [rule(allow, floor)],
          read: [rule(allow)],
        }),
      ),
    );
    const lines = text.split("\n");
    expect(text.endsWith("]\n}\n")).toBe(true);
    expect(lines.slice(0, 4)).toEqual([
      "{",
      '  "defaultAction": "SCMP_ACT_ERRNO",',
      '  "defaultErrnoRet": 38,',
      '  "architectures": ["SCMP_ARCH_X86_64"],',
    ]);
    const document = JSON.parse(text) as { readonly syscalls: readonly { readonly names: readonly string[] }[] };
    expect(document.syscalls.map(({ names }) => names)).toEqual([
      ["read", "write"],
      ["socket"],
      ["socket"],
      ["execve"],
      ["bpf", "mkdir", "mount"],
    ]);
    // Each allowed name has its own line. Denied names share lines by their first letter.
    expect(text).toContain(
      '      "names": [\n        "read",\n        "write"\n      ],\n      "action": "SCMP_ACT_ALLOW"\n',
    );
    expect(text).toContain('      "names": [\n        "bpf",\n        "mkdir", "mount"\n      ],\n');
    expect(text).toContain('      "action": "SCMP_ACT_ERRNO",\n      "errnoRet": 1\n    }\n');
    expect(text).toContain('      "names": ["execve"],\n      "action": "SCMP_ACT_ALLOW"\n    },\n');
    // A rule about arguments has one line.
    const pins = lines.filter((line) => line.includes('"args"'));
    expect(pins.map((line) => line.slice(line.indexOf('"names"')))).toEqual([
      '"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{ "index": 0, "value": 4294967295, ' +
        '"valueTwo": 2, "op": "SCMP_CMP_MASKED_EQ" }, { "index": 1, "value": 1, "op": "SCMP_CMP_EQ" }] },',
      '"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{ "index": 0, "value": 4294967295, ' +
        '"valueTwo": 16, "op": "SCMP_CMP_MASKED_EQ" }] },',
    ]);
    expect(pins.every((line) => line.startsWith('    { "comment": "'))).toBe(true);
  });

  test("keeps the same rule with another answer, argument or reason apart", () => {
    const groups = (rules: Readonly<Record<string, readonly ActionRule[]>>): number =>
      (JSON.parse(emitDocker(policyOf(filterOf(rules)))) as { readonly syscalls: readonly unknown[] }).syscalls.length;
    expect(groups({ mount: [rule(eperm, fallback)], bpf: [rule(eperm, fallback)] })).toBe(1);
    expect(groups({ mount: [rule(eperm, fallback)], bpf: [rule(enosys, fallback)] })).toBe(2);
    expect(groups({ mount: [rule(eperm, fallback)], bpf: [rule({ action: "SCMP_ACT_TRAP" }, fallback)] })).toBe(2);
    expect(groups({ mount: [rule(allow, floor)], bpf: [rule(allow)] })).toBe(2);
    expect(groups({ mount: [rule(allow, floor)], bpf: [rule(allow, floor, equal(0, 1n))] })).toBe(2);
    expect(groups({ bpf: [rule(allow, floor, equal(0, 1n)), rule(allow, floor, equal(0, 2n))] })).toBe(2);
    expect(groups({ bpf: [rule(allow), rule(allow)] })).toBe(1);
  });

  test("says nothing of an errno that its default action does not have", () => {
    const text = emitDocker(policyOf(filterOf({ read: [rule(allow)] }, x64, { action: "SCMP_ACT_LOG" })));
    expect(text).toContain('"defaultAction": "SCMP_ACT_LOG",\n  "architectures"');
  });

  test("has the comment of the profile that a rule was read from", () => {
    const read = (comment: string | undefined): string =>
      emitDocker(policyOf(filterOf({ read: [rule(allow, { type: "profile", pointer: "/syscalls/0", comment })] })));
    expect(read('of old "times"')).toContain('"comment": "of old \\"times\\""');
    expect(read(undefined)).toContain('"comment": ""');
  });

  test("lists the architectures of one machine, and maps those of several", () => {
    const heads = (...arches: readonly ScmpArch[]): object => {
      const { architectures, archMap } = JSON.parse(
        emitDocker(policyOf(...arches.map((arch) => filterOf({ read: [rule(allow)] }, arch)))),
      ) as { readonly architectures?: unknown; readonly archMap?: unknown };
      return { architectures, archMap };
    };
    expect(heads(x64, "SCMP_ARCH_X86")).toEqual({ architectures: [x64, "SCMP_ARCH_X86"] });
    expect(heads(x64, "SCMP_ARCH_AARCH64", "SCMP_ARCH_X86")).toEqual({
      archMap: [
        { architecture: x64, subArchitectures: ["SCMP_ARCH_X86"] },
        { architecture: "SCMP_ARCH_AARCH64", subArchitectures: [] },
      ],
    });
  });

  test("sorts pins by call and by number, and groups by their comment", () => {
    const by = (comment: string): Because => ({ type: "profile", pointer: "/syscalls/0", comment });
    const text = emitDocker(
      policyOf(
        filterOf({
          socket: [rule(allow, by("x"), equal(0, 10n)), rule(allow, by("x"), equal(0, 9n))],
          prctl: [rule(allow, by("x"), equal(0, 11n))],
          write: [rule(allow, by("b"))],
          read: [rule(allow, by("a"))],
        }),
      ),
    );
    expect([...text.matchAll(/"names": \["(\w+)"\]|"value": (\d+)/g)].map(([, name, value]) => name ?? value)).toEqual([
      "read",
      "write",
      "prctl",
      "11",
      "socket",
      "9",
      "socket",
      "10",
    ]);
  });

  test("of a policy without calls has an empty list", () =>
    expect(emitDocker(policyOf(filterOf({})))).toMatch(/\n {2}"syscalls": \[\]\n\}\n$/));

  test("is not made of a policy without architectures", () => {
    expect(() => emitDocker(policyOf())).toThrow("a policy without architectures");
  });
});

/** A profile for one host. */
function applied(document: object, arches: readonly ScmpArch[] = [x64], name = "app"): AppliedProfile {
  return { profile: readProfile(JSON.stringify(document), "p.json"), arches, name, file: "p.json" };
}

const small = {
  defaultAction: "SCMP_ACT_ERRNO",
  defaultErrnoRet: 38,
  syscalls: [
    { names: ["read", "write"], action: "SCMP_ACT_ALLOW", comment: "seen", includes: { arches: ["amd64"] } },
    { names: ["mount"], action: "SCMP_ACT_ERRNO", errnoRet: 1 },
    {
      names: ["socket"],
      action: "SCMP_ACT_ALLOW",
      args: [
        { index: 0, value: 255, valueTwo: 2, op: "SCMP_CMP_MASKED_EQ" },
        { index: 1, value: 1, op: "SCMP_CMP_EQ" },
      ],
    },
  ],
};

test("an OCI document has the groups, and neither comments nor conditions on hosts", () => {
  expect(JSON.parse(emitOci(applied(small)))).toEqual({
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 38,
    architectures: [x64],
    syscalls: [
      { names: ["read", "write"], action: "SCMP_ACT_ALLOW" },
      { names: ["mount"], action: "SCMP_ACT_ERRNO", errnoRet: 1 },
      {
        names: ["socket"],
        action: "SCMP_ACT_ALLOW",
        args: [
          { index: 0, value: 255, valueTwo: 2, op: "SCMP_CMP_MASKED_EQ" },
          { index: 1, value: 1, op: "SCMP_CMP_EQ" },
        ],
      },
    ],
  });
  expect(emitOci(applied({ defaultAction: "SCMP_ACT_KILL", syscalls: [] }))).toBe(
    '{\n  "defaultAction": "SCMP_ACT_KILL",\n  "architectures": [\n    "SCMP_ARCH_X86_64"\n  ],\n  "syscalls": []\n}\n',
  );
});

describe("for Kubernetes", () => {
  test("a SeccompProfile has every member that its schema knows", () => {
    expect(emitSecurityProfile(applied(small, [x64, "SCMP_ARCH_X86"], "My_App."))).toBe(
      [
        "apiVersion: security-profiles-operator.x-k8s.io/v1beta1",
        "kind: SeccompProfile",
        "metadata:",
        "  name: my-app",
        "spec:",
        "  defaultAction: SCMP_ACT_ERRNO",
        "  architectures:",
        "  - SCMP_ARCH_X86_64",
        "  - SCMP_ARCH_X86",
        "  syscalls:",
        "  - action: SCMP_ACT_ALLOW",
        "    names:",
        "    - read",
        "    - write",
        "  - action: SCMP_ACT_ERRNO",
        "    errnoRet: 1",
        "    names:",
        "    - mount",
        "  - action: SCMP_ACT_ALLOW",
        "    names:",
        "    - socket",
        "    args:",
        "    - index: 0",
        "      value: 255",
        "      valueTwo: 2",
        "      op: SCMP_CMP_MASKED_EQ",
        "    - index: 1",
        "      value: 1",
        "      op: SCMP_CMP_EQ",
        "",
      ].join("\n"),
    );
  });

  test.each([
    ["app", "app"],
    ["--App--1--", "app--1"],
    ["a b__c", "a-b-c"],
    ["...", "profile"],
    ["x".repeat(70), "x".repeat(63)],
  ])("the name of %j is %j", (name, expected) =>
    expect(emitSecurityProfile(applied(small, [x64], name))).toContain(`\n  name: ${expected}\n`),
  );

  test("a strange name of a call is quoted", () => {
    const text = emitSecurityProfile(
      applied({ ...small, syscalls: [{ names: ["read: x", "a1_z"], action: "SCMP_ACT_ALLOW" }] }),
    );
    expect(text).toContain('    - "read: x"\n    - a1_z\n');
  });

  test.each(["SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB"] as const)(
    "%s is refused, which the operator does not know",
    (arch) =>
      expect(() => emitSecurityProfile(applied(small, [x64, arch]))).toThrow(`the operator does not know ${arch}`),
  );

  test("numbers above 2^63 - 1 are refused, in both values", () => {
    const document = (value: string, valueTwo: string): AppliedProfile => ({
      ...applied(small),
      profile: readProfile(
        '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["bpf", "brk"], "action": "SCMP_ACT_ALLOW", ' +
          `"args": [{"index": 0, "value": ${value}, "valueTwo": ${valueTwo}, "op": "SCMP_CMP_MASKED_EQ"}]}]}`,
        "p.json",
      ),
    });
    const limit = "9223372036854775807";
    expect(emitSecurityProfile(document(limit, limit))).toContain(`      value: ${limit}\n      valueTwo: ${limit}\n`);
    const words = `is compared with 9223372036854775808, and Kubernetes accepts integers up to ${limit}`;
    expect(() => emitSecurityProfile(document("9223372036854775808", "1"))).toThrow(`bpf, brk ${words}`);
    expect(() => emitSecurityProfile(document("1", "9223372036854775808"))).toThrow(`bpf, brk ${words}`);
  });

  test("a pod names the file and where it has to lie", () => {
    expect(emitPod(applied(small))).toBe(
      [
        "# Copy the profile to every node: /var/lib/kubelet/seccomp/profiles/app.json",
        "securityContext:",
        "  seccompProfile:",
        "    type: Localhost",
        "    localhostProfile: profiles/app.json",
        "",
      ].join("\n"),
    );
  });
});

test("firejail keeps the names, what it calls itself, and says which lost their conditions", () => {
  const filter = filterOf({
    write: [rule(allow)],
    execve: [rule(allow)],
    mount: [rule(eperm)],
    socket: [rule(eperm, seen, family(1n)), rule(allow, seen, family(2n))],
    bpf: [rule(allow, seen, equal(0, 1n))],
    kill: [rule(allow, seen, equal(0, 1n)), rule(allow)],
  });
  expect(emitFirejail(filter)).toEqual({
    text: "seccomp-error-action ENOSYS\nseccomp.keep bpf,execve,kill,prctl,setresgid,setresuid,socket,write\n",
    widened: ["bpf", "socket"],
  });
  expect(() => emitFirejail(filterOf({}, x64, allow))).toThrow(/^the profile .* does not name/);
});

describe("a drop-in for systemd", () => {
  const lines = (rules: Readonly<Record<string, readonly ActionRule[]>>): readonly string[] =>
    emitSystemd(filterOf(rules)).text.split("\n");
  const widened = (rules: Readonly<Record<string, readonly ActionRule[]>>): readonly string[] =>
    emitSystemd(filterOf(rules)).widened;

  test("lists ten names a line, sorted", () => {
    const names = "lkjihgfedcba".split("").map((letter) => `read${letter}`);
    const all = Object.fromEntries(names.map((name) => [name, [rule(allow)]]));
    expect(lines(all)).toEqual([
      "[Service]",
      "SystemCallArchitectures=native",
      "SystemCallErrorNumber=ENOSYS",
      `SystemCallFilter=${names.toReversed().slice(0, 10).join(" ")}`,
      `SystemCallFilter=${names.toReversed().slice(10).join(" ")}`,
      "",
    ]);
    expect(widened(all)).toEqual([]);
  });

  test("has a setting for socket's families", () => {
    const pinned = {
      socket: [rule(allow, seen, family(10n)), rule(allow, seen, equal(0, 2n)), rule(eperm, seen, family(1n))],
    };
    expect(lines({ ...pinned, read: [rule(allow)] })).toEqual([
      "[Service]",
      "SystemCallArchitectures=native",
      "SystemCallErrorNumber=ENOSYS",
      "SystemCallFilter=read socket",
      "RestrictAddressFamilies=AF_INET AF_INET6",
      "",
    ]);
    expect(widened(pinned)).toEqual([]);
  });

  test.each<[string, readonly ActionRule[]]>([
    ["with any family", [rule(allow)]],
    ["held to the type", [rule(allow, seen, equal(1, 2n))]],
    ["held to bits of the family", [rule(allow, seen, masked(0, 0xffn, 2n))]],
    ["held to a range", [rule(allow, seen, { index: 0, op: "SCMP_CMP_GE", datum: 2n })]],
    ["held to no known family", [rule(allow, seen, family(2n)), rule(allow, seen, family(12345n))]],
  ])("has none for a socket %s", (_, socket) => {
    expect(lines({ socket }).join("\n")).not.toContain("RestrictAddressFamilies");
    expect(widened({ socket })).toEqual(
      socket.some(({ rule: { conditions } }) => conditions.length === 0) ? [] : ["socket"],
    );
  });

  test("has the families of a socket that is held to more, and says that the rest is widened", () => {
    const socket = [rule(allow, seen, masked(0, 0xffff_fff7n, 2n), equal(1, 1n)), rule(allow, seen, family(1n))];
    expect(lines({ socket })).toContain("RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX");
    expect(widened({ socket })).toEqual(["socket"]);
  });

  test("has none where no socket is allowed", () => {
    expect(lines({ socket: [rule(eperm)], read: [rule(allow)] }).join("\n")).not.toContain("Restrict");
  });

  const namespaces = 0x7e02_0000n;
  test("has a setting for clone without namespaces", () => {
    const clone = [rule(allow, seen, masked(0, namespaces, 0n))];
    expect(lines({ clone })).toContain("RestrictNamespaces=yes");
    expect(widened({ clone })).toEqual([]);
  });

  test.each<[string, readonly ActionRule[]]>([
    ["may make some", [rule(allow, seen, masked(0, namespaces, 0x1000_0000n))]],
    ["is held to other bits", [rule(allow, seen, masked(0, 0xffn, 0n))]],
    ["is held to another argument", [rule(allow, seen, masked(1, namespaces, 0n))]],
    ["is held to a value", [rule(allow, seen, equal(0, 0n))]],
    ["is held to two arguments", [rule(allow, seen, masked(0, namespaces, 0n), equal(1, 0n))]],
    ["has a second rule", [rule(allow, seen, masked(0, namespaces, 0n)), rule(allow, seen, equal(1, 0n))]],
  ])("has none where clone %s", (_, clone) => {
    expect(lines({ clone }).join("\n")).not.toContain("RestrictNamespaces");
    expect(widened({ clone })).toEqual(["clone"]);
  });

  test("has none where clone is allowed whole", () =>
    expect(lines({ clone: [rule(allow)] }).join("\n")).not.toContain("RestrictNamespaces"));

  const mmap = [rule(allow, seen, masked(2, 2n, 0n)), rule(allow, seen, masked(2, 4n, 0n))];
  const mprotect = [rule(allow, seen, masked(2, 4n, 0n))];
  test("has a setting for memory that is never writable and executable", () => {
    expect(lines({ mmap, mprotect })).toContain("MemoryDenyWriteExecute=yes");
    expect(widened({ mmap, mprotect })).toEqual([]);
  });

  test.each<[string, Readonly<Record<string, readonly ActionRule[]>>]>([
    ["mprotect is not there", { mmap }],
    ["mmap is not there", { mprotect }],
    ["mmap is allowed whole", { mmap: [rule(allow)], mprotect }],
    ["mmap is held to another argument", { mmap: [rule(allow, seen, masked(1, 4n, 0n))], mprotect }],
    ["mmap may do both", { mmap: [...mmap, rule(allow, seen, masked(2, 6n, 6n))], mprotect }],
    ["mmap is held to another bit", { mmap: [rule(allow, seen, masked(2, 1n, 0n))], mprotect }],
    ["mmap is held to a value", { mmap: [rule(allow, seen, equal(2, 1n))], mprotect }],
    ["mmap is held to two arguments", { mmap: [rule(allow, seen, masked(2, 4n, 0n), equal(1, 1n))], mprotect }],
    ["mprotect may make it executable", { mmap, mprotect: [rule(allow, seen, masked(2, 2n, 0n))] }],
  ])("has none where %s", (_, rules) => {
    expect(lines(rules).join("\n")).not.toContain("MemoryDenyWriteExecute");
    expect(widened(rules)).toEqual(
      Object.keys(rules).filter((name) => rules[name]?.every((one) => one.rule.conditions.length > 0)),
    );
  });

  test("has none where both are allowed whole", () =>
    expect(lines({ mmap: [rule(allow)], mprotect: [rule(allow)] }).join("\n")).not.toContain("MemoryDeny"));
});

describe("a program", () => {
  const { filters } = resolve(
    readProfile(
      JSON.stringify({
        defaultAction: "SCMP_ACT_ERRNO",
        defaultErrnoRet: 38,
        syscalls: [
          { names: ["read"], action: "SCMP_ACT_ALLOW" },
          {
            names: ["personality"],
            action: "SCMP_ACT_ALLOW",
            args: [{ index: 0, value: 255, valueTwo: 8, op: "SCMP_CMP_MASKED_EQ" }],
          },
        ],
      }),
      "p.json",
    ),
    { arch: x64, capabilities: new Set(), kernel: undefined, runtime: "runc" },
  );
  const list = [...filters.values()];

  test("has eight bytes an instruction, in the machine's byte order", () => {
    const program = [{ code: 0x15, jt: 1, jf: 2, k: 0x8000_0003 }];
    expect([...encodeProgram(program, x64)]).toEqual([0x15, 0, 1, 2, 3, 0, 0, 0x80]);
    expect([...encodeProgram(program, undefined)]).toEqual([0x15, 0, 1, 2, 3, 0, 0, 0x80]);
    expect([...encodeProgram(program, "SCMP_ARCH_S390X")]).toEqual([0, 0x15, 1, 2, 0x80, 0, 0, 3]);
    expect([...encodeProgram([...program, { code: 6, jt: 0, jf: 0, k: -1 }], x64).slice(8)]).toEqual([
      6, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
    ]);
  });

  test("is the same as text, line by line, with targets as line numbers", () => {
    const text = emitBpfText(list).trimEnd().split("\n");
    expect(text).toHaveLength(emitBpf(list).length / 8);
    expect(text[0]).toBe("0: ld [4]");
    expect(text[1]).toMatch(/^1: jeq #0xc000003e, \d+, \d+$/);
    expect(text.filter((line) => line.includes("ret")).map((line) => line.replace(/^\d+: /, ""))).toEqual(
      expect.arrayContaining(["ret #0x7fff0000", "ret #0x50026"]),
    );
    expect(text.some((line) => /^\d+: and #0xff$/.test(line))).toBe(true);
    expect(text.some((line) => line.includes("?") || line.includes("undefined"))).toBe(false);
    for (const [at, line] of text.entries())
      for (const target of (/^\d+: j\w+ (?:#\S+, )?(\d+)(?:, (\d+))?$/.exec(line) ?? []).slice(1))
        if (target !== undefined) expect(Number(target), line).toBeGreaterThan(at);
  });
});
