import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diffFilters, exceeds } from "../../../src/core/diff/index.ts";
import { resolve } from "../../../src/core/profile/index.ts";
import { loadDockerDefault } from "../../../src/project/index.ts";
import { callArgs, evaluate, sameAction } from "../../../src/core/seccomp/index.ts";
import type { ActionRule, Filter } from "../../../src/core/seccomp/types.ts";
import { defaultCapabilities, dockerDefaultFor, syscallNames } from "../../../src/core/tables/index.ts";
import type { ScmpArch } from "../../../src/core/tables/types.ts";
import { anyArgs, anyRule } from "../../support/arbitraries.ts";

const arch = "SCMP_ARCH_X86_64";
const names = ["read", "socket", "personality"] as const;
const because = { type: "user", option: "--allow" } as const;

function filter(syscalls: ReadonlyMap<string, readonly ActionRule[]>): ReadonlyMap<ScmpArch, Filter> {
  return new Map([
    [arch, { arch, defaultAction: { action: "SCMP_ACT_ERRNO", errnoRet: 1 }, syscalls, enosysAbove: undefined }],
  ]);
}

const allowing = fc
  .array(anyRule(2, false), { minLength: 1, maxLength: 3 })
  .map((rules) => rules.map((rule): ActionRule => ({ action: { action: "SCMP_ACT_ALLOW" }, rule, because })));
const anyFilter = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...names), allowing), { selector: ([name]) => name, maxLength: 3 })
  .map((entries) => filter(new Map(entries)));
const opposite = {
  "newly-allowed": "no-longer-allowed",
  "no-longer-allowed": "newly-allowed",
  widened: "narrowed",
  narrowed: "widened",
  changed: "changed",
  "denied-differently": "denied-differently",
} as const;

describe("a comparison", () => {
  test("of a filter with itself is empty", () =>
    fc.assert(fc.property(anyFilter, (a) => void expect(diffFilters(a, a).syscalls).toEqual([]))));

  test("mirrors the one the other way round", () =>
    fc.assert(
      fc.property(anyFilter, anyFilter, (a, b) => {
        const there = diffFilters(a, b).syscalls.map(({ syscall, kind }) => [syscall, kind]);
        const back = diffFilters(b, a).syscalls.map(({ syscall, kind }) => [syscall, opposite[kind]]);
        expect(there).toEqual(back);
      }),
    ));

  test("has a witness for each change, and misses none", () =>
    fc.assert(
      fc.property(anyFilter, anyFilter, fc.array(anyArgs, { minLength: 5, maxLength: 20 }), (a, b, calls) => {
        const [before, after] = [a.get(arch), b.get(arch)];
        if (before === undefined || after === undefined) throw new Error("no filter");
        const { syscalls } = diffFilters(a, b);
        for (const { witness, was, is } of syscalls) {
          expect(evaluate(before, witness)).toEqual(was);
          expect(evaluate(after, witness)).toEqual(is);
          expect(sameAction(was, is)).toBe(false);
        }
        const changed = new Set(syscalls.map(({ syscall }) => syscall));
        for (const name of names) {
          for (const args of calls) {
            const call = { arch, name, nr: undefined, args } as const;
            if (!changed.has(name)) expect(evaluate(after, call)).toEqual(evaluate(before, call));
          }
        }
      }),
    ));

  test("does not see order or grouping", () =>
    fc.assert(
      fc.property(allowing, (rules) => {
        expect(
          diffFilters(filter(new Map([["socket", rules]])), filter(new Map([["socket", rules.toReversed()]]))).syscalls,
        ).toEqual([]);
        expect(
          diffFilters(filter(new Map([["socket", rules]])), filter(new Map([["socket", [...rules, ...rules]]])))
            .syscalls,
        ).toEqual([]);
      }),
    ));

  test("of a denylist with an allowlist says it in a sentence, and names every call that closes", () => {
    const denylist = new Map<ScmpArch, Filter>([
      [arch, { arch, defaultAction: { action: "SCMP_ACT_ALLOW" }, syscalls: new Map(), enosysAbove: undefined }],
    ]);
    const change = diffFilters(denylist, filter(new Map()));
    expect(change.profile).toMatchObject([{ kind: "default-changed" }]);
    expect(change.syscalls.map(({ syscall }) => syscall)).toEqual(syscallNames(arch));
    const killing = new Map<ScmpArch, Filter>([
      [arch, { arch, defaultAction: { action: "SCMP_ACT_KILL_PROCESS" }, syscalls: new Map(), enosysAbove: undefined }],
    ]);
    const stricter = diffFilters(filter(new Map()), killing);
    expect(stricter).toMatchObject({ profile: [{ kind: "default-changed" }], syscalls: [] });
  });
});

test("of two Docker defaults names what the newer one added", async () => {
  const host = { arch, capabilities: new Set(defaultCapabilities), kernel: "6.1", runtime: "crun" } as const;
  const of = async (version: string): Promise<ReadonlyMap<ScmpArch, Filter>> =>
    resolve(await loadDockerDefault(dockerDefaultFor(version).file), host).filters;
  const { syscalls } = diffFilters(await of("20.10.24"), await of("25.0.3"));
  const closed = syscalls
    .filter(({ arch: of, kind }) => of === arch && kind === "no-longer-allowed")
    .map(({ syscall }) => syscall);
  expect(closed).toEqual(["io_uring_enter", "io_uring_register", "io_uring_setup"]);
});

test("what exceeds a ceiling is found by arguments too", () => {
  const socket = (datum: bigint): ActionRule => ({
    action: { action: "SCMP_ACT_ALLOW" },
    because,
    rule: { conditions: [{ index: 0, op: "SCMP_CMP_EQ", datum }] },
  });
  const ceiling: Filter = {
    arch,
    defaultAction: { action: "SCMP_ACT_ERRNO", errnoRet: 1 },
    syscalls: new Map([["socket", [socket(1n), socket(2n)]]]),
    enosysAbove: undefined,
  };
  expect(exceeds({ ...ceiling, syscalls: new Map([["socket", [socket(2n)]]]) }, ceiling)).toEqual([]);
  expect(exceeds({ ...ceiling, syscalls: new Map([["socket", [socket(2n), socket(17n)]]]) }, ceiling)).toMatchObject([
    { syscall: "socket", witness: { args: callArgs({ 0: 17n }) } },
  ]);
});
