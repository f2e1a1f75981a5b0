import { expect, test } from "vitest";
import { codeAnswer, codeCoverage, type CodeEvidence, type CodeVia } from "../../../src/core/recording/index.ts";

const arch = "SCMP_ARCH_X86_64";
const via = (rank: CodeVia["rank"], program = "app"): CodeVia => ({
  program,
  rank,
  object: "libc.so.6",
  function: "f",
});
const code: CodeEvidence = {
  programs: { app: { objects: ["app"] }, rm: { ran: false, objects: ["rm"], open: ["rm f"] } },
  calls: {
    [arch]: {
      read: via("own-code"),
      fsync: via("many-imports"),
      fdatasync: via("few-imports"),
      ptrace: via("libraries"),
      chroot: via("own-code"),
      unlinkat: via("few-imports", "rm"),
    },
  },
};
const seen = { calls: 1, results: ["ok"], processes: ["app"] };

test("coverage counts what programs that ran can make, by subsystem", () => {
  const [coverage] = codeCoverage({ code, syscalls: { [arch]: { read: seen, execve: seen } } });
  expect(coverage).toMatchObject({ arch, seen: 1, reachable: 5, open: [] });
  expect(coverage?.subsystems).toContainEqual({ subsystem: "files", seen: 1, reachable: 3 });
});

test("dangerous calls come first, then weighty ones, and nearer ones before others", () => {
  const [coverage] = codeCoverage({ code, syscalls: { [arch]: { read: seen } } });
  expect(coverage?.unseen.map(({ name, weight }) => `${name} ${weight}`)).toEqual([
    "ptrace dangerous",
    "chroot weighty",
    "fdatasync ordinary",
    "fsync ordinary",
  ]);
});

test("without evidence nothing is said, and nothing is told of an architecture whose code was not read", () => {
  expect(codeCoverage({ syscalls: { [arch]: { read: seen } } })).toEqual([]);
  expect(codeAnswer(undefined, arch, "read")).toBeUndefined();
  expect(codeAnswer(code, "SCMP_ARCH_AARCH64", "read")).toBeUndefined();
});

test("a call is in the code, or not in it; open places are never taken for absence", () => {
  expect(codeAnswer(code, arch, "fsync")).toMatchObject({ type: "in", ran: true });
  expect(codeAnswer(code, arch, "unlinkat")).toMatchObject({ type: "in", ran: false });
  expect(codeAnswer(code, arch, "mount")).toEqual({ type: "not-in" });
  const open: CodeEvidence = {
    ...code,
    programs: { app: { objects: ["app"], open: ["perl f"], unread: ["x: 32-bit"] } },
  };
  expect(codeAnswer(open, arch, "mount")).toEqual({ type: "open", places: ["app: perl f", "app: x: 32-bit"] });
});
