import fc from "fast-check";
import { expect, test } from "vitest";
import {
  lostCalls,
  mergeRecordings,
  mergeThreeWay,
  stringifyRecording,
  type Recording,
  type SyscallRecord,
} from "../../../src/core/recording/index.ts";

const some = <T>(...all: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...all], { minLength: 1 });
const anyRecord: fc.Arbitrary<SyscallRecord> = fc.record(
  {
    calls: fc.constantFrom(1, 10, 100),
    results: some("EAGAIN", "EPERM", "ok"),
    processes: some("a", "b", "c"),
    first: fc.constantFrom("start" as const, "serve" as const, "stop" as const),
  },
  { requiredKeys: ["calls", "results", "processes"] },
);
const tuples = [
  [1n, 0n],
  [2n, 0n],
  [16n, 9n],
  [17n, null],
  [null, 0n],
] as const;
/** Some of these tuples, and the programs that made the call with each: often the same program. */
const anyArgs = fc
  .record({
    indices: fc.constant([0, 2]),
    values: fc.oneof(
      { weight: 8, arbitrary: some<readonly (bigint | null)[]>(...tuples) },
      { weight: 1, arbitrary: fc.constant("many" as const) },
    ),
    makers: fc.option(fc.array(some("a", "b", "c"), { minLength: tuples.length, maxLength: tuples.length })),
  })
  .map(({ indices, values, makers }) => ({
    indices,
    values,
    ...(makers === null || values === "many" ? {} : { by: makers.slice(0, values.length) }),
  }));
const anyRecording: fc.Arbitrary<Recording> = fc
  .record({
    runs: some("one", "two", "three"),
    calls: fc.dictionary(fc.constantFrom("close", "openat", "ptrace", "read", "write"), anyRecord),
    socket: fc.option(fc.tuple(anyRecord, anyArgs)),
  })
  .map(({ runs, calls, socket }) => {
    const recording: Recording = {
      version: 1,
      name: "app",
      runs: runs.map((run) => ({ source: "container", command: [run], versions: {}, ended: "exited" })),
      syscalls: {
        SCMP_ARCH_X86_64: { ...calls, ...(socket === null ? {} : { socket: { ...socket[0], args: socket[1] } }) },
      },
    };
    return mergeRecordings(recording, recording);
  });

const textOf = stringifyRecording;
const clean = (...sides: Parameters<typeof mergeThreeWay>): string | undefined => {
  const { conflicts, ours, theirs } = mergeThreeWay(...sides);
  if (conflicts.length === 0) expect(textOf(ours)).toBe(textOf(theirs));
  return conflicts.length === 0 ? textOf(ours) : undefined;
};

test("the merge takes over what only one side changed or removed", () => {
  fc.assert(
    fc.property(anyRecording, anyRecording, (base, side) => {
      expect(clean(base, side, base)).toBe(textOf(side));
      expect(clean(base, base, side)).toBe(textOf(side));
      expect(clean(base, side, side)).toBe(textOf(side));
    }),
  );
});

test("reverting a commit gives back the parent's bytes: the commit is the base, the parent a side", () => {
  fc.assert(
    fc.property(anyRecording, anyRecording, (parent, commit) => {
      expect(clean(commit, commit, parent)).toBe(textOf(parent));
    }),
  );
});

test("which side is ours changes neither the result nor the conflicts", () => {
  fc.assert(
    fc.property(anyRecording, anyRecording, anyRecording, (base, one, two) => {
      expect(clean(base, one, two)).toBe(clean(base, two, one));
      const names = (merged: ReturnType<typeof mergeThreeWay>): readonly string[] =>
        merged.conflicts.map(({ of }) => of);
      expect(names(mergeThreeWay(base, one, two))).toEqual(names(mergeThreeWay(base, two, one)));
    }),
  );
});

test("the order in which three branches are merged changes nothing, if none is in conflict", () => {
  let compared = 0;
  fc.assert(
    fc.property(anyRecording, anyRecording, anyRecording, anyRecording, (base, ...branches) => {
      const results = [
        [0, 1, 2],
        [2, 0, 1],
        [1, 2, 0],
      ].map((order) => {
        const [a, b, c] = order.map((at) => branches[at]);
        if (a === undefined || b === undefined || c === undefined) return undefined;
        const first = mergeThreeWay(base, a, b);
        return first.conflicts.length > 0 ? undefined : clean(base, first.ours, c);
      });
      if (results.includes(undefined)) return;
      compared += 1;
      expect(new Set(results).size).toBe(1);
    }),
    { numRuns: 3000 },
  );
  expect(compared).toBeGreaterThan(20);
});

test("the merge adds no call that neither side has, and drops no call that neither side removed", () => {
  const names = ({ syscalls }: Recording): readonly string[] => Object.keys(syscalls.SCMP_ARCH_X86_64 ?? {});
  fc.assert(
    fc.property(anyRecording, anyRecording, anyRecording, (base, one, two) => {
      const merged = mergeThreeWay(base, one, two);
      const disputed = merged.conflicts.map(({ of }) => of);
      for (const name of new Set([...names(one), ...names(two)])) {
        if (disputed.includes(name)) continue;
        const isRemoved = names(base).includes(name) && !(names(one).includes(name) && names(two).includes(name));
        expect([name, names(merged.ours).includes(name)]).toEqual([name, !isRemoved]);
      }
      expect(names(merged.ours).every((name) => names(one).includes(name) || names(two).includes(name))).toBe(true);
      expect(lostCalls(merged, merged.ours)).toEqual([]);
    }),
  );
});

test("without an ancestor nothing was removed", () => {
  fc.assert(
    fc.property(anyRecording, anyRecording, (one, two) => {
      const merged = clean(undefined, one, two);
      if (merged !== undefined && !merged.includes('"many"')) expect(merged).toBe(textOf(mergeRecordings(one, two)));
    }),
  );
});
