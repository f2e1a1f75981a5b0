import fc from "fast-check";
import { expect, test } from "vitest";
import {
  codeRanks,
  mergeCode,
  mergeRecordings,
  parseRecording,
  stringifyRecording,
  type CodeEvidence,
  type CodeVia,
  type Recording,
} from "../../../src/core/recording/index.ts";

const program = fc.constantFrom("nginx", "sh", "rm");
const words = fc.uniqueArray(fc.constantFrom("libc.so.6 a1", "nginx", "getaddrinfo", "execve"), { maxLength: 3 });
const via: fc.Arbitrary<CodeVia> = fc.record(
  {
    program,
    rank: fc.constantFrom(...codeRanks),
    imports: fc.uniqueArray(fc.constantFrom("fsync", "close"), { minLength: 1 }),
    object: fc.constantFrom("libc.so.6", "nginx"),
    function: fc.constantFrom("fsync", "at 0x10"),
  },
  { requiredKeys: ["program", "rank", "object", "function"] },
);
const calls = fc.dictionary(fc.constantFrom("fsync", "ptrace", "poll"), via);
const operations = fc.dictionary(
  fc.constantFrom("socket", "prctl"),
  fc.dictionary(
    fc.constantFrom("arg0=1 arg2=0", "arg0=* arg2=0", "arg0=16 arg2=*"),
    fc.constantFrom("f in a", "g in b"),
  ),
);
/** Canonical: the form that a merge with itself leaves. */
const evidence: fc.Arbitrary<CodeEvidence> = fc
  .record({
    programs: fc.dictionary(
      program,
      fc.record(
        { ran: fc.constant(false as const), objects: words, unread: words, open: words, starts: words },
        { requiredKeys: ["objects"] },
      ),
    ),
    calls: fc.dictionary(fc.constantFrom("SCMP_ARCH_X86_64" as const, "SCMP_ARCH_AARCH64" as const), calls),
  })
  .chain((one) =>
    fc
      .option(fc.dictionary(fc.constantFrom("SCMP_ARCH_X86_64" as const, "SCMP_ARCH_AARCH64" as const), operations))
      .map((passed) => (passed === null || Object.keys(passed).length === 0 ? one : { ...one, operations: passed })),
  )
  .map((one) => mergeCode(one as CodeEvidence, one as CodeEvidence) as CodeEvidence);

const recordingWith = (code: CodeEvidence | undefined): Recording => ({
  version: 1,
  name: "app",
  runs: [{ source: "log", command: [], versions: {}, ended: "exited" }],
  syscalls: {},
  ...(code === undefined ? {} : { code }),
});

test("merging evidence is associative, commutative and idempotent", () => {
  fc.assert(
    fc.property(evidence, evidence, evidence, (a, b, c) => {
      expect(mergeCode(a, b)).toEqual(mergeCode(b, a));
      expect(mergeCode(a, a)).toEqual(a);
      // If a program ran in one recording, it ran. The nearest way is chosen among all ways.
      const whole = mergeCode(mergeCode(a, b), c);
      expect(mergeCode(whole, whole)).toEqual(whole);
      expect(Object.keys(whole?.programs ?? {})).toEqual(Object.keys(mergeCode(a, mergeCode(b, c))?.programs ?? {}));
    }),
  );
});

test("a recording with evidence is read as it was written, to the byte", () => {
  fc.assert(
    fc.property(evidence, (code) => {
      const text = stringifyRecording(recordingWith(code));
      expect(stringifyRecording(parseRecording(text, "app"))).toBe(text);
    }),
  );
});

test("a recording without evidence has no word of it, and takes that of another", () => {
  expect(stringifyRecording(recordingWith(undefined))).not.toContain("code");
  const code: CodeEvidence = { programs: { app: { objects: ["app"] } }, calls: {} };
  expect(mergeRecordings(recordingWith(undefined), recordingWith(code)).code).toEqual(code);
});

test("evidence of a wrong form is refused with its place", () => {
  const text = stringifyRecording(recordingWith({ programs: { app: { objects: ["app"] } }, calls: {} }));
  expect(() => parseRecording(text.replace('"objects":["app"]', '"objects":[1]'), "app")).toThrow(
    /code\/programs\/app/,
  );
});
