import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readProfile, resolve } from "../../../src/core/profile/index.ts";
import {
  callArgs,
  compileFilters,
  evaluate,
  hasWideArguments,
  opcodes,
  partition,
  refusedRule,
  type Action,
  type ActionRule,
  type Filter,
  type Instruction,
  type SeccompData,
} from "../../../src/core/seccomp/index.ts";
import {
  auditNumber,
  defaultCapabilities,
  isBigEndian,
  syscallName,
  syscallNumber,
} from "../../../src/core/tables/index.ts";
import type { ScmpArch } from "../../../src/core/tables/types.ts";
import { anyActionRules, anyArgs } from "../../support/arbitraries.ts";
import { boundaryValues } from "../../support/boundary.ts";

/** Runs a program as the kernel does (net/core/filter.c, kernel/seccomp.c): one accumulator, and jumps only forward. */
function run(program: readonly Instruction[], arch: ScmpArch, nr: number, args: SeccompData["args"]): number {
  const data = new DataView(new ArrayBuffer(64));
  const little = !isBigEndian(arch);
  data.setUint32(0, nr, little);
  data.setUint32(4, auditNumber(arch), little);
  args.forEach((value, index) => data.setBigUint64(16 + 8 * index, value, little));
  let accumulator = 0;
  for (let at = 0; ; at += 1) {
    const instruction = program[at];
    if (instruction === undefined) throw new Error(`ran out of the program at ${at}`);
    const { code, jt, jf, k } = instruction;
    const unsigned = k >>> 0;
    if (code === opcodes.ret) return unsigned;
    if (code === opcodes.load) accumulator = data.getUint32(k, little);
    else if (code === opcodes.and) accumulator = (accumulator & k) >>> 0;
    else if (code === opcodes.jump) at += k;
    else {
      const holds =
        code === opcodes.jeq
          ? accumulator === unsigned
          : code === opcodes.jgt
            ? accumulator > unsigned
            : code === opcodes.jge
              ? accumulator >= unsigned
              : (accumulator & k) !== 0;
      at += holds ? jt : jf;
    }
  }
}

function valueOf(action: Action): number {
  const values = {
    SCMP_ACT_ALLOW: 0x7fff_0000,
    SCMP_ACT_LOG: 0x7ffc_0000,
    SCMP_ACT_TRACE: 0x7ff0_0000,
    SCMP_ACT_NOTIFY: 0x7fc0_0000,
    SCMP_ACT_ERRNO: 0x5_0000,
    SCMP_ACT_TRAP: 0x3_0000,
    SCMP_ACT_KILL_THREAD: 0,
    SCMP_ACT_KILL_PROCESS: 0x8000_0000,
  };
  return values[action.action] + ("errnoRet" in action ? action.errnoRet : 0);
}

const root = fileURLToPath(new URL("../../../", import.meta.url));
const filtersOf = (path: string, arch: ScmpArch, runtime: "runc" | "crun"): ReadonlyMap<ScmpArch, Filter> =>
  resolve(readProfile(readFileSync(root + path, "utf8"), path), {
    arch,
    capabilities: new Set(defaultCapabilities),
    kernel: undefined,
    runtime,
  }).filters;

