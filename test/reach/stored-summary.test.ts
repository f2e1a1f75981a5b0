import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reachOf, summaryFrom, type ObjectSummary } from "../../src/reach/index.ts";
import { summaryVersion } from "../../src/reach/stored-summary.ts";

const runs = Number(process.env["SECCOMP_GEN_RUNS"] ?? 2000);

/** A summary with every possible member. */
const whole: ObjectSummary = {
  kind: "code",
  version: summaryVersion,
  machine: "x86-64",
  buildId: "abcd",
  soname: "x.so.1",
  needed: ["libc.so.6"],
  interpreter: "/lib64/ld-linux-x86-64.so.2",
  go: false,
  symbolic: false,
  imports: ["syscall", "open", "socket"],
  names: ["main", "helper"],
  nodes: [
    { makes: [39, 0, 999_999, 1] },
    {
      to: [0],
      imports: [1],
      forwards: [[0, 1, 186]],
      open: [
        { name: 1, reason: "computed" },
        { name: 0, reason: "computed", import: 0 },
      ],
      operations: [[41, 0, 2, 1, -1]],
    },
  ],
  exports: ["main", 1, "syscall", -1],
  roots: { start: [1], data: [0], dataImports: [2] },
  passes: { syscall: 0 },
  limits: ["maxSymbols"],
  sites: { all: 2, open: 1, unknownLookups: 0 },
  codeBytes: 4096,
};

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): readonly Path[] {
  const inner = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return [path, ...inner.flatMap(([key, one]) => pathsOf(one, [...path, Array.isArray(value) ? Number(key) : key]))];
}

/** A copy with another value at the path, or without the member if the value is missing. */
function changed(value: unknown, [key, ...rest]: Path, to: unknown): unknown {
  if (key === undefined) return to;
  if (Array.isArray(value)) return value.map((one: unknown, i) => (i === key ? changed(one, rest, to) : one));
  return Object.fromEntries(
    Object.entries(value as object).map(([name, one]) => [name, name === key ? changed(one, rest, to) : one]),
  );
}

describe("a stored summary", () => {
  test("that is whole is taken", () => {
    expect(summaryFrom(JSON.parse(JSON.stringify(whole)))).toEqual(whole);
    const none = { kind: "unsupported", version: summaryVersion, reason: "32-bit" };
    expect(summaryFrom(none)).toEqual(none);
  });

  test.each<[string, Path, unknown]>([
    ["another version", ["version"], summaryVersion + 1],
    ["another machine", ["machine"], "riscv"],
    ["no list of nodes", ["nodes"], { length: 2 }],
    ["an edge to no node", ["nodes", 1, "to"], [2]],
    ["a call without a function", ["nodes", 0, "makes"], [39]],
    ["a call that is a text", ["nodes", 0, "makes", 0], "39"],
    ["a name that is no index", ["nodes", 1, "open", 0, "name"], -1],
    ["an export of no node", ["exports", 1], -2],
    ["an export without a name", ["exports", 0], 7],
    ["a root that is no index", ["roots", "start"], [0.5]],
    ["an import that is no index", ["roots", "dataImports"], [3]],
    ["a library that is no text", ["needed", 0], {}],
    ["a bound that is no text", ["limits", 0], null],
  ])("with %s is refused", (_, path, to) => {
    expect(summaryFrom(changed(whole, path, to))).toBeUndefined();
  });

  test("makes reachOf throw in no form that is taken", () => {
    fc.assert(
      fc.property(fc.constantFrom(...pathsOf(whole)), fc.jsonValue({ maxDepth: 2 }), (path, to) => {
        const summary = summaryFrom(changed(whole, path, to));
        if (summary === undefined) return;
        const object = { name: "x", summary };
        expect(() => reachOf({ executable: object, objects: [object] })).not.toThrow();
      }),
      { numRuns: runs },
    );
  });
});
