import { expect, test } from "vitest";
import { parseRecording } from "../../../src/core/recording/index.ts";

const x86 = "SCMP_ARCH_X86_64";
const call = { calls: 1, results: ["ok"], processes: ["a"] };
const via = { program: "a", rank: "own-code", object: "a", function: "main" };
const run = { source: "container", command: ["docker"], versions: {}, ended: "exited" };
const many = <Value>(count: number, make: (index: number) => readonly [string, Value]): { [name: string]: Value } =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => make(index)));
const list = <Value>(count: number, make: (index: number) => Value): readonly Value[] =>
  Array.from({ length: count }, (_, index) => make(index));

const recording = (more: { calls?: object; runs?: readonly object[]; code?: object }): string =>
  JSON.stringify({
    version: 1,
    name: "a",
    runs: more.runs ?? [run],
    syscalls: { [x86]: { read: call, ...more.calls } },
    ...(more.code === undefined ? {} : { code: more.code }),
  });
const code = (more: object): string =>
  recording({ code: { programs: { a: { objects: [] } }, calls: { [x86]: { fsync: via } }, ...more } });

/** Text in a pull request that would cost its reader time, memory or a screen of text. */
test.each([
  ["calls", recording({ calls: many(60_000, (index) => [`x${index}`, call]) })],
  ["results of a call", recording({ calls: { open: { ...call, results: list(5_000, (index) => `E${index}`) } } })],
  ["programs of a call", recording({ calls: { open: { ...call, processes: list(5_000, (index) => `p${index}`) } } })],
  ["letters of a program", recording({ calls: { open: { ...call, processes: ["p".repeat(401)] } } })],
  [
    "values of an argument",
    recording({ calls: { ioctl: { ...call, args: { indices: [1], values: list(5_000, (index) => [index]) } } } }),
  ],
  ["arguments", recording({ calls: { ioctl: { ...call, args: { indices: [1], values: [list(7, () => 1)] } } } })],
  ["runs", recording({ runs: list(5_000, (index) => ({ ...run, command: [`d${index}`] })) })],
  ["programs with code", code({ programs: many(5_000, (index) => [`p${index}`, { objects: [] }]) })],
  ["letters of a program with code", code({ programs: { ["p".repeat(401)]: { objects: [] } } })],
  ["calls of code", code({ calls: { [x86]: many(5_000, (index) => [`x${index}`, via]) } })],
  ["letters of a call of code", code({ calls: { [x86]: { ["x".repeat(65)]: via } } })],
  ["letters of a function", code({ calls: { [x86]: { fsync: { ...via, function: "f".repeat(401) } } } })],
  ["letters of an object", code({ calls: { [x86]: { fsync: { ...via, object: "f".repeat(401) } } } })],
  ["operations", code({ operations: { [x86]: { socket: many(5_000, (index) => [`arg0=${index}`, "f in a"]) } } })],
  ["architectures that are none", code({ calls: { ["x\n::error::"]: { fsync: via } } })],
])("too many %s are refused at once", { timeout: 5_000 }, (_, text) => {
  expect(() => parseRecording(text, "r")).toThrow(/not a recording/);
});

test("as many as are kept are read", { timeout: 20_000 }, () => {
  const names = many(4_000, (index) => [`x${index}`, via]);
  expect(() => parseRecording(code({ calls: { [x86]: names } }), "r")).not.toThrow();
  expect(() => parseRecording(recording({ calls: many(4_096, (index) => [`x${index}`, call]) }), "r")).not.toThrow();
});