describe("a compiled program answers what evaluate says", () => {
  test.each([
    ["profiles/nginx.json", "SCMP_ARCH_X86_64", "runc"],
    ["profiles/redis.json", "SCMP_ARCH_X86_64", "crun"],
    ["profiles/docker-default/29.4.3.json", "SCMP_ARCH_X86_64", "runc"],
    ["profiles/docker-default/20.10.0.json", "SCMP_ARCH_X86_64", "runc"],
    ["profiles/docker-default/29.4.3.json", "SCMP_ARCH_AARCH64", "runc"],
    ["profiles/docker-default/29.4.3.json", "SCMP_ARCH_S390X", "runc"],
  ] as const)(
    "%s on %s under %s: every number, every call the rules tell apart",
    (path, native, runtime) => {
      const filters = filtersOf(path, native, runtime);
      const program = compileFilters([...filters.values()]);
      expect(program.length).toBeLessThan(4096);
      for (const [arch, filter] of filters) {
        const base = arch === "SCMP_ARCH_X32" ? 0x4000_0000 : 0;
        const strange =
          arch === "SCMP_ARCH_X86_64" && !filters.has("SCMP_ARCH_X32")
            ? [0x4000_0000, 0x4000_0001, 0xbfff_ffff, 0xffff_ffff]
            : arch === "SCMP_ARCH_X32"
              ? []
              : [0xffff_ffff];
        for (const nr of [...Array.from({ length: 600 }, (_, at) => base + at), ...strange]) {
          const call = { arch, nr, name: syscallName(arch, nr) ?? "", args: callArgs() };
          expect([arch, nr, run(program, arch, nr, call.args)]).toEqual([arch, nr, valueOf(evaluate(filter, call))]);
        }
        for (const [name, rules] of filter.syscalls) {
          const nr = syscallNumber(arch, name);
          if (nr === undefined) continue;
          for (const args of partition(
            rules.length > 8 ? [{ ask: "decider", filter, name }] : rules.map(({ rule }) => ({ ask: "match", rule })),
          )) {
            expect([arch, name, args, run(program, arch, nr, args)]).toEqual([
              arch,
              name,
              args,
              valueOf(evaluate(filter, { arch, nr, name, args })),
            ]);
          }
        }
      }
    },
    60_000,
  );

  test.each(["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_S390X"] as const)(
    "any rules on %s",
    (arch) => {
      const nr = syscallNumber(arch, "getpriority") ?? 0;
      fc.assert(
        fc.property(anyActionRules([101, 102]), fc.array(anyArgs, { maxLength: 5 }), (rules, samples) => {
          if (refusedRule(rules, hasWideArguments(arch)) !== undefined) return;
          const filter: Filter = {
            arch,
            defaultAction: { action: "SCMP_ACT_KILL_PROCESS" },
            syscalls: new Map([["getpriority", rules]]),
            enosysAbove: undefined,
          };
          const program = compileFilters([filter]);
          const near = ([0, 1, 2] as const).flatMap((index) =>
            boundaryValues(
              rules.flatMap(({ rule }) => rule.conditions.filter((condition) => condition.index === index)),
            )
              .slice(0, 12)
              .map((value) => callArgs({ [index]: value })),
          );
          for (const args of [...partition(rules.map(({ rule }) => ({ ask: "match", rule }))), ...near, ...samples])
            expect([args, run(program, arch, nr, args)]).toEqual([
              args,
              valueOf(evaluate(filter, { arch, nr, name: "getpriority", args })),
            ]);
        }),
        { numRuns: 300 },
      );
    },
    60_000,
  );

  test("a call of an architecture that no filter has is killed", () => {
    const program = compileFilters([...filtersOf("profiles/nginx.json", "SCMP_ARCH_X86_64", "runc").values()]);
    expect(run(program, "SCMP_ARCH_X86", 1, callArgs())).toBe(0);
    expect(run(program, "SCMP_ARCH_AARCH64", 1, callArgs())).toBe(0);
  });

  test("a program of more instructions than the kernel takes is refused, with both figures", () => {
    const values = [...Array(1100).keys()].map((value) => BigInt(value));
    const rules = values.map((datum) => ({
      action: { action: "SCMP_ACT_ALLOW" },
      rule: { conditions: [{ index: 0, op: "SCMP_CMP_EQ", datum: datum * 0x1_0000_0001n }] },
      because: { type: "user", option: "--allow" },
    })) satisfies readonly ActionRule[];
    const filter: Filter = {
      arch: "SCMP_ARCH_X86_64",
      defaultAction: { action: "SCMP_ACT_ERRNO", errnoRet: 1 },
      syscalls: new Map([["getpriority", rules]]),
      enosysAbove: undefined,
    };
    expect(() => compileFilters([filter])).toThrow(/^the program has \d{4} instructions; the kernel takes 4096$/);
  });

  /** SECCOMP_RET_* of linux/seccomp.h, with the errno or the tracer's message in the lower half. */
  test.each<[Action, number]>([
    [{ action: "SCMP_ACT_KILL_PROCESS" }, 0x8000_0000],
    [{ action: "SCMP_ACT_KILL_THREAD" }, 0],
    [{ action: "SCMP_ACT_TRAP" }, 0x0003_0000],
    [{ action: "SCMP_ACT_ERRNO", errnoRet: 38 }, 0x0005_0026],
    [{ action: "SCMP_ACT_NOTIFY" }, 0x7fc0_0000],
    [{ action: "SCMP_ACT_TRACE", errnoRet: 7 }, 0x7ff0_0007],
    [{ action: "SCMP_ACT_LOG" }, 0x7ffc_0000],
    [{ action: "SCMP_ACT_ALLOW" }, 0x7fff_0000],
  ])("%o is the value that the kernel knows it by", (defaultAction, value) => {
    const filter: Filter = { arch: "SCMP_ARCH_X86_64", defaultAction, syscalls: new Map(), enosysAbove: undefined };
    expect(run(compileFilters([filter]), filter.arch, 39, callArgs())).toBe(value);
  });
});
